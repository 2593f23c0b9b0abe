"""The JSON form of one value: scalars, enums, times, decimal columns and the sides of books."""

import base64
import binascii
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
from pragma_contracts.rules import Where
from pragma_contracts.wire import column, timestamps

_BOOL = FieldDescriptor.CPPTYPE_BOOL
_FLOATS = (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE)


@dataclass(frozen=True, slots=True)
class ValueForm:
    """write(value, where, path) gives JSON; read(json, into, where, path) gives a scalar, or fills the message `into`.

    `always`: an absent value is written too, as an empty list.
    """

    write: Callable[[Any, Where, str], Any]
    read: Callable[[Any, Any, Where, str], Any]
    always: bool = False


def scalar(field: FieldDescriptor) -> ValueForm:
    """The form of a field that is no message."""
    if field.enum_type is not None:
        return _enum(ENUMS[field.enum_type.full_name])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _BYTES
    if field.type == FieldDescriptor.TYPE_STRING:
        return _plain((str,), "text")
    if field.cpp_type == _BOOL:
        return _plain((bool,), "true or false")
    if field.cpp_type in _FLOATS:
        return _plain((float, int), "a number")
    return _plain((int,), "a whole number")


def special(descriptor: Descriptor) -> ValueForm | None:
    """The form of a message that is no object in JSON, or None."""
    if descriptor.full_name == Timestamp.DESCRIPTOR.full_name:
        return _TIMESTAMP
    if descriptor.full_name == DecimalColumn.DESCRIPTOR.full_name:
        return _COLUMN
    if descriptor.GetOptions().Extensions[options_pb2.columns]:
        return _rows(descriptor)
    return None


def _plain(types: tuple[type, ...], name: str) -> ValueForm:
    def read(value: Any, _into: None, where: Where, path: str) -> Any:
        # A bool is an int to Python, never to a contract.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise where.error(path, value, f"must be {name}, not {type(value).__name__}")
        return value

    return ValueForm(lambda value, _where, _path: value, read)


def _enum(members: type[ContractEnum]) -> ValueForm:
    texts: dict[int, str] = {member: member.text for member in members if member.text}

    def write(value: int, _where: Where, _path: str) -> str | int:
        return texts.get(value, value)

    def read(value: Any, _into: None, where: Where, path: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        member = members.from_text(value) if isinstance(value, str) else None
        if member is None:
            raise where.error(path, value, f"must be one of {', '.join(texts.values())}")
        return member

    return ValueForm(write, read)


def _read_bytes(value: Any, _into: None, where: Where, path: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise where.error(path, value, "must be base64 text") from error


_BYTES = ValueForm(lambda value, _where, _path: base64.b64encode(value).decode(), _read_bytes)


def _write_timestamp(value: Timestamp, where: Where, path: str) -> str:
    if not rules.is_timestamp(value):
        raise where.error(path, (value.seconds, value.nanos), rules.BAD_TIMESTAMP)
    return timestamps.to_text(value)


def _read_timestamp(value: Any, into: Timestamp, where: Where, path: str) -> None:
    parts = timestamps.from_text(value) if isinstance(value, str) else None
    if parts is None:
        raise where.error(path, value, timestamps.BAD_TEXT)
    into.seconds, into.nanos = parts
    into.SetInParent()


_TIMESTAMP = ValueForm(_write_timestamp, _read_timestamp)


def _write_column(value: DecimalColumn, where: Where, path: str) -> list[str]:
    try:
        return column.texts(value)
    except InvalidDecimal as error:
        raise where.error(path, error.value, error.problem) from error


def _read_column(value: Any, into: DecimalColumn, where: Where, path: str) -> None:
    _check_texts(value, None, where, path)
    try:
        column.write_column(into, value)
    except InvalidDecimal as error:
        raise where.error(f"{path}[{value.index(error.value)}]", error.value, error.problem) from error


_COLUMN = ValueForm(_write_column, _read_column, always=True)


def _rows(descriptor: Descriptor) -> ValueForm:
    """A message of columns as a list of rows, such as [["65432.10", "0.5"], …]."""
    names = [field.name for field in descriptor.fields]

    def write(value: Message, where: Where, path: str) -> list[list[str]]:
        columns = [_write_column(getattr(value, name), where, f"{path}.{name}") for name in names]
        if any(len(column) != len(columns[0]) for column in columns):
            raise where.error(path, [len(column) for column in columns], f"values of {', '.join(names)} differ")
        return [list(row) for row in zip(*columns, strict=True)]

    def read(value: Any, into: Message, where: Where, path: str) -> None:
        if not isinstance(value, list | tuple):
            raise where.error(path, value, f"must be a list of [{', '.join(names)}]")
        for at, row in enumerate(value):
            _check_texts(row, names, where, f"{path}[{at}]")
        if not value:
            # An absent side and an empty one mean the same; absent takes no bytes.
            return
        for place, name in enumerate(names):
            texts = [row[place] for row in value]
            try:
                column.write_column(getattr(into, name), texts)
            except InvalidDecimal as error:
                raise where.error(f"{path}[{texts.index(error.value)}][{place}]", error.value, error.problem) from error

    return ValueForm(write, read, always=True)


def _check_texts(value: Any, names: list[str] | None, where: Where, path: str) -> None:
    shape = f"must be [{', '.join(names)}]" if names else "must be a list"
    if not isinstance(value, list | tuple) or (names and len(value) != len(names)):
        raise where.error(path, value, f"{shape}, each as decimal text")
    for at, text in enumerate(value):
        if not isinstance(text, str):
            raise where.error(f"{path}[{at}]", text, f"must be decimal text, not {type(text).__name__}")
