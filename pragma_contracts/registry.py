"""The one door to a schema registry: Confluent's HTTP API, with bounded retries and errors of our tree.

Source of paths, fields and error codes: Confluent's Schema Registry API reference.
"""

import random
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from pragma_contracts.errors import ConfigurationError, RegistryError, RegistryUnavailable

_T = TypeVar("_T")
_Body = Mapping[str, Any]

_TRIES = 4
_FIRST_WAIT_S = 0.2
_LAST_WAIT_S = 2.0
_TIMEOUT_S = 10.0

_SERVER_ERROR = 500
# The registry's own codes for what is simply not there.
_ABSENT = {40401, 40402, 40403, 40408}


class Reference(NamedTuple):
    """A schema that another one imports: its import path, and where it is registered."""

    name: str
    subject: str
    version: int


class Registered(NamedTuple):
    """A schema as it stands in a registry."""

    subject: str
    version: int
    schema_id: int
    schema: str
    references: tuple[Reference, ...]


class Compatibility(NamedTuple):
    """A registry's verdict on a schema, in its own words."""

    compatible: bool
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Where a registry is and who asks. Secrets are not part of its repr.

    url: root of the Confluent API, http or https, without credentials. user and password: basic auth. token: bearer
    token. ca_file: PEM file with the authorities to trust. cert_file, key_file: PEM files of a client certificate.

    Raises:
        ConfigurationError: the URL cannot be used, or the credentials are not whole.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        normalised_url(self.url)
        if (self.user is None) != (self.password is None):
            raise ConfigurationError("registry", "basic auth needs both a user and a password")
        if self.user is not None and self.token is not None:
            raise ConfigurationError("registry", "give either a user and a password, or a token")
        # The HTTP client's own error would show the token.
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            problem = "the token has characters that an HTTP header cannot carry, such as a line end"
            raise ConfigurationError("registry", problem)
        if self.key_file is not None and self.cert_file is None:
            raise ConfigurationError("registry", "a key file needs its certificate file too")


def normalised_url(url: str) -> str:
    """The form of a registry's URL under which contracts.lock keeps it: `HTTP://Host:80/x/` is `http://host/x`.

    Raises:
        ConfigurationError: it is no http(s) URL, or has credentials in it.
    """
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


