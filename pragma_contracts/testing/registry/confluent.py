"""A registry like Confluent's, as version 8.3.1 answers: canonical text, contexts, modes and verdicts."""

import base64
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

from pragma_contracts.testing.registry.answers import Answer, Refused, Request
from pragma_contracts.testing.registry.holdings import Content, Holdings, Reference
from pragma_contracts.testing.registry.judging import Break
from pragma_contracts.testing.registry.plain import Route
from pragma_contracts.testing.registry.protobuf.differences import Changed
from pragma_contracts.testing.registry.protobuf.lexer import NotProtobuf
from pragma_contracts.testing.registry.protobuf.linker import messages
from pragma_contracts.testing.registry.protobuf.losses import without_custom_options, without_options
from pragma_contracts.testing.registry.protobuf.parser import parse
from pragma_contracts.testing.registry.protobuf.writer import written
from pragma_contracts.testing.registry.rewriting import Rewriting, changed_kinds, missing_messages

_CONTEXT = re.compile(r":(\.[^:]*):(.*)", re.DOTALL)
_ROOT = re.compile(r"/contexts/(\.?[^/]*)(/.*)")
_DEFAULT = "."
_EVERY = ":*:"
_MODES = ("READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD")
_READ_ONLY = ("READONLY", "READONLY_OVERRIDE")
_UNREADABLE = "Invalid schema of type PROTOBUF, details: " * 2
_SAID_LEVELS = "none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"


