"""Options of descriptors as they are written in a .proto source: each with its name, custom ones too, and its value."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from math import isinf, isnan
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.unknown_fields import UnknownFieldSet

from pragma_contracts.errors import SchemaError
from pragma_contracts.proto_source.scopes import Scopes

_MAP_ENTRY = "google.protobuf.MessageOptions.map_entry"
_UNINTERPRETED = 999
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Assignment(NamedTuple):
    """One option: its name, and the lines of its value, of which those behind the first are indented from its place."""

    name: str
    value: list[str]


class Options:
    """Writes the options of one file's elements."""

    def __init__(self, file: FileDescriptorProto, imports: Iterable[FileDescriptorProto], scopes: Scopes) -> None:
        self._file = file
        self._scopes = scopes
        self._pool = _pool([*imports, file])

    def assignments(self, options: Any, scope: str) -> list[Assignment]:
        """The options of the element with this full name, in the order in which the compiler wrote them.

        Raises:
            SchemaError: nothing that the file imports defines one of them.
        """
        data = options.SerializeToString()
        if not data:
            return []
        descriptor = self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name)
        cls: Any = message_factory.GetMessageClass(descriptor)
        # One option may stand in several places, which are its parts.
        parts: dict[int, bytes] = {}
        for number, part in self._parts(data):
            parts[number] = parts.get(number, b"") + part
        found: list[Assignment] = []
        for number, part in parts.items():
            field = self._field(descriptor, number, scope)
            if field.full_name == _MAP_ENTRY:
                continue
            name = f"({self._scopes.full(field.full_name, scope)})" if field.is_extension else field.name
            parsed = cls.FromString(part)
            value = parsed.Extensions[field] if field.is_extension else getattr(parsed, field.name)
            values = value if _repeated(field) else [value]
            found.extend(Assignment(name, self._value(field, each)) for each in values)
        return found

    @staticmethod
    def quoted(text: str) -> str:
        """A text as a string literal."""
        return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else _octal(c.encode())) for c in text) + '"'

    def _field(self, descriptor: Any, number: int, scope: str) -> Any:
        field = descriptor.fields_by_number.get(number)
        if field is not None and number != _UNINTERPRETED:
            return field
        try:
            return self._pool.FindExtensionByNumber(descriptor, number)
        except KeyError as error:
            raise self._error(
                f"{scope or 'it'} has the option {number} of {descriptor.full_name}, which no import defines; "
                "give the files that it imports"
            ) from error

    def _parts(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The fields of a message one after the other, as they stand in its bytes: number, and tag with value."""
        at = 0
        while at < len(data):
            start = at
            tag, at = _varint(data, at)
            kind = tag & 7
            if kind == _VARINT:
                _, at = _varint(data, at)
            elif kind == _BYTES:
                size, at = _varint(data, at)
                at += size
            elif kind in (_FIXED32, _FIXED64):
                at += 4 if kind == _FIXED32 else 8
            else:
                raise self._error(f"the option {tag >> 3} is a group, which cannot be written")
            yield tag >> 3, data[start:at]

    def _value(self, field: Any, value: Any) -> list[str]:
        if field.message_type is not None:
            unknown: Any = UnknownFieldSet(value)
            for each in unknown:
                raise self._error(
                    f"{field.message_type.full_name} has the field {each.field_number}, which no import defines; "
                    "give the files that it imports, as new as it is"
                )
            members = [line for member, held in value.ListFields() for line in self._member(member, held)]
            return ["{", *(f"  {line}" for line in members), "}"] if members else ["{}"]
        return [self._scalar(field, value)]

    def _member(self, field: Any, value: Any) -> list[str]:
        """A set field of a message in the text format of protobuf."""
        name = f"[{field.full_name}]" if field.is_extension else field.name
        if field.message_type is None:
            text = ", ".join(self._scalar(field, each) for each in value) if _repeated(field) else ""
            return [f"{name}: [{text}]" if _repeated(field) else f"{name}: {self._scalar(field, value)}"]
        if field.message_type.GetOptions().map_entry:
            value = _entries(field.message_type, value)
        lines: list[str] = []
        for each in value if _repeated(field) else [value]:
            first, *rest = self._value(field, each)
            lines += [f"{name}: {first}", *rest]
        return lines

    def _scalar(self, field: Any, value: Any) -> str:
        if field.enum_type is not None:
            named = field.enum_type.values_by_number.get(value)
            if named is None:
                raise self._error(f"{field.full_name} is {value}, which {field.enum_type.full_name} has no name for")
            return str(named.name)
        if isinstance(value, str):
            return self.quoted(value)
        if isinstance(value, bytes):
            return f'"{_octal(value)}"'
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and (isnan(value) or isinf(value)):
            return "nan" if isnan(value) else "inf" if value > 0 else "-inf"
        return repr(value)

    def _error(self, problem: str) -> SchemaError:
        return SchemaError(self._file.name, 0, problem)


def _octal(data: bytes) -> str:
    return "".join(f"\\{byte:03o}" for byte in data)


def _repeated(field: Any) -> bool:
    # protobuf 7 has no `label` any more, and 5 no `is_repeated`.
    return bool(field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED)


def _entries(descriptor: Any, held: Any) -> list[Any]:
    """The entries of a map as messages, in the order of their keys."""
    cls: Any = message_factory.GetMessageClass(descriptor)
    is_message = descriptor.fields_by_name["value"].message_type is not None
    found = []
    for key in sorted(held):
        entry = cls(key=key)
        if is_message:
            entry.value.CopyFrom(held[key])
        else:
            entry.value = held[key]
        found.append(entry)
    return found


def _pool(files: list[FileDescriptorProto]) -> descriptor_pool.DescriptorPool:
    """A pool of the files whose imports are all there, and of descriptor.proto."""
    waiting = {file.name: file for file in files}
    own = descriptor_pb2.DESCRIPTOR
    pool = descriptor_pool.DescriptorPool()
    if own.name not in waiting:
        pool.AddSerializedFile(own.serialized_pb)
    ready = {own.name} - waiting.keys()
    for name in {name for file in files for name in file.dependency} - waiting.keys() - ready:
        ready |= _well_known(pool, name, ready)
    while found := [file for file in waiting.values() if ready.issuperset(file.dependency)]:
        for file in found:
            try:
                pool.AddSerializedFile(file.SerializeToString())
            except TypeError as error:
                raise SchemaError(file.name, 0, f"it is no valid descriptor: {error}") from error
            ready.add(file.name)
            del waiting[file.name]
    return pool


def _well_known(pool: descriptor_pool.DescriptorPool, name: str, ready: set[str]) -> set[str]:
    """Adds a file that comes with protobuf, and what it imports, to a pool; nothing when there is none of that name."""
    if name in ready or not name.startswith("google/protobuf/"):
        return set()
    try:
        file = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2").DESCRIPTOR
    except ModuleNotFoundError:
        return set()
    added: set[str] = set()
    for dependency in file.dependencies:
        added |= _well_known(pool, dependency.name, ready | added)
    pool.AddSerializedFile(file.serialized_pb)
    return {*added, name}


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | data[at] << shift, at + 1
