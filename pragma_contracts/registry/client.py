"""A connection to a registry: a method for each question."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import httpx

from pragma_contracts.errors import RegistryError
from pragma_contracts.registry.answers import (
    Compatibility,
    Reference,
    Registered,
    body_of,
    compatibility,
    registered,
)
from pragma_contracts.registry.certificates import tls_of
from pragma_contracts.registry.codes import WRONG_ROOT
from pragma_contracts.registry.credentials import credentials
from pragma_contracts.registry.refusals import error_of
from pragma_contracts.registry.sending import Patience, Sender
from pragma_contracts.registry.settings import RegistrySettings
from pragma_contracts.registry.subjects import context_of, qualified, unqualified
from pragma_contracts.registry.transport import Transport
from pragma_contracts.registry.urls import roots

_T = TypeVar("_T")
_Body = Mapping[str, Any]

_TRIES = 4
_TIMEOUT_S = 10.0
_DEADLINE_S = 30.0

# The registry's own codes for what is simply not there.
_ABSENT = {40401, 40402, 40403, 40404, 40408, 40409}
# How a registry says that it has nothing at a path: no content, or no such path, method or feature.
_NOTHING_THERE = {204, 404, 405, 501}

_ACCEPT = "application/vnd.schemaregistry.v1+json, application/json"


class Registry:
    """Connections to a registry, kept and shared by any number of threads; close it, or use it in a `with`.

    `url` is what contracts.lock calls the registry. In a context, subjects are named without it.

    Every method raises RegistryError when the registry refuses, and RegistryUnavailable when it gives no answer: it is
    asked again when it cannot be reached, fails (5xx) or wants to be asked later, and after each of its URLs the next.
    tries: how often each URL is asked at most. timeout: seconds of one try. deadline: seconds of everything that one
    question takes, waits included.
    """

    def __init__(
        self,
        settings: RegistrySettings | str,
        *,
        tries: int = _TRIES,
        timeout: float = _TIMEOUT_S,
        deadline: float = _DEADLINE_S,
    ) -> None:
        given = RegistrySettings(settings) if isinstance(settings, str) else settings
        self.url = given.identity
        urls = roots(given.url)
        self._asked_context = given.context
        self._context = given.context or context_of(urls[0])
        self._client = httpx.Client(
            auth=credentials(given),
            headers={"Accept": _ACCEPT, **given.headers},
            transport=Transport(tls_of(given)),
        )
        self._sender = Sender(self._client, urls, Patience(tries, timeout, deadline))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()

    def look_up(self, subject: str, schema: str, references: Sequence[Reference] = ()) -> Registered | None:
        """The version of a subject that is exactly this schema, or None. POST /subjects/{subject}"""
        return self._find("POST", f"/subjects/{self._name(subject)}", self._registered, body_of(schema, references))

    def register(self, subject: str, schema: str, references: Sequence[Reference] = ()) -> int:
        """Registers a schema, if it is not there yet; gives its id. POST /subjects/{subject}/versions"""
        path = f"/subjects/{self._name(subject)}/versions"
        return self._ask("POST", path, lambda found: int(found["id"]), body_of(schema, references))

    def subjects(self) -> list[str]:
        """Every subject, or, in a context, every one of it. GET /subjects"""
        if self._context is None:
            return self._ask("GET", "/subjects", lambda found: sorted(map(str, found)))
        prefix = qualified(self._context, "")
        path = f"/subjects?{urlencode({'subjectPrefix': prefix})}"
        return self._ask(
            "GET", path, lambda found: sorted(self._own(each) for each in found if each.startswith(prefix))
        )

    def versions(self, subject: str) -> list[int]:
        """The live versions of a subject; none when it does not exist. GET /subjects/{subject}/versions"""
        return self._find("GET", f"/subjects/{self._name(subject)}/versions", lambda found: list(map(int, found))) or []

    def version(self, subject: str, version: int) -> Registered:
        """One version of a subject. GET /subjects/{subject}/versions/{version}"""
        return self._ask("GET", f"/subjects/{self._name(subject)}/versions/{version}", self._registered)

    def deleted_versions(self, subject: str) -> list[int]:
        """The versions of a subject that were soft-deleted. GET /subjects/{subject}/versions?deleted=true"""
        path = f"/subjects/{self._name(subject)}/versions?deleted=true"
        every = self._find("GET", path, lambda found: list(map(int, found))) or []
        return sorted(set(every) - set(self.versions(subject)))

    def delete_subject(self, subject: str) -> None:
        """Soft-deletes every version of a subject, if there is one. DELETE /subjects/{subject}"""
        self._find("DELETE", f"/subjects/{self._name(subject)}", lambda found: list(map(int, found)))

    def subjects_of(self, schema_id: int) -> list[str] | None:
        """The subjects that have a schema id, also in versions that were soft-deleted, or None when none has it.

        GET /schemas/ids/{id}/versions?deleted=true
        """
        query = {"deleted": "true"} | ({"subject": qualified(self._asked_context, "")} if self._asked_context else {})
        path = f"/schemas/ids/{schema_id}/versions?{urlencode(query)}"
        # An id that is left without any version is nobody's, and not somebody else's.
        return (
            self._find("GET", path, lambda found: sorted({self._own(str(place["subject"])) for place in found})) or None
        )

    def level(self, subject: str) -> str | None:
        """The compatibility level set on a subject itself, or None. GET /config/{subject}"""
        return self._find("GET", f"/config/{self._name(subject)}", lambda found: str(found["compatibilityLevel"]))

    def effective_level(self, subject: str) -> str | None:
        """The compatibility level that holds for a subject: its own, or else the registry's; None when it tells none.

        GET /config/{subject}?defaultToGlobal=true, and GET /config of a registry that does not know that
        """
        own = self._optional(f"/config/{self._name(subject)}?defaultToGlobal=true", "compatibilityLevel")
        return own if own is not None else self._optional("/config", "compatibilityLevel")

    def mode(self, subject: str) -> str | None:
        """What may be done to a subject, such as READWRITE or READONLY, or None when the registry has no modes.

        GET /mode/{subject}?defaultToGlobal=true, and GET /mode of a registry that does not know that
        """
        own = self._optional(f"/mode/{self._name(subject)}?defaultToGlobal=true", "mode")
        return own if own is not None else self._optional("/mode", "mode")

    def set_level(self, subject: str, level: str) -> None:
        """Sets the compatibility level of a subject. PUT /config/{subject}"""
        self._ask("PUT", f"/config/{self._name(subject)}", dict, {"compatibility": level})

    def compatibility(
        self, subject: str, schema: str, references: Sequence[Reference] = (), version: int | None = None
    ) -> Compatibility:
        """Whether a schema could be registered, at the subject's level; or beside one version alone.

        POST /compatibility/subjects/{subject}/versions?verbose=true, or …/versions/{version}?verbose=true
        """
        one = f"/{version}" if version is not None else ""
        path = f"/compatibility/subjects/{self._name(subject)}/versions{one}?verbose=true"
        return self._ask("POST", path, compatibility, body_of(schema, references))

    def _optional(self, path: str, key: str) -> str | None:
        """A fact that the registry may not have, or not have the path for."""
        try:
            return self._ask("GET", path, lambda found: str(found[key]))
        except RegistryError as error:
            if error.status in _NOTHING_THERE:
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
        response = self._sender.send(method, path, body)
        if not response.is_success:
            raise error_of(response, path)
        try:
            return read(response.json())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            kind = response.headers.get("Content-Type", "no content type")
            detail = f"answered with {kind} that no schema registry answers with"
            url = str(response.request.url)
            raise RegistryError(method, url, response.status_code, 0, detail, WRONG_ROOT) from error

    def _name(self, subject: str) -> str:
        # The subject of an import is its path: its slashes are part of one path segment.
        return quote(qualified(self._asked_context, subject), safe="")

    def _own(self, subject: str) -> str:
        """A subject that the registry names: without the context that it is asked in."""
        context, name = unqualified(subject)
        return name if context == self._context else subject

    def _registered(self, found: Mapping[str, Any]) -> Registered:
        known = registered(found)
        references = tuple(each._replace(subject=self._own(each.subject)) for each in known.references)
        return known._replace(subject=self._own(known.subject), references=references)