class Confluent(Rewriting):
    """Keeps custom options of a text, loses their uses in a descriptor, and writes its map as a nested message."""

    routes: ClassVar[list[Route]] = [
        *Rewriting.routes,
        ("GET", "/contexts", "list_contexts"),
        ("GET", "/subjects/([^/]+)/versions/([^/]+)/schema", "get_version_schema"),
        ("GET", "/mode", "get_global_mode"),
        ("PUT", "/mode", "set_global_mode"),
        ("GET", "/mode/([^/]+)", "get_mode"),
        ("PUT", "/mode/([^/]+)", "set_mode"),
        ("DELETE", "/mode/([^/]+)", "delete_mode"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._contexts = {_DEFAULT: self._holdings}
        self._modes: dict[str, str] = {}
        self._global_mode = "READWRITE"

    def _routed(self, request: Request) -> Answer:
        if found := _ROOT.fullmatch(request.path):
            return super()._routed(_in_context(request, *found.groups()))
        return super()._routed(request)

    def no_such_path(self, request: Request) -> Answer:
        raise Refused(404, 404, "HTTP 404 Not Found")

    def no_such_method(self, request: Request) -> Answer:
        raise Refused(405, 405, "HTTP 405 Method Not Allowed")

    # Contexts.

    def held_in(self, subject: str) -> tuple[Holdings, str]:
        context, name = _split(subject)
        return self._contexts.setdefault(context, Holdings()), name

    def qualified(self, holdings: Holdings, name: str) -> str:
        context = next(each for each, found in self._contexts.items() if found is holdings)
        return name if context == _DEFAULT else f":{context}:{name}"

    def beside(self, referenced: str, subject: str) -> str:
        if _CONTEXT.fullmatch(referenced):
            return referenced
        context, _ = _split(subject)
        return referenced if context == _DEFAULT else f":{context}:{referenced}"

    def list_contexts(self, request: Request) -> Any:
        """GET /contexts"""
        return sorted(context for context, found in self._contexts.items() if context == _DEFAULT or found.subjects)

    def list_subjects(self, request: Request) -> Any:
        prefix = request.query.get("subjectPrefix", _EVERY)
        found = [
            (context, self.qualified(holdings, name), name)
            for context, holdings in self._contexts.items()
            for name in holdings.subjects
            if holdings.versions(name, deleted=request.has("deleted"))
        ]
        if prefix == _EVERY:
            return sorted(shown for _, shown, _ in found)
        wanted, start = _split(prefix)
        return sorted(shown for context, shown, name in found if context == wanted and name.startswith(start))

    def with_id(self, request: Request, schema_id: str) -> Holdings:
        context, name = _split(request.query.get("subject", ""))
        found = [self._contexts.get(context, Holdings())]
        # A subject that does not say its context is looked for in all of them.
        found += [each for each in self._contexts.values() if name and context == _DEFAULT]
        for holdings in found:
            if int(schema_id) in holdings.contents:
                return holdings
        raise self.unknown_id(schema_id)

    # Schemas.

    def of_descriptor(self, file: FileDescriptorProto) -> FileDescriptorProto:
        return without_custom_options(file)

    def unreadable(self, body: Mapping[str, Any], problem: NotProtobuf) -> Exception:
        words = "Invalid schema of type PROTOBUF, details: " * 2
        return Refused(
            422, 42201, f"{words}Could not parse Protobuf - Syntax error in :{problem.at}: {problem.problem}"
        )

    def unlinked(self, body: Mapping[str, Any], name: str) -> Exception:
        return Refused(
            422, 42201, f"Invalid schema {{schema={body['schema']}}}, details: Could not resolve type: {name}"
        )

    def content(self, body: Mapping[str, Any], subject: str) -> Content:
        if not body.get("schema"):
            raise Refused(422, 42201, "Empty schema")
        if body.get("schemaType", "AVRO") not in ("AVRO", "JSON", "PROTOBUF"):
            raise Refused(422, 42201, f"Invalid schema type {body['schemaType']}")
        return super().content(body, subject)

    def references(self, body: Mapping[str, Any], subject: str) -> tuple[Reference, ...]:
        found = []
        for each in body.get("references") or ():
            there = self.beside(each["subject"], subject)
            holdings, name = self.held_in(there)
            numbers = list(holdings.versions(name))
            number = numbers[-1] if each["version"] == -1 and numbers else each["version"]
            if number not in numbers:
                missing = f'No schema reference found for subject "{there}" and version {each["version"]}'
                raise Refused(422, 42201, f"{_UNREADABLE}{missing}")
            found.append(Reference(each["name"], each["subject"], number))
        return tuple(found)

    def registered_answer(self, holdings: Holdings, name: str, number: int) -> Any:
        found = self.version_answer(holdings, name, number)
        return {key: found[key] for key in ("id", "version", "schemaType", "references", "schema") if key in found}

    def get_version(self, request: Request, subject: str, version: str) -> Any:
        return self._formatted(request, super().get_version(request, subject, version))

    def get_schema(self, request: Request, schema_id: str) -> Any:
        holdings = self.with_id(request, schema_id)
        name, number = next(holdings.places(int(schema_id), deleted=True))
        place = {"subject": self.qualified(holdings, name), "version": number}
        return self._formatted(request, place | super().get_schema(request, schema_id))

    def list_places(self, request: Request, schema_id: str) -> Any:
        try:
            return super().list_places(request, schema_id)
        except Refused as refused:
            raise Refused(404, 40403, "Schema not found") from refused

    def _formatted(self, request: Request, found: dict[str, Any]) -> dict[str, Any]:
        wanted = request.query.get("format")
        if wanted == "serialized":
            return found | {"schema": base64.b64encode(_serialized(parse(found["schema"]))).decode()}
        if wanted == "ignore_extensions":
            return found | {"schema": written(_bare(parse(found["schema"])))}
        return found

    def get_version_schema(self, request: Request, subject: str, version: str) -> Any:
        """GET /subjects/{subject}/versions/{version}/schema"""
        return Answer(200, self.get_version(request, subject, version)["schema"].encode())

    # Verdicts.

    def breaks_between(self, old: Content, new: Content) -> tuple[str, ...]:
        gone = (
            _break(
                "MESSAGE_REMOVED",
                f"new schema is missing a MESSAGE type at path '#/{name.replace('.', '/')}' in the old schema",
            )
            for name in missing_messages(old, new)
        )
        return (*map(_other_kind, changed_kinds(old, new)), *gone)

    def incompatible(self, subject: str, level: str, broken: Break) -> Refused:
        words = f'Schema being registered is incompatible with an earlier schema for subject "{subject}"'
        return Refused(409, 40901, f"{words}, details: [{', '.join(_told(level, broken))}]")

    def verdict(self, request: Request, level: str, broken: Break | None) -> Any:
        told = {"messages": _told(level, broken) if broken else []} if request.has("verbose") else {}
        return {"is_compatible": broken is None} | told

    def judge(self, request: Request, subject: str, version: str = "") -> Any:
        holdings, name = self.held_in(subject)
        if not holdings.versions(name):
            version = ""
        if version:
            self.numbered(holdings, name, version)
        try:
            return super().judge(request, subject, version)
        except Refused as refused:
            # What cannot be read is no error here: it is not compatible.
            told = {"messages": [f"Invalid schema of type PROTOBUF, details: {refused.message}"]}
            return {"is_compatible": False} | (told if request.has("verbose") else {})

    # Levels and modes, which are of a subject, of its context, or of all.

    def get_level(self, request: Request, subject: str) -> Any:
        if request.has("defaultToGlobal"):
            return {"compatibilityLevel": self.effective_level(subject)}
        return super().get_level(request, subject)

    def set_level(self, request: Request, subject: str) -> Any:
        self.may_change(subject)
        return super().set_level(request, subject)

    def delete_level(self, request: Request, subject: str) -> Any:
        if subject not in self._levels:
            raise Refused(404, 40401, self.no_subject.format(subject=subject))
        return super().delete_level(request, subject)

    def unknown_level(self, level: object) -> Refused:
        return Refused(422, 42203, f"Invalid compatibility level. Valid values are {_SAID_LEVELS}")

    def effective_level(self, subject: str) -> str:
        return next((self._levels[each] for each in _scopes(subject) if each in self._levels), self._global_level)

    def get_global_mode(self, request: Request) -> Any:
        """GET /mode"""
        return {"mode": self._global_mode}

    def set_global_mode(self, request: Request) -> Any:
        """PUT /mode"""
        self._global_mode = _mode_in(request)
        return {"mode": self._global_mode}

    def get_mode(self, request: Request, subject: str) -> Any:
        """GET /mode/{subject}"""
        if request.has("defaultToGlobal"):
            return {"mode": self._effective_mode(subject)}
        if subject not in self._modes:
            raise Refused(404, 40409, f"Subject '{subject}' does not have subject-level mode configured")
        return {"mode": self._modes[subject]}

    def set_mode(self, request: Request, subject: str) -> Any:
        """PUT /mode/{subject}"""
        mode = _mode_in(request)
        holdings, name = self.held_in(subject)
        if mode == "IMPORT" and holdings.versions(name):
            raise Refused(422, 42205, "Cannot import since found existing subjects")
        self._modes[subject] = mode
        return {"mode": mode}

    def delete_mode(self, request: Request, subject: str) -> Any:
        """DELETE /mode/{subject}"""
        if subject not in self._modes:
            raise Refused(404, 40401, self.no_subject.format(subject=subject))
        return {"mode": self._modes.pop(subject)}

    def _effective_mode(self, subject: str) -> str:
        return next((self._modes[each] for each in _scopes(subject) if each in self._modes), self._global_mode)

    def may_change(self, subject: str) -> None:
        if self._effective_mode(subject) in _READ_ONLY or self._global_mode in _READ_ONLY:
            context, name = _split(subject)
            shown = "" if context == _DEFAULT else context
            raise Refused(422, 42205, f"Subject {name} in context {shown} is in read-only mode")

    def admit(self, subject: str, content: Content) -> None:
        self.may_change(subject)
        super().admit(subject, content)


def _split(subject: str) -> tuple[str, str]:
    """A subject's context and its name there."""
    found = _CONTEXT.fullmatch(subject)
    return (found[1], found[2]) if found else (_DEFAULT, subject)


def _scopes(subject: str) -> tuple[str, ...]:
    """What a subject gets its settings from, before those of all."""
    context, _ = _split(subject)
    return (subject,) if context == _DEFAULT else (subject, f":{context}:")


def _in_context(request: Request, context: str, path: str) -> Request:
    """A request under the root of a context, as it would be asked without that."""
    prefix = f":{context if context.startswith('.') else '.' + context}:"
    head, *rest = path.removeprefix("/").split("/")
    place = 1 if head == "compatibility" else 0
    if head in ("subjects", "config", "mode", "compatibility") and len(rest) > place and ":" not in rest[place]:
        rest[place] = prefix.replace(":", "%3A") + rest[place]
    query = dict(request.query)
    if head == "subjects" and not rest:
        query["subjectPrefix"] = prefix + query.get("subjectPrefix", "")
    if head == "schemas" and not query.get("subject", "").startswith(":"):
        query["subject"] = prefix + query.get("subject", "")
    return request._replace(path="/".join(["", head, *rest]), query=query)


def _mode_in(request: Request) -> str:
    mode = request.body.get("mode")
    if mode not in _MODES:
        raise Refused(422, 42204, "Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD.")
    return str(mode)


def _break(kind: str, words: str) -> str:
    return f'{{errorType:"{kind}", description:"The {words}"}}'


def _other_kind(changed: Changed) -> str:
    path = f"at path '#/{changed.message.replace('.', '/')}/{changed.before.number}' in the new schema does not match"
    if {"map", "named"}.intersection(changed.kinds or ()):
        return _break("FIELD_KIND_CHANGED", f"type of a field {path} the old schema")
    return _break("FIELD_SCALAR_KIND_CHANGED", f"kind of a SCALAR field {path} its kind in the old schema")


def _told(level: str, broken: Break) -> list[str]:
    """A break in messages, of which the last three say where it was found."""
    return [
        *broken.words,
        f"{{oldSchemaVersion: {broken.number}}}",
        f"{{oldSchema: '{broken.content.schema}'}}",
        f"{{validateFields: 'false', compatibility: '{level}'}}",
    ]


def _bare(file: FileDescriptorProto) -> FileDescriptorProto:
    """A parsed file without options, its maps still maps."""
    entries = [message.name for _, message in messages(file) if message.options.map_entry]
    bare = without_options(file)
    bare.extension.extend(file.extension)
    for (_, message), (_, old) in zip(messages(bare), messages(file), strict=True):
        message.extension.extend(old.extension)
        if message.name in entries:
            message.options.map_entry = True
    return bare


def _serialized(file: FileDescriptorProto) -> bytes:
    """A parsed file as a descriptor that is not linked: a type of another file has its name alone."""
    bare = _bare(file)
    bare.name = "default"
    bare.ClearField("source_code_info")
    enums = {enum.name for enum in bare.enum_type}
    declared = {message.name for message in bare.message_type}
    fields = [*bare.extension, *(field for _, each in messages(bare) for field in (*each.field, *each.extension))]
    for field in fields:
        if field.label == FieldDescriptorProto.LABEL_OPTIONAL:
            field.ClearField("label")
        name = field.type_name.rpartition(".")[2]
        if name in enums:
            field.type = FieldDescriptorProto.TYPE_ENUM
        elif name in declared:
            field.type = FieldDescriptorProto.TYPE_MESSAGE
    return bare.SerializeToString()
