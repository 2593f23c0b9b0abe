"""How a field is written in Rust: its type, and the attribute that tells prost what it is on the wire."""

from codegen.rust.naming import camel, oneof_type, relative, snake
from pragma_contracts.errors import SchemaError
from pragma_contracts.governance.model import Enum, Field, Message, Schemas

_STRING = "::prost::alloc::string::String"
_VEC = "::prost::alloc::vec::Vec"
_MAP = "::prost::alloc::collections::BTreeMap"
_BOX = "::prost::alloc::boxed::Box"
_OPTION = "::core::option::Option"

_SCALARS = {
    "double": "f64",
    "float": "f32",
    "int32": "i32",
    "int64": "i64",
    "uint32": "u32",
    "uint64": "u64",
    "sint32": "i32",
    "sint64": "i64",
    "fixed32": "u32",
    "fixed64": "u64",
    "sfixed32": "i32",
    "sfixed64": "i64",
    "bool": "bool",
    "string": _STRING,
    "bytes": f"{_VEC}<u8>",
    # A plain number: prost's own accessor of an enum reads an unknown number as the zero value.
    "enum": "i32",
}
# What prost-types has no struct for.
_WELL_KNOWN = {
    "BoolValue": "bool",
    "BytesValue": f"{_VEC}<u8>",
    "DoubleValue": "f64",
    "Empty": "()",
    "FloatValue": "f32",
    "Int32Value": "i32",
    "Int64Value": "i64",
    "StringValue": _STRING,
    "UInt32Value": "u32",
    "UInt64Value": "u64",
}
_PACKABLE = frozenset(_SCALARS) - {"string", "bytes"}


class Fields:
    """Types and attributes of fields, with what has to be known of the whole set of schemas."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._packages = {file.name: file.package for file in schemas.files}

    def plain(self, message: Message) -> list[Field]:
        """The fields outside every oneof."""
        return [field for field in message.fields if not field.oneof]

    def oneofs(self, message: Message) -> list[tuple[str, str, list[Field]]]:
        """Field name, type and members of each oneof."""
        return [
            (oneof, oneof_type(message, oneof), [field for field in message.fields if field.oneof == oneof])
            for oneof in message.oneofs
        ]

    def tags(self, fields: list[Field]) -> str:
        """The numbers of a oneof's members, as its attribute lists them."""
        return ", ".join(str(field.number) for field in fields)

    def type(self, message: Message, field: Field) -> str:
        """Type of a message's field."""
        entry = self._schemas.map_entry(field)
        if entry is not None:
            key, value = entry.fields
            return f"{_MAP}<{self._one(message, key)}, {self._one(message, value)}>"
        one = self._one(message, field)
        if field.repeated:
            return f"{_VEC}<{one}>"
        if self.boxed(message, field):
            one = f"{_BOX}<{one}>"
        return f"{_OPTION}<{one}>" if field.optional or field.kind == "message" else one

    def member(self, message: Message, field: Field) -> str:
        """Type in a variant of a oneof."""
        one = self._one(message, field, deeper=1)
        return f"{_BOX}<{one}>" if self.boxed(message, field) else one

    def attribute(self, message: Message, field: Field) -> str:
        """What stands in #[prost(…)]."""
        entry = self._schemas.map_entry(field)
        if entry is not None:
            key, value = entry.fields
            return f'btree_map = "{self._wire(key)}, {self._wire(value)}", tag = "{field.number}"'
        parts = ['bytes = "vec"' if field.kind == "bytes" and not field.oneof else self._wire(field)]
        if field.repeated:
            parts.append("repeated")
            if field.kind in _PACKABLE and not field.packed:
                parts.append('packed = "false"')
        elif not field.oneof and (field.optional or field.kind == "message"):
            parts.append("optional")
        if self.boxed(message, field) and not field.oneof:
            parts.append("boxed")
        return ", ".join([*parts, f'tag = "{field.number}"'])

    def scalar(self, field: Field) -> str:
        """Type of one value of a field that is no message."""
        return _SCALARS[field.kind]

    def well_known(self, field: Field) -> str:
        """Type of one value of a field whose message comes with protobuf."""
        name = field.type_name.removeprefix("google.protobuf.")
        *parents, last = name.split(".")
        return _WELL_KNOWN.get(name) or "::".join(["", "prost_types", *map(snake, parents), camel(last)])

    def boxed(self, message: Message, field: Field) -> bool:
        """Whether a field's message holds, at some depth, the message that the field stands in."""
        if field.kind != "message" or field.repeated:
            return False
        return message.full_name in self._held(field.type_name)

    def has_eq(self, message: Message) -> bool:
        """Whether a message holds no floating point number at any depth."""
        held = self._held(message.full_name, through_lists=True)
        return not any(
            field.kind in ("float", "double") for name in held for field in self._schemas.messages[name].fields
        )

    def accessors(self, message: Message) -> list[tuple[Field, str]]:
        """The enum fields outside every oneof and map, each with its enum as seen from the message's module."""
        found = []
        for field in self.plain(message):
            enum = self._schemas.enums.get(field.type_name) if field.kind == "enum" else None
            if enum is not None and enum.file in self._packages:
                found.append((field, relative(self._scope(message), self._packages[enum.file], enum.path)))
        return found

    def path(self, item: Message | Enum) -> str:
        """The path to a type from beside the tree of messages."""
        return relative((), f"messages.{self._packages[item.file]}".rstrip("."), item.path)

    def module(self, message: Message) -> str:
        """The path to the module that a message stands in, from beside the tree of messages."""
        return self.path(message).removesuffix(camel(message.name))

    def _held(self, name: str, *, through_lists: bool = False) -> set[str]:
        """A message and every message that it holds by value, or with `through_lists` at all."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            for field in self._schemas.messages[name].fields:
                if field.kind == "message" and (through_lists or not field.repeated):
                    waiting.append(field.type_name)
        return found

    def _one(self, message: Message, field: Field, deeper: int = 0) -> str:
        if field.kind in _SCALARS:
            return _SCALARS[field.kind]
        if field.type_name.startswith("google.protobuf."):
            return self.well_known(field)
        target = self._schemas.messages.get(field.type_name)
        if target is None or target.file not in self._packages:
            raise SchemaError(message.file, field.line, f"{field.name}: {field.type_name} has no type in Rust")
        scope = self._scope(message)
        return relative((*scope, message.path[-1])[: len(scope) + deeper], self._packages[target.file], target.path)

    def _wire(self, field: Field) -> str:
        return "int32" if field.kind == "enum" else field.kind

    def _scope(self, message: Message) -> tuple[str, ...]:
        return (*filter(None, self._packages[message.file].split(".")), *message.path[:-1])
