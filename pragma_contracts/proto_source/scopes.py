"""How a name is written in a .proto source, so that every parser finds what it means."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto

# What a field may begin with: a type of such a name would be taken for the word.
_WORDS = frozenset(
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes map "
    "group optional required repeated oneof option options reserved extensions extend enum message export local".split()
)


class Scopes:
    """The names that are visible in a file.

    A type of the file's own package is written from the package on and any other one in full: as people do it, so that
    every parser gets it right. A leading dot leaves protoc in no doubt, but is rare enough for others to stumble over;
    it is used only where a nearer name hides the first part, or the first part is a word of the language.
    """

    def __init__(self, file: FileDescriptorProto, imports: Iterable[FileDescriptorProto]) -> None:
        self._package = file.package
        self._names = {name for each in (file, *imports) for name in _names(each)}
        # What is referred to is there, also when the import that defines it was not given.
        for type_name in _referred(file):
            self._names.update(accumulate(type_name.removeprefix(".").split("."), "{}.{}".format))

    def written(self, type_name: str, scope: str) -> str:
        """A type's name, given with or without a leading dot, as the element of the full name `scope` may write it."""
        full = type_name.removeprefix(".")
        prefix = f"{self._package}."
        candidates = [full.removeprefix(prefix)] if self._package and full.startswith(prefix) else []
        for candidate in (*candidates, full):
            first = candidate.split(".")[0]
            if first not in _WORDS and self._nearest(first, scope) == full.removesuffix(candidate) + first:
                return candidate
        return f".{full}"

    def full(self, name: str, scope: str) -> str:
        """A full name, with a leading dot where something hides it."""
        first = name.split(".")[0]
        return name if self._nearest(first, scope) == first else f".{name}"

    def _nearest(self, first: str, scope: str) -> str:
        """The nearest thing of this name, seen from a scope; the outermost one when there is no other.

        Whatever kind of thing it is: parsers differ in which kinds they pass over.
        """
        parts = scope.split(".") if scope else []
        for length in range(len(parts), 0, -1):
            name = ".".join((*parts[:length], first))
            if name in self._names:
                return name
        return first


def _names(file: FileDescriptorProto) -> Iterator[str]:
    if file.package:
        yield from accumulate(file.package.split("."), "{}.{}".format)
    prefix = f"{file.package}." if file.package else ""
    for message in file.message_type:
        yield from _names_in(message, prefix)
    for enum in file.enum_type:
        yield from _names_of(enum, prefix)
    for extension in file.extension:
        yield prefix + extension.name


def _names_in(message: DescriptorProto, prefix: str) -> Iterator[str]:
    yield prefix + message.name
    inner = f"{prefix}{message.name}."
    for field in (*message.field, *message.extension):
        yield inner + field.name
    for oneof in message.oneof_decl:
        yield inner + oneof.name
    for nested in message.nested_type:
        yield from _names_in(nested, inner)
    for enum in message.enum_type:
        yield from _names_of(enum, inner)


def _names_of(enum: EnumDescriptorProto, prefix: str) -> Iterator[str]:
    yield prefix + enum.name
    for value in enum.value:
        yield prefix + value.name


def _referred(file: FileDescriptorProto) -> Iterator[str]:
    messages = list(file.message_type)
    fields = list(file.extension)
    while messages:
        message = messages.pop()
        messages.extend(message.nested_type)
        fields.extend((*message.field, *message.extension))
    for field in fields:
        yield from (name for name in (field.type_name, field.extendee) if name)
