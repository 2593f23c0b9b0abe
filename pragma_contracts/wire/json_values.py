"""The JSON form of one value: scalars, enums, times, decimal columns and the sides of books."""

import base64
import binascii
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from pragma_contracts import rules
from pragma_contracts.contract import ContractEnum
from pragma_contracts.errors import InvalidDecimal
from pragma_contracts.messages import ENUMS, DecimalColumn
from pragma_contracts.messages.pragma.contracts.v1 import options_pb2
from pragma_contracts.wire import column, timestamps
from pragma_contracts.wire.json_place import Place

_INT32, _UINT32 = FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32
_INT64, _UINT64 = FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64
# The smallest and the largest value of each type of whole numbers.
INTEGERS = {
    _INT32: (-(1 << 31), (1 << 31) - 1),
    _INT64: (-(1 << 63), (1 << 63) - 1),
    _UINT32: (0, (1 << 32) - 1),
    _UINT64: (0, (1 << 64) - 1),
}
_FLOATS = {FieldDescriptor.CPPTYPE_FLOAT: struct.Struct("<f"), FieldDescriptor.CPPTYPE_DOUBLE: struct.Struct("<d")}


@dataclass(frozen=True, slots=True)
class ValueForm:
    """write(value, place, name) gives JSON; read(json, into, place, name) gives a scalar, or fills the message `into`.

    `place` is where the message stands that has the field `name`, or "name[3]" in a list. `always`: an absent value is
    written too, as an empty list.
    """

    write: Callable[[Any, Place, str], Any]
    read: Callable[[Any, Any, Place, str], Any]
    always: bool = False


def scalar(field: FieldDescriptor) -> ValueForm:
    """The form of a field that is no message."""
    if field.enum_type is not None:
        return _enum(ENUMS[field.enum_type.full_name])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _BYTES
    if field.type == FieldDescriptor.TYPE_STRING:
        return _TEXT
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _BOOL
    if field.cpp_type in _FLOATS:
        return _number(_FLOATS[field.cpp_type])
    return _whole(*INTEGERS[field.cpp_type])


def special(descriptor: Descriptor) -> ValueForm | None:
    """The form of a message that is no object in JSON, or None."""
    if descriptor.full_name == Timestamp.DESCRIPTOR.full_name:
        return _TIMESTAMP
    if descriptor.full_name == DecimalColumn.DESCRIPTOR.full_name:
        return _COLUMN
    if descriptor.GetOptions().Extensions[options_pb2.columns]:
        return _rows(descriptor)
    return None


def _as_it_is(value: Any, _place: Place, _name: str) -> Any:
    return value


def _read_text(value: Any, _into: None, place: Place, name: str) -> str:
    if not isinstance(value, str):
        raise place.error(name, value, f"must be text, not {type(value).__name__}")
    if not rules.is_text(value):
        raise place.error(name, value, "has a lone surrogate, which has no UTF-8")
    return value


_TEXT = ValueForm(_as_it_is, _read_text)


def _read_bool(value: Any, _into: None, place: Place, name: str) -> bool:
    if not isinstance(value, bool):
        raise place.error(name, value, f"must be true or false, not {type(value).__name__}")
    return value


_BOOL = ValueForm(_as_it_is, _read_bool)


def _is_int(value: Any) -> bool:
    # A bool is an int to Python, never to a contract.
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(first: int, last: int) -> ValueForm:
    def read(value: Any, _into: None, place: Place, name: str) -> int:
        if not _is_int(value):
            raise place.error(name, value, f"must be a whole number, not {type(value).__name__}")
        if not first <= value <= last:
            raise place.error(name, value, f"must be {first} to {last}")
        return int(value)

    return ValueForm(_as_it_is, read)


def _number(packed: struct.Struct) -> ValueForm:
    def write(value: float, place: Place, name: str) -> float:
        if not math.isfinite(value):
            raise place.error(name, value, "is no number that JSON has")
        return value

    def read(value: Any, _into: None, place: Place, name: str) -> float:
        if not isinstance(value, float) and not _is_int(value):
            raise place.error(name, value, f"must be a number, not {type(value).__name__}")
        try:
            packed.pack(float(value))
        except OverflowError as error:
            raise place.error(name, value, f"is too large for a float of {packed.size * 8} bits") from error
        return float(write(value, place, name))

    return ValueForm(write, read)


