"""Registries like Apicurio's before 3.1: they keep what they are sent, and can judge text alone."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pragma_contracts.testing.registry.answers import Answer, Refused, Request
from pragma_contracts.testing.registry.holdings import Content, Reference
from pragma_contracts.testing.registry.judging import Break, Judging
from pragma_contracts.testing.registry.plain import Route
from pragma_contracts.testing.registry.protobuf.differences import changed_fields, gone_messages
from pragma_contracts.testing.registry.protobuf.lexer import NotProtobuf
from pragma_contracts.testing.registry.protobuf.parser import parse
from pragma_contracts.testing.registry.rewriting import descriptor_of

_BREAK = "The new version of the protobuf artifact is not backward compatible."


class Apicurio2(Judging):
    """Apicurio 2.6.13."""

    routes: ClassVar[list[Route]] = [
        *(each for each in Judging.routes if each[2] != "list_places_subjects"),
        ("GET", "/mode", "global_mode"),
        ("PUT", "/mode", "global_mode"),
    ]
    first_level = "NONE"
    no_subject = "No artifact with ID '{subject}' in group 'null' was found."
    no_version = "No version '{version}' found for artifact with ID '{subject}' in group 'null'."
    no_schema = "The given schema does not match any schema under the subject {subject}"
    deletion_status = 409
    keeps_deleted = True
    subject_deleted = "Subject {subject} is in soft deleted state."
    version_deleted = "Schema is already soft deleted"
    version_not_deleted = "Subject {subject} version {version} must be soft deleted first"
    referenced = "There are subjects referencing {subject}"

    def no_such_path(self, request: Request) -> Answer:
        raise Refused(404, 0, f"RESTEASY003210: Could not find resource for full path: {request.path}")

    def unknown_id(self, schema_id: str) -> Refused:
        return Refused(404, 40403, f"No content with id/hash 'contentId-{schema_id}' was found.")

    # Schemas.

    def content(self, body: Mapping[str, Any], subject: str) -> Content:
        schema, kind = body.get("schema"), body.get("schemaType") or "AVRO"
        if not isinstance(schema, str) or (kind == "PROTOBUF" and not _is_protobuf(schema)):
            raise Refused(422, 42201, "Failed to discover artifact type from content.")
        return Content(kind, schema, self.references(body, subject))

    def sought(self, body: Mapping[str, Any], subject: str) -> Content:
        try:
            return self.content(body, subject)
        except Refused as refused:
            raise Refused(404, 40403, self.no_schema.format(subject=subject)) from refused

    def references(self, body: Mapping[str, Any], subject: str) -> tuple[Reference, ...]:
        found = tuple(
            Reference(each["name"], each["subject"], each["version"]) for each in body.get("references") or ()
        )
        if any(each.version not in self._holdings.versions(each.subject) for each in found):
            raise Refused(422, 42201, "Unresolved reference")
        return found

    def content_answer(self, content: Content) -> dict[str, Any]:
        return {"references": []} | super().content_answer(content)

    def look_up(self, request: Request, subject: str) -> Any:
        found = super().look_up(request, subject)
        return {key: value for key, value in found.items() if key != "schemaType"}

    # Verdicts.

    def breaks_between(self, old: Content, new: Content) -> tuple[str, ...]:
        if not (old.schema_type == new.schema_type == "PROTOBUF"):
            return ()
        for content in new, old:
            if descriptor_of(content.schema):
                raise Refused(500, 0, f"Syntax error in :1:1: unexpected label: {content.schema.rstrip('=')}")
        before, after = parse(old.schema), parse(new.schema)
        broken = bool(list(changed_fields(before, after)) or gone_messages(before, after))
        return (_BREAK,) if broken else ()

    def incompatible(self, subject: str, level: str, broken: Break) -> Refused:
        words = f"io.apicurio.registry.rules.RuleViolationException: {_reason(subject)}"
        return Refused(409, 409, words)

    def judge(self, request: Request, subject: str, version: str = "") -> Any:
        self.asked(subject, version)
        broken = self.judged(request, subject, version)
        return self.said(request, subject, broken)

    def asked(self, subject: str, version: str) -> None:
        """Raises Refused for what a verdict cannot be asked about."""
        if version:
            self.numbered(self._holdings, subject, version)
        else:
            self.existing(subject)

    def said(self, request: Request, subject: str, broken: Break | None) -> Any:
        """The answer to a request for a verdict."""
        reason = _reason(subject) if broken and request.has("verbose") else None
        return {"is_compatible": broken is None, "reason": reason}

    # Levels and modes.

    def get_level(self, request: Request, subject: str) -> Any:
        # A level is a rule, which NONE takes away; then that of all is answered, whether it was asked for or not.
        if self._levels.get(subject, "NONE") == "NONE":
            self.existing(subject)
            return {"compatibilityLevel": self._global_level}
        return super().get_level(request, subject)

    def unknown_level(self, level: object) -> Refused:
        return Refused(400, 0, "Not able to deserialize data provided.")

    def global_mode(self, request: Request) -> Any:
        """GET and PUT /mode"""
        raise Refused(404, 0, "Operation not supported.")


class Apicurio30(Apicurio2):
    """Apicurio 3.0.9."""

    routes: ClassVar[list[Route]] = [
        *(each for each in Apicurio2.routes if each[1] != "/mode"),
        ("GET", "/mode/([^/]+)", "no_mode"),
        ("PUT", "/mode/([^/]+)", "no_mode"),
    ]
    level_key = "compatibilityLevel"

    def no_such_path(self, request: Request) -> Answer:
        return Answer(404)

    def unknown_id(self, schema_id: str) -> Refused:
        return Refused(404, 40403, f"No content with ID '{schema_id}' was found.")

    def asked(self, subject: str, version: str) -> None:
        if version != "latest" or self._holdings.versions(subject):
            super().asked(subject, version)

    def judged(self, request: Request, subject: str, version: str) -> Break | None:
        return super().judged(request, subject, version if self._holdings.versions(subject) else "")

    def said(self, request: Request, subject: str, broken: Break | None) -> Any:
        return {"is_compatible": broken is None}

    def unknown_level(self, level: object) -> Refused:
        return Refused(500, 0, f"Illegal compatibility level: {level}")

    def no_mode(self, request: Request, subject: str) -> Any:
        """GET and PUT /mode/{subject}: neither says anything"""
        return Answer(204)


def _is_protobuf(schema: str) -> bool:
    try:
        return descriptor_of(schema) is not None or bool(parse(schema).IsInitialized())
    except NotProtobuf:
        return False


def _reason(subject: str) -> str:
    about = f"Incompatible artifact: {subject} [PROTOBUF], num of incompatible diffs: {{1}}"
    return f"{about}, list of diff types: [{_BREAK} at /] Causes: {_BREAK} at /"
