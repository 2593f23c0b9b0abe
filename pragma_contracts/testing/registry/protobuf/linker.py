"""Finds the types that a file names and nothing declares."""

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

# What every registry has copies of.
_EVERYWHERE = ("google.protobuf.", "google.type.", "confluent.")


def unresolved(file: FileDescriptorProto, imports: Iterable[FileDescriptorProto]) -> Iterator[str]:
    """The names of types, as the file has them, that neither it nor any of its imports declares."""
    declared = {name for each in (file, *imports) for name in _declared(each)}
    for scope, field in _fields(file):
        for name in filter(None, (field.type_name, field.extendee)):
            if not any(each in declared or each.startswith(_EVERYWHERE) for each in _candidates(name, scope)):
                yield name


def _candidates(name: str, scope: str) -> Iterator[str]:
    """The full names that a name in a scope may stand for, the innermost first."""
    if name.startswith("."):
        yield name[1:]
        return
    while scope:
        yield f"{scope}.{name}"
        scope = scope.rpartition(".")[0]
    yield name


def _declared(file: FileDescriptorProto) -> Iterator[str]:
    for scope, message in messages(file):
        yield scope
        yield from (f"{scope}.{enum.name}" for enum in message.enum_type)
    yield from (_joined(file.package, enum.name) for enum in file.enum_type)


def _fields(file: FileDescriptorProto) -> Iterator[tuple[str, FieldDescriptorProto]]:
    yield from ((file.package, field) for field in file.extension)
    for scope, message in messages(file):
        yield from ((scope, field) for field in (*message.field, *message.extension))


def messages(file: FileDescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    """Every message of a file, nested ones too, each with its full name."""
    waiting = [(_joined(file.package, each.name), each) for each in file.message_type]
    while waiting:
        name, message = waiting.pop(0)
        yield name, message
        waiting += [(f"{name}.{nested.name}", nested) for nested in message.nested_type]


def _joined(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name
