"""A registry like Karapace: canonical text, verdicts beside one version, and nothing of contexts or modes."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from pragma_contracts.testing.registry.answers import Answer, Refused, Request
from pragma_contracts.testing.registry.holdings import Content, Holdings, Reference
from pragma_contracts.testing.registry.judging import Break
from pragma_contracts.testing.registry.plain import Route
from pragma_contracts.testing.registry.protobuf.differences import changed_fields
from pragma_contracts.testing.registry.protobuf.lexer import NotProtobuf
from pragma_contracts.testing.registry.protobuf.losses import without_options
from pragma_contracts.testing.registry.protobuf.parser import parse
from pragma_contracts.testing.registry.protobuf.writer import written
from pragma_contracts.testing.registry.rewriting import Rewriting, changed_kinds, missing_messages

# What compiles and is refused: an empty comment on a line of its own, and a range without an end.
_REFUSED = re.compile(r"^[ \t]*(//[ \t]*|/\*\*/)$|\breserved\b[^;]*\bto\s+max\b", re.M)


class Karapace(Rewriting):
    """Loses every option and every `extend` of a descriptor, so that its map is a repeated message."""

    routes: ClassVar[list[Route]] = [
        *(each for each in Rewriting.routes if each[2] not in ("list_places_subjects", "judge")),
        ("POST", "/compatibility/subjects/([^/]+)/versions/([^/]+)", "judge"),
        ("GET", "/mode", "get_mode"),
        ("GET", "/mode/([^/]+)", "get_mode"),
    ]
    forgets_ids = False
    version_deleted = "Subject '{subject}' Version {version} was soft deleted. Set permanent=true to delete permanently"
    keeps_deleted = True

    def no_such_path(self, request: Request) -> Answer:
        return Answer(404, "Not Found")

    def no_such_method(self, request: Request) -> Answer:
        return Answer(405, "Method Not Allowed")

    def _routed(self, request: Request) -> Answer:
        if not str(request.body.get("schema")).isascii():
            return Answer(500, b"Internal Server Error", {"Content-Type": "text/plain; charset=utf-8"})
        return super()._routed(request)

    def list_places(self, request: Request, schema_id: str) -> Any:
        if int(schema_id) not in self._holdings.contents:
            return []
        return super().list_places(request, schema_id)

    def unknown_id(self, schema_id: str) -> Refused:
        return Refused(404, 40403, "Schema not found")

    # Schemas.

    def of_text(self, schema: str) -> FileDescriptorProto:
        if found := _REFUSED.search(schema):
            raise NotProtobuf("", f"{found[0].strip()!r} is not understood")
        return parse(schema)

    def of_descriptor(self, file: FileDescriptorProto) -> FileDescriptorProto:
        return without_options(file)

    def rewritten(self, file: FileDescriptorProto) -> str:
        return written(file, comments=True, quoted=True)

    def content(self, body: Mapping[str, Any], subject: str) -> Content:
        if body.get("schema") == "":
            raise Refused(422, 42201, "Empty schema")
        return super().content(body, subject)

    def references(self, body: Mapping[str, Any], subject: str) -> tuple[Reference, ...]:
        found = []
        for each in body.get("references") or ():
            numbers = list(self._holdings.versions(each["subject"]))
            number = numbers[-1] if each["version"] == -1 and numbers else each["version"]
            if number not in numbers:
                raise self.unreadable(body, NotProtobuf("", "it has a reference to nothing"))
            found.append(Reference(each["name"], each["subject"], number))
        return tuple(found)

    def unreadable(self, body: Mapping[str, Any], problem: NotProtobuf) -> Exception:
        given = ", ".join(
            f"{{name={each['name']!r}, subject={each['subject']!r}, version={each['version']}}}"
            for each in body.get("references") or ()
        )
        words = f"Invalid schema {body['schema']} with refs {f'[{given}]' if given else None}"
        return Refused(422, 42201, f"Invalid PROTOBUF schema. Error: {words} of type SchemaType.PROTOBUF")

    def unlinked(self, body: Mapping[str, Any], name: str) -> Exception:
        return Refused(422, 42201, f'Invalid PROTOBUF schema. Error: type "{name}" is not defined')

    def sought(self, body: Mapping[str, Any], subject: str) -> Content:
        try:
            return self.content(body, subject)
        except Refused as refused:
            if not body.get("schema") or refused.status != 422:
                raise
            words = f"Error while looking up schema under subject {subject}"
            raise Refused(422, 42201, words) from refused

    def look_up(self, request: Request, subject: str) -> Any:
        found = super().look_up(request, subject)
        return {key: value for key, value in found.items() if key != "references"}

    # Verdicts.

    def breaks_between(self, old: Content, new: Content) -> tuple[str, ...]:
        if not (old.schema_type == new.schema_type == "PROTOBUF"):
            return ()
        before, after = parse(old.schema), parse(new.schema)
        found = {"FIELD_KIND_ALTER" for _ in changed_kinds(old, new)}
        found |= {"MESSAGE_DROP" for _ in missing_messages(old, new)}
        # A field that has its name still, under another number.
        here = {(message.name, field.name): field.number for message in after.message_type for field in message.field}
        for changed in changed_fields(before, after):
            if here.get((changed.message, changed.before.name), changed.before.number) != changed.before.number:
                found.add("FIELD_TAG_ALTER")
        return tuple(f"Incompatible modification Modification.{each} found" for each in sorted(found))

    def incompatible(self, subject: str, level: str, broken: Break) -> Refused:
        words = f"Incompatible schema, compatibility_mode={level}. Incompatibilities: {', '.join(broken.words)}"
        return Refused(409, 409, words)

    def verdict(self, request: Request, level: str, broken: Break | None) -> Any:
        return {"is_compatible": False, "messages": list(broken.words)} if broken else {"is_compatible": True}

    def judge(self, request: Request, subject: str, version: str = "") -> Any:
        try:
            self.content(request.body, subject)
        except Refused as refused:
            if request.body.get("references"):
                raise Refused(400, 42201, "New SchemaType.PROTOBUF schema has invalid references") from refused
            raise Refused(422, 42201, "Invalid SchemaType.PROTOBUF schema") from refused
        return super().judge(request, subject, version)

    def numbered(self, holdings: Holdings, name: str, version: str, *, deleted: bool = False) -> int:
        if version == "latest" and not holdings.versions(name, deleted=deleted):
            version = "-1"
        return super().numbered(holdings, name, version, deleted=deleted)

    # Levels and modes.

    def get_level(self, request: Request, subject: str) -> Any:
        if subject not in self._levels:
            self.existing(subject)
            if request.has("defaultToGlobal"):
                return {"compatibilityLevel": self._global_level}
        return super().get_level(request, subject)

    def delete_level(self, request: Request, subject: str) -> Any:
        self._levels.pop(subject, None)
        return {"compatibility": self._global_level}

    def unknown_level(self, level: object) -> Refused:
        return Refused(422, 42203, "Invalid compatibility level")

    def get_mode(self, request: Request, subject: str = "") -> Any:
        """GET /mode, and /mode/{subject}: it has one mode and does not change it"""
        if subject:
            self.existing(subject)
        return {"mode": "READWRITE"}
