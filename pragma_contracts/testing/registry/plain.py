"""The plain registry: it keeps what it is sent, byte for byte, judges nothing and deletes nothing."""

import re
import threading
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from pragma_contracts.testing.registry.answers import Answer, Refused, Request
from pragma_contracts.testing.registry.holdings import Content, Holdings, Reference

_LEVELS = {
    f"{level}{transitive}" for level in ("BACKWARD", "FORWARD", "FULL") for transitive in ("", "_TRANSITIVE")
} | {"NONE"}
_SUBJECT = "/subjects/([^/]+)"

Route = tuple[str, str, str]


class Plain:
    """Answers requests one at a time. Others answer more of them, or in another way, by overriding a method."""

    # Method, path and the name of what answers.
    routes: ClassVar[list[Route]] = [
        ("GET", "/subjects", "list_subjects"),
        ("POST", _SUBJECT, "look_up"),
        ("GET", f"{_SUBJECT}/versions", "list_versions"),
        ("POST", f"{_SUBJECT}/versions", "register"),
        ("GET", f"{_SUBJECT}/versions/([^/]+)", "get_version"),
        ("GET", r"/schemas/ids/(\d+)", "get_schema"),
        ("GET", r"/schemas/ids/(\d+)/versions", "list_places"),
        ("GET", r"/schemas/ids/(\d+)/subjects", "list_places_subjects"),
        ("GET", "/config", "get_global_level"),
        ("PUT", "/config", "set_global_level"),
        ("GET", "/config/([^/]+)", "get_level"),
        ("PUT", "/config/([^/]+)", "set_level"),
        ("POST", f"/compatibility{_SUBJECT}/versions", "judge"),
        ("POST", f"/compatibility{_SUBJECT}/versions/([^/]+)", "judge"),
    ]
    first_level: ClassVar[str] = "BACKWARD"
    no_subject: ClassVar[str] = "Subject '{subject}' not found."
    no_version: ClassVar[str] = "Version {version} not found."
    no_schema: ClassVar[str] = "Schema not found"
    keeps_deleted: ClassVar[bool] = False
    # The place in the answer to a new level where it stands.
    level_key: ClassVar[str] = "compatibility"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holdings = Holdings(keeps_deleted=self.keeps_deleted)
        self._levels: dict[str, str] = {}
        self._global_level = self.first_level

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        with self._lock:
            try:
                return self._routed(request)
            except Refused as refused:
                return refused.answer

    def _routed(self, request: Request) -> Answer:
        known = False
        for method, pattern, name in self.routes:
            if found := re.fullmatch(pattern, request.path):
                known = True
                if method == request.method:
                    answer = getattr(self, name)(request, *map(unquote, found.groups()))
                    return answer if isinstance(answer, Answer) else Answer(200, answer)
        return self.no_such_method(request) if known else self.no_such_path(request)

    def no_such_path(self, request: Request) -> Answer:
        """The answer to a path that this registry has not."""
        raise Refused(404, 404, f"no such path: {request.path}")

    def no_such_method(self, request: Request) -> Answer:
        """The answer to a method that a path has not."""
        raise Refused(405, 405, f"this registry has no {request.method} {request.path}")

    # Where a subject is. Registries with contexts have several holdings, and names for them in front of a subject's.

    def held_in(self, subject: str) -> tuple[Holdings, str]:
        """The holdings that a subject is in, and its name there."""
        return self._holdings, subject

    def qualified(self, holdings: Holdings, name: str) -> str:
        """A subject's name as answers have it."""
        return name

    # Subjects and versions.

    def list_subjects(self, request: Request) -> Any:
        """GET /subjects"""
        return sorted(
            name for name in self._holdings.subjects if self._holdings.versions(name, deleted=request.has("deleted"))
        )

    def list_versions(self, request: Request, subject: str) -> Any:
        """GET /subjects/{subject}/versions"""
        holdings, name = self.existing(subject, deleted=request.has("deleted"))
        return list(holdings.versions(name, deleted=request.has("deleted")))

    def register(self, request: Request, subject: str) -> Any:
        """POST /subjects/{subject}/versions"""
        holdings, name = self.held_in(subject)
        content = self.content(request.body, subject)
        number = holdings.find(name, content)
        if number is None:
            self.admit(subject, content)
            number = holdings.add(name, content)
        return self.registered_answer(holdings, name, number)

    def admit(self, subject: str, content: Content) -> None:
        """Raises Refused for a new version that is not wanted."""

    def registered_answer(self, holdings: Holdings, name: str, number: int) -> Any:
        """The answer to a registration."""
        return {"id": holdings.subjects[name][number].schema_id}

    def look_up(self, request: Request, subject: str) -> Any:
        """POST /subjects/{subject}"""
        holdings, name = self.existing(subject, deleted=request.has("deleted"))
        number = holdings.find(name, self.sought(request.body, subject), deleted=request.has("deleted"))
        if number is None:
            raise Refused(404, 40403, self.no_schema.format(subject=subject))
        return self.version_answer(holdings, name, number)

    def sought(self, body: Mapping[str, Any], subject: str) -> Content:
        """What is looked up."""
        return self.content(body, subject)

    def get_version(self, request: Request, subject: str, version: str) -> Any:
        """GET /subjects/{subject}/versions/{version}"""
        holdings, name = self.existing(subject, deleted=request.has("deleted"))
        return self.version_answer(
            holdings, name, self.numbered(holdings, name, version, deleted=request.has("deleted"))
        )

    def version_answer(self, holdings: Holdings, name: str, number: int) -> dict[str, Any]:
        """A version in full."""
        schema_id = holdings.subjects[name][number].schema_id
        place = {"subject": self.qualified(holdings, name), "version": number, "id": schema_id}
        return place | self.content_answer(holdings.contents[schema_id])

    def content_answer(self, content: Content) -> dict[str, Any]:
        """A schema in full."""
        references = [each._asdict() for each in content.references]
        found = {"schemaType": content.schema_type, "schema": content.schema}
        return found | ({"references": references} if references else {})

    # Schema ids.

    def get_schema(self, request: Request, schema_id: str) -> Any:
        """GET /schemas/ids/{id}"""
        return self.content_answer(self.with_id(request, schema_id).contents[int(schema_id)])

    def list_places(self, request: Request, schema_id: str) -> Any:
        """GET /schemas/ids/{id}/versions"""
        holdings = self.with_id(request, schema_id)
        places = holdings.places(int(schema_id), deleted=request.has("deleted"))
        return [{"subject": self.qualified(holdings, name), "version": number} for name, number in places]

    def list_places_subjects(self, request: Request, schema_id: str) -> Any:
        """GET /schemas/ids/{id}/subjects"""
        return sorted({str(place["subject"]) for place in self.list_places(request, schema_id)})

    def with_id(self, request: Request, schema_id: str) -> Holdings:
        """The holdings that have a schema id. Raises Refused when there are none."""
        if int(schema_id) not in self._holdings.contents:
            raise self.unknown_id(schema_id)
        return self._holdings

    def unknown_id(self, schema_id: str) -> Refused:
        """What is said of an id that nobody has."""
        return Refused(404, 40403, f"Schema {schema_id} not found")

    # Levels.

    def get_global_level(self, request: Request) -> Any:
        """GET /config"""
        return {"compatibilityLevel": self._global_level}

    def set_global_level(self, request: Request) -> Any:
        """PUT /config"""
        self._global_level = self.level_in(request)
        return {self.level_key: self._global_level}

    def get_level(self, request: Request, subject: str) -> Any:
        """GET /config/{subject}"""
        if subject not in self._levels:
            words = f"Subject '{subject}' does not have subject-level compatibility configured"
            raise Refused(404, 40408, words)
        return {"compatibilityLevel": self._levels[subject]}

    def set_level(self, request: Request, subject: str) -> Any:
        """PUT /config/{subject}"""
        self._levels[subject] = self.level_in(request)
        return {self.level_key: self._levels[subject]}

    def level_in(self, request: Request) -> str:
        """The level that a request has. Raises Refused: there is no such level."""
        level = request.body.get("compatibility")
        if level not in _LEVELS:
            raise self.unknown_level(level)
        return str(level)

    def unknown_level(self, level: object) -> Refused:
        """What is said of a level that there is not."""
        return Refused(422, 42203, f"Invalid compatibility level: {level}")

    # Verdicts.

    def judge(self, request: Request, subject: str, version: str = "") -> Any:
        """POST /compatibility/subjects/{subject}/versions, and …/versions/{version}"""
        self.content(request.body, subject)
        if subject in self._holdings.subjects:
            raise Refused(501, 50101, "this in-memory registry gives no compatibility verdict")
        return {"is_compatible": True}

    # What is sent, and what is asked for.

    def content(self, body: Mapping[str, Any], subject: str) -> Content:
        """What is made of a schema that was sent. Raises Refused."""
        schema = body.get("schema")
        if not isinstance(schema, str) or not schema:
            raise Refused(422, 42201, "Either the input schema or one of its references is invalid")
        return Content(body.get("schemaType") or "AVRO", schema, self.references(body, subject))

    def references(self, body: Mapping[str, Any], subject: str) -> tuple[Reference, ...]:
        """The references of a schema that was sent. Raises Refused: one leads nowhere."""
        found = []
        for each in body.get("references") or ():
            reference = Reference(each["name"], each["subject"], each["version"])
            if reference.version not in self._holdings.versions(reference.subject):
                words = f"No schema reference found for subject '{reference.subject}' and version {reference.version}"
                raise Refused(422, 42201, words)
            found.append(reference)
        return tuple(found)

    def existing(self, subject: str, *, deleted: bool = False) -> tuple[Holdings, str]:
        """The holdings that a subject is in, and its name there. Raises Refused: it has no version."""
        holdings, name = self.held_in(subject)
        if not holdings.versions(name, deleted=deleted):
            raise Refused(404, 40401, self.no_subject.format(subject=subject))
        return holdings, name

    def numbered(self, holdings: Holdings, name: str, version: str, *, deleted: bool = False) -> int:
        """The number of a version, which may be asked for as `latest` or -1. Raises Refused."""
        numbers = list(holdings.versions(name, deleted=deleted))
        if version in ("latest", "-1") and numbers:
            return numbers[-1]
        if not version.isdigit() or int(version) not in numbers:
            raise Refused(404, 40402, self.no_version.format(version=version, subject=name))
        return int(version)
