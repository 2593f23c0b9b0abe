"""The URLs of registries: what is one, and in which form it is kept."""

from urllib.parse import urlsplit

from pragma_contracts.errors import ConfigurationError


def normalised_url(url: str) -> str:
    """The form of a registry's URL under which contracts.lock keeps it: `HTTP://Host:80/x/` is `http://host/x`.

    Of several URLs with commas between them it is the first one's.

    Raises:
        ConfigurationError: one of them is no http(s) URL, or has credentials in it.
    """
    return roots(url)[0]


def roots(url: str) -> tuple[str, ...]:
    """Each of the URLs with commas between them, normalised. Raises what `normalised_url` does."""
    return tuple(_normalised(each.strip()) for each in url.split(","))


def _normalised(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError("registry", f"is no URL: {error}") from error
    if parts.username is not None or parts.password is not None:
        problem = "has credentials in its URL, which ends up in logs and in contracts.lock; give them as options"
        raise ConfigurationError("registry", problem)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("registry", f"{url!r} is no http or https URL, such as http://localhost:8081")
    if parts.query or parts.fragment:
        raise ConfigurationError("registry", f"{url!r} has a query or a fragment; give the root of the API")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme.lower()]
    shown_port = f":{port}" if port is not None and port != default else ""
    return f"{parts.scheme.lower()}://{host}{shown_port}{parts.path.rstrip('/')}"