def _enum(members: type[ContractEnum]) -> ValueForm:
    number = _whole(*INTEGERS[_INT32])
    texts: dict[int, str] = {member: member.text for member in members if member.text}

    def write(value: int, _place: Place, _name: str) -> str | int:
        return texts.get(value, value)

    def read(value: Any, _into: None, place: Place, name: str) -> int:
        if _is_int(value):
            return int(number.read(value, None, place, name))
        member = members.from_text(value) if isinstance(value, str) else None
        if member is None:
            raise place.error(name, value, f"must be one of {', '.join(texts.values())}")
        return member

    return ValueForm(write, read)


def _read_bytes(value: Any, _into: None, place: Place, name: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise place.error(name, value, "must be base64 text") from error


_BYTES = ValueForm(lambda value, _place, _name: base64.b64encode(value).decode(), _read_bytes)


def _write_timestamp(value: Timestamp, place: Place, name: str) -> str:
    if not rules.is_timestamp(value):
        raise place.error(name, (value.seconds, value.nanos), rules.BAD_TIMESTAMP)
    return timestamps.to_text(value)


def _read_timestamp(value: Any, into: Timestamp, place: Place, name: str) -> None:
    parts = timestamps.from_text(value) if isinstance(value, str) else None
    if parts is None:
        raise place.error(name, value, timestamps.BAD_TEXT)
    into.seconds, into.nanos = parts
    into.SetInParent()


_TIMESTAMP = ValueForm(_write_timestamp, _read_timestamp)


def _write_column(value: DecimalColumn, place: Place, name: str) -> list[str]:
    rules.check_column(value, place.where, place.path + name)
    return column.texts(value)


def _read_column(value: Any, into: DecimalColumn, place: Place, name: str) -> None:
    _check_texts(value, None, place, name)
    if not value:
        # As with rows: an absent column and an empty one mean the same, and absent takes no bytes.
        return
    try:
        column.write_column(into, value)
    except InvalidDecimal as error:
        raise place.error(f"{name}[{value.index(error.value)}]", error.value, error.problem) from error


_COLUMN = ValueForm(_write_column, _read_column, always=True)


def _rows(descriptor: Descriptor) -> ValueForm:
    """A message of columns as a list of rows, such as [["65432.10", "0.5"], …]."""
    columns = [field.name for field in descriptor.fields]

    def write(value: Message, place: Place, name: str) -> list[list[str]]:
        texts = [_write_column(getattr(value, inner), place, f"{name}.{inner}") for inner in columns]
        if any(len(values) != len(texts[0]) for values in texts):
            raise place.error(name, [len(values) for values in texts], f"values of {', '.join(columns)} differ")
        return [list(row) for row in zip(*texts, strict=True)]

    def read(value: Any, into: Message, place: Place, name: str) -> None:
        if not isinstance(value, list | tuple):
            raise place.error(name, value, f"must be a list of [{', '.join(columns)}]")
        for at, row in enumerate(value):
            _check_texts(row, columns, place, f"{name}[{at}]")
        if not value:
            # An absent side and an empty one mean the same; absent takes no bytes.
            return
        for index, inner in enumerate(columns):
            texts = [row[index] for row in value]
            try:
                column.write_column(getattr(into, inner), texts)
            except InvalidDecimal as error:
                at = texts.index(error.value)
                raise place.error(f"{name}[{at}][{index}]", error.value, error.problem) from error

    return ValueForm(write, read, always=True)


def _check_texts(value: Any, columns: list[str] | None, place: Place, name: str) -> None:
    if not isinstance(value, list | tuple) or (columns and len(value) != len(columns)):
        shape = f"must be [{', '.join(columns)}]" if columns else "must be a list"
        raise place.error(name, value, f"{shape}, each as decimal text")
    for at, text in enumerate(value):
        if not isinstance(text, str):
            raise place.error(f"{name}[{at}]", text, f"must be decimal text, not {type(text).__name__}")
