"""A connection to a registry: a method for each question, with bounded retries."""

import random
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from pragma_contracts.errors import ConfigurationError, RegistryError, RegistryUnavailable
from pragma_contracts.registry.answers import (
    Compatibility,
    Reference,
    Registered,
    body_of,
    compatibility,
    error_of,
    registered,
)
from pragma_contracts.registry.settings import RegistrySettings
from pragma_contracts.registry.urls import normalised_url

_T = TypeVar("_T")
_Body = Mapping[str, Any]

_TRIES = 4
_FIRST_WAIT_S = 0.2
_LAST_WAIT_S = 2.0
_TIMEOUT_S = 10.0

_SERVER_ERROR = 500
# The registry's own codes for what is simply not there.
_ABSENT = {40401, 40402, 40403, 40404, 40408, 40409}
# How HTTP says that a path, or a method of it, is not there, or has nothing to say.
_NO_SUCH_PATH = {204, 404, 405, 501}

_CONNECTIONS = 8


class Registry:
    """Connections to a registry, kept and shared by any number of threads; close it, or use it in a `with`.

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
        return self._find("POST", f"/subjects/{_name(subject)}", registered, body_of(schema, references))

    def register(self, subject: str, schema: str, references: Sequence[Reference] = ()) -> int:
        """Registers a schema, if it is not there yet; gives its id. POST /subjects/{subject}/versions"""
        path = f"/subjects/{_name(subject)}/versions"
        return self._ask("POST", path, lambda found: int(found["id"]), body_of(schema, references))

    def subjects(self) -> list[str]:
        """Every subject. GET /subjects"""
        return self._ask("GET", "/subjects", lambda found: sorted(map(str, found)))

    def versions(self, subject: str) -> list[int]:
        """The live versions of a subject; none when it does not exist. GET /subjects/{subject}/versions"""
        return self._find("GET", f"/subjects/{_name(subject)}/versions", lambda found: list(map(int, found))) or []

    def version(self, subject: str, version: int) -> Registered:
        """One version of a subject. GET /subjects/{subject}/versions/{version}"""
        return self._ask("GET", f"/subjects/{_name(subject)}/versions/{version}", registered)

    def deleted_versions(self, subject: str) -> list[int]:
        """The versions of a subject that were soft-deleted. GET /subjects/{subject}/versions?deleted=true"""
        path = f"/subjects/{_name(subject)}/versions?deleted=true"
        every = self._find("GET", path, lambda found: list(map(int, found))) or []
        return sorted(set(every) - set(self.versions(subject)))

    def delete_subject(self, subject: str) -> None:
        """Soft-deletes every version of a subject, if there is one. DELETE /subjects/{subject}"""
        self._find("DELETE", f"/subjects/{_name(subject)}", lambda found: list(map(int, found)))

    def subjects_of(self, schema_id: int) -> list[str] | None:
        """The subjects that have a schema id, or None when the registry has no such id.

        GET /schemas/ids/{id}/versions
        """
        path = f"/schemas/ids/{schema_id}/versions"
        return self._find("GET", path, lambda found: sorted({str(place["subject"]) for place in found}))

    def level(self, subject: str) -> str | None:
        """The compatibility level set on a subject itself, or None. GET /config/{subject}"""
        return self._find("GET", f"/config/{_name(subject)}", lambda found: str(found["compatibilityLevel"]))

    def effective_level(self, subject: str) -> str | None:
        """The compatibility level that holds for a subject: its own, or else the registry's; None when it tells none.

        GET /config/{subject}?defaultToGlobal=true, and GET /config of a registry that does not know that
        """
        own = self._optional(f"/config/{_name(subject)}?defaultToGlobal=true", "compatibilityLevel")
        return own if own is not None else self._optional("/config", "compatibilityLevel")

    def mode(self, subject: str) -> str | None:
        """What may be done to a subject, such as READWRITE or READONLY, or None when the registry has no modes.

        GET /mode/{subject}?defaultToGlobal=true
        """
        return self._optional(f"/mode/{_name(subject)}?defaultToGlobal=true", "mode")

    def set_level(self, subject: str, level: str) -> None:
        """Sets the compatibility level of a subject. PUT /config/{subject}"""
        self._ask("PUT", f"/config/{_name(subject)}", dict, {"compatibility": level})

    def compatibility(
        self, subject: str, schema: str, references: Sequence[Reference] = (), version: int | None = None
    ) -> Compatibility:
        """Whether a schema could be registered, at the subject's level; or beside one version alone.

        POST /compatibility/subjects/{subject}/versions?verbose=true, or …/versions/{version}?verbose=true
        """
        one = f"/{version}" if version is not None else ""
        path = f"/compatibility/subjects/{_name(subject)}/versions{one}?verbose=true"
        return self._ask("POST", path, compatibility, body_of(schema, references))

    def _optional(self, path: str, key: str) -> str | None:
        """A fact that the registry may not have, or not have the path for."""
        try:
            return self._ask("GET", path, lambda found: str(found[key]))
        except RegistryError as error:
            if error.status in _NO_SUCH_PATH:
                return None
            raise

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
            raise error_of(method, url, response)
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
            refused = error_of(method, url, response)
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
    return httpx.Client(
        headers=headers, auth=auth, verify=context, timeout=timeout, limits=httpx.Limits(max_connections=_CONNECTIONS)
    )


def _name(subject: str) -> str:
    # The subject of an import is its path: its slashes are part of one path segment.
    return quote(subject, safe="")
