"""A registry that reads what it is sent, and keeps a text of its own instead."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError

from pragma_contracts.descriptors import parse_file
from pragma_contracts.testing.registry.answers import Refused, Request
from pragma_contracts.testing.registry.holdings import Content, Reference
from pragma_contracts.testing.registry.judging import Judging
from pragma_contracts.testing.registry.protobuf.differences import Changed, changed_fields, gone_messages
from pragma_contracts.testing.registry.protobuf.lexer import NotProtobuf
from pragma_contracts.testing.registry.protobuf.linker import unresolved
from pragma_contracts.testing.registry.protobuf.parser import parse
from pragma_contracts.testing.registry.protobuf.writer import written

_PROTOBUF = "PROTOBUF"


class Rewriting(Judging):
    """Stores canonical text. A schema of another type than protobuf is kept as it is."""

    def of_text(self, schema: str) -> FileDescriptorProto:
        """The file that a text is. Raises NotProtobuf."""
        return parse(schema)

    def of_descriptor(self, file: FileDescriptorProto) -> FileDescriptorProto:
        """What is left of a compiled file."""
        raise NotImplementedError

    def rewritten(self, file: FileDescriptorProto) -> str:
        """The text that is kept."""
        return written(file)

    def unreadable(self, body: Mapping[str, Any], problem: NotProtobuf) -> Exception:
        """What is said of a schema that cannot be parsed."""
        raise NotImplementedError

    def unlinked(self, body: Mapping[str, Any], name: str) -> Exception:
        """What is said of a type that nothing declares."""
        raise NotImplementedError

    def content(self, body: Mapping[str, Any], subject: str) -> Content:
        """What is made of a schema that was sent. Raises Refused."""
        sent = super().content(body, subject)
        if sent.schema_type != _PROTOBUF:
            return sent
        try:
            compiled = descriptor_of(sent.schema)
            file = self.of_text(sent.schema) if compiled is None else self.of_descriptor(compiled)
        except NotProtobuf as problem:
            raise self.unreadable(body, problem) from problem
        for name in unresolved(file, self._imports(sent.references, subject)):
            raise self.unlinked(body, name)
        return Content(_PROTOBUF, self.rewritten(file), sent.references)

    def get_version(self, request: Request, subject: str, version: str) -> Any:
        if version not in ("latest", "-1") and not (version.isdigit() and int(version)):
            allowed = 'Allowed values are between [1, 2^31-1] and the string "latest"'
            raise Refused(422, 42202, f"The specified version '{version}' is not a valid version id. {allowed}")
        return super().get_version(request, subject, version)

    def _imports(self, references: tuple[Reference, ...], subject: str) -> Iterator[FileDescriptorProto]:
        for reference in references:
            holdings, name = self.held_in(self.beside(reference.subject, subject))
            content = holdings.content(name, reference.version)
            if content is not None and content.schema_type == _PROTOBUF:
                yield parse(content.schema)
                yield from self._imports(content.references, subject)

    def beside(self, referenced: str, subject: str) -> str:
        """The subject that a reference names when it stands on another subject."""
        return referenced


def descriptor_of(schema: str) -> FileDescriptorProto | None:
    """The compiled file that a schema is the base64 of; None of a text."""
    try:
        file = parse_file(base64.b64decode(schema, validate=True))
    except (ValueError, DecodeError):
        return None
    return file if file.name else None


def missing_messages(old: Content, new: Content) -> list[str]:
    """The messages that an old schema has and a new one has not."""
    if old.schema_type == new.schema_type == _PROTOBUF:
        return gone_messages(parse(old.schema), parse(new.schema))
    return []


def changed_kinds(old: Content, new: Content) -> Iterator[Changed]:
    """The fields that became others of another kind."""
    if old.schema_type == new.schema_type == _PROTOBUF:
        for changed in changed_fields(parse(old.schema), parse(new.schema)):
            if changed.has_other_kind:
                yield changed
