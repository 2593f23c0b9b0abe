"""The proxy on the way to a URL, as the environment names it."""

import os
import urllib.request
from importlib.util import find_spec
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import httpcore

from pragma_contracts.errors import ConfigurationError

_SCHEMES = ("http", "https", "socks5", "socks5h")


class Proxy(NamedTuple):
    """A proxy without its credentials, as it may be shown, and what named it; `auth` is its user and password."""

    url: str
    named_by: str
    auth: tuple[str, str] | None

    def __str__(self) -> str:
        return f"the proxy {self.url} of {self.named_by}"


def proxy_for(url: httpcore.URL) -> Proxy | None:
    """The proxy for a URL, or None: HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, unless NO_PROXY has the host.

    Raises:
        ConfigurationError: the proxy cannot be used; the text names the variable.
    """
    scheme, host = url.scheme.decode(), url.host.decode()
    port = url.origin.port
    # On some systems the settings are elsewhere than in the environment, which urllib knows.
    if urllib.request.proxy_bypass(f"[{host}]:{port}" if ":" in host else f"{host}:{port}"):
        return None
    found = urllib.request.getproxies()
    for kind in scheme, "all":
        if given := found.get(kind):
            return _proxy(given, _named_by(f"{kind}_proxy"))
    return None


def _named_by(variable: str) -> str:
    for name in variable, variable.upper():
        if os.environ.get(name):
            return name
    return "the system's settings"


def _proxy(given: str, named_by: str) -> Proxy:
    try:
        parts = urlsplit(given if "://" in given else f"http://{given}")
        port = parts.port
    except ValueError as error:
        # Python's own words would show the port, in place of which there may be a part of a password.
        raise ConfigurationError(named_by, "is no URL of a proxy, such as http://proxy:3128") from error
    scheme = parts.scheme.lower()
    if scheme not in _SCHEMES or not parts.hostname:
        problem = f"names no proxy that can be used; give one of {', '.join(_SCHEMES)}, such as http://proxy:3128"
        raise ConfigurationError(named_by, problem)
    if scheme.startswith("socks5") and find_spec("socksio") is None:
        problem = "names a SOCKS proxy, which needs one more package: pip install 'httpx[socks]'"
        raise ConfigurationError(named_by, problem)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}.get(scheme, 1080)
    auth = (unquote(parts.username or ""), unquote(parts.password or "")) if parts.username is not None else None
    return Proxy(f"{scheme}://{host}:{port or default}", named_by, auth)