class Registry:
    """A connection to a registry; close it, or use it in a `with`.

    Every method raises RegistryError when the registry refuses, and RegistryUnavailable when it cannot be reached or
    answers 5xx, after four tries with growing waits. `tries`, and `timeout` in seconds of each, are for callers that
    cannot wait.
    """

    def __init__(self, settings: RegistrySettings | str, *, tries: int = _TRIES, timeout: float = _TIMEOUT_S) -> None:
        self._settings = RegistrySettings(settings) if isinstance(settings, str) else settings
        self.url = normalised_url(self._settings.url)
        self._tries = tries
        self._client = _client(self._settings, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()

    def look_up(self, subject: str, schema: str, references: Sequence[Reference] = ()) -> Registered | None:
        """The version of a subject that is exactly this schema, or None. POST /subjects/{subject}"""
        return self._find("POST", f"/subjects/{_name(subject)}", _registered, _body(schema, references))

    def register(self, subject: str, schema: str, references: Sequence[Reference] = ()) -> int:
        """Registers a schema, if it is not there yet; gives its id. POST /subjects/{subject}/versions"""
        path = f"/subjects/{_name(subject)}/versions"
        return self._ask("POST", path, lambda found: int(found["id"]), _body(schema, references))

    def subjects(self) -> list[str]:
        """Every subject. GET /subjects"""
        return self._ask("GET", "/subjects", lambda found: sorted(map(str, found)))

    def versions(self, subject: str) -> list[int]:
        """The live versions of a subject; none when it does not exist. GET /subjects/{subject}/versions"""
        return self._find("GET", f"/subjects/{_name(subject)}/versions", lambda found: list(map(int, found))) or []

    def version(self, subject: str, version: int) -> Registered:
        """One version of a subject. GET /subjects/{subject}/versions/{version}"""
        return self._ask("GET", f"/subjects/{_name(subject)}/versions/{version}", _registered)

    def subjects_of(self, schema_id: int) -> list[str] | None:
        """The subjects that have a schema id, or None when the registry has no such id.

        GET /schemas/ids/{id}/versions
        """
        path = f"/schemas/ids/{schema_id}/versions"
        return self._find("GET", path, lambda found: sorted({str(place["subject"]) for place in found}))

    def level(self, subject: str) -> str | None:
        """The compatibility level set on a subject itself, or None. GET /config/{subject}"""
        return self._find("GET", f"/config/{_name(subject)}", lambda found: str(found["compatibilityLevel"]))

    def set_level(self, subject: str, level: str) -> None:
        """Sets the compatibility level of a subject. PUT /config/{subject}"""
        self._ask("PUT", f"/config/{_name(subject)}", dict, {"compatibility": level})

    def compatibility(self, subject: str, schema: str, references: Sequence[Reference] = ()) -> Compatibility:
        """Whether a schema could be registered, at the subject's level.

        POST /compatibility/subjects/{subject}/versions?verbose=true
        """
        path = f"/compatibility/subjects/{_name(subject)}/versions?verbose=true"
        return self._ask("POST", path, _compatibility, _body(schema, references))

    def _find(self, method: str, path: str, read: Callable[[Any], _T], body: _Body | None = None) -> _T | None:
        """Like `_ask`, and None when the registry says that what is asked for is not there."""
        try:
            return self._ask(method, path, read, body)
        except RegistryError as error:
            if error.status == httpx.codes.NOT_FOUND and error.code in _ABSENT:
                return None
            raise

    def _ask(self, method: str, path: str, read: Callable[[Any], _T], body: _Body | None = None) -> _T:
        """What `read` makes of the JSON that the registry answers."""
        url = self.url + path
        response = self._send(method, url, body)
        if not response.is_success:
            raise _error(method, url, response)
        try:
            return read(response.json())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            kind = response.headers.get("Content-Type", "no content type")
            detail = f"answered with {kind} that no schema registry answers with; is this the root of its API?"
            raise RegistryError(method, url, response.status_code, 0, detail) from error

    def _send(self, method: str, url: str, body: _Body | None) -> httpx.Response:
        problem = RegistryUnavailable(method, url, 0, 0, "was not asked")
        for attempt in range(self._tries):
            if attempt:
                # Jitter, so that the jobs of one pipeline do not all come back at once.
                wait = min(_FIRST_WAIT_S * 2 ** (attempt - 1), _LAST_WAIT_S)
                time.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  no secret depends on it
            try:
                response = self._client.request(method, url, json=body)
            except httpx.TransportError as error:
                detail = str(error) or type(error).__name__
                problem = RegistryUnavailable(method, url, 0, 0, f"no answer in {attempt + 1} tries: {detail}")
                problem.__cause__ = error
                continue
            if response.status_code < _SERVER_ERROR or response.status_code == httpx.codes.NOT_IMPLEMENTED:
                return response
            refused = _error(method, url, response)
            detail = f"{refused.detail} (after {attempt + 1} tries)"
            problem = RegistryUnavailable(method, url, response.status_code, refused.code, detail)
        raise problem


def _client(settings: RegistrySettings, timeout: float) -> httpx.Client:
    headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
    if settings.token is not None:
        headers["Authorization"] = f"Bearer {settings.token}"
    auth = (settings.user, settings.password or "") if settings.user is not None else None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        files = settings.ca_file, settings.cert_file
        shown = ", ".join(file for file in files if file)
        raise ConfigurationError("registry", f"certificate files {shown} cannot be used: {error}") from error
    return httpx.Client(headers=headers, auth=auth, verify=context, timeout=timeout)


def _name(subject: str) -> str:
    # The subject of an import is its path: its slashes are part of one path segment.
    return quote(subject, safe="")


def _body(schema: str, references: Sequence[Reference]) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": schema, "schemaType": "PROTOBUF"}
    if references:
        body["references"] = [reference._asdict() for reference in references]
    return body


def _compatibility(found: Mapping[str, Any]) -> Compatibility:
    return Compatibility(
        bool(found["is_compatible"]), tuple(" ".join(str(each).split()) for each in found.get("messages") or ())
    )


def _registered(found: Mapping[str, Any]) -> Registered:
    references = tuple(
        Reference(str(reference["name"]), str(reference["subject"]), int(reference["version"]))
        for reference in found.get("references") or ()
    )
    return Registered(str(found["subject"]), int(found["version"]), int(found["id"]), str(found["schema"]), references)


def _error(method: str, url: str, response: httpx.Response) -> RegistryError:
    """The registry's own code and words when it gives them, what HTTP says otherwise."""
    code, detail = 0, response.reason_phrase
    if "json" in response.headers.get("Content-Type", ""):
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            given = answer.get("error_code")
            code = given if isinstance(given, int) else 0
            detail = str(answer.get("message") or answer.get("detail") or detail)
    return RegistryError(method, url, response.status_code, code, " ".join(detail.split()))
