"""Compares two files as registries do before they take a new version: much less closely than the gate."""

from collections.abc import Iterator
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from pragma_contracts.testing.registry.protobuf.linker import messages

# Scalars that registries take for one kind, because they are read from the same bytes or nearly so.
_KINDS = (
    ("int32", "int64", "uint32", "uint64", "bool"),
    ("sint32", "sint64"),
    ("fixed32", "sfixed32"),
    ("fixed64", "sfixed64"),
    ("string", "bytes"),
)


class Changed(NamedTuple):
    """A field of a message that both files have: before and after, None where there is none of that number.

    kinds: what the field is before and after, None when it is gone: a scalar type, a map, or a type with a name.
    """

    message: str
    before: FieldDescriptorProto
    after: FieldDescriptorProto | None
    kinds: tuple[str, str] | None

    @property
    def has_other_kind(self) -> bool:
        """Whether the field became one that registries do not take for as good."""
        if self.kinds is None:
            return False
        before, after = self.kinds
        return before != after and not any(before in kind and after in kind for kind in _KINDS)


def changed_fields(old: FileDescriptorProto, new: FileDescriptorProto) -> Iterator[Changed]:
    """The fields of the old file that are others in the new one, by message and number, whatever their options."""
    now = {_local(name, new.package): message for name, message in messages(new)}
    for name, message in messages(old):
        other = now.get(_local(name, old.package))
        if other is None:
            continue
        fields = {field.number: field for field in other.field}
        for field in message.field:
            after = fields.get(field.number)
            if after is None:
                yield Changed(_local(name, old.package), field, None, None)
                continue
            kinds = _kind(field, message), _kind(after, other)
            if (field.name, field.type_name, kinds[0]) != (after.name, after.type_name, kinds[1]):
                yield Changed(_local(name, old.package), field, after, kinds)


def _kind(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    entries = {nested.name for nested in message.nested_type if nested.options.map_entry}
    if field.type_name:
        return "map" if field.type_name.rpartition(".")[2] in entries else "named"
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def gone_messages(old: FileDescriptorProto, new: FileDescriptorProto) -> list[str]:
    """The messages of the old file that the new one has not, maps aside."""
    now = {_local(name, new.package) for name, _ in messages(new)}
    every = ((_local(name, old.package), message) for name, message in messages(old))
    return [name for name, message in every if name not in now and not message.options.map_entry]


def _local(name: str, package: str) -> str:
    return name.removeprefix(f"{package}.") if package else name
