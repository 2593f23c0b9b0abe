"""How the payload fields of a contract are set, each by the cheapest way there is for its kind."""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.messages import DecimalColumn
from pragma_contracts.wire.json_fields import is_repeated
from pragma_contracts.wire.table import TableWriter

# Sets a field of a message: (message, name, value).
Setter = Callable[[Any, str, Any], None]

# Those before it are the envelope and the identifiers: every contract has them in its fields 1 to 5.
_FIRST_OF_PAYLOAD = 6


def setters(contract: type[Message], scales: Mapping[str, int] | None) -> dict[str, Setter]:
    """How each payload field is set, by its name. Tables remember what they wrote, so they are made for each feed.

    Raises ConfigurationError: a scale makes no sense.
    """
    tables = tables_of(contract)
    if scales and not tables:
        raise ConfigurationError("scales", f"{contract.__name__} has no decimal columns; leave it out")
    found: dict[str, Setter] = {}
    for field in _payload(contract):
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            found[field.name] = _update
        elif is_repeated(field):
            found[field.name] = _extend
        elif field.message_type is None:
            found[field.name] = setattr
        elif field.name in tables:
            found[field.name] = _Rows(tables[field.name], scales).set
        else:
            found[field.name] = _copy
    return found


def tables_of(contract: type[Message]) -> dict[str, type[Message]]:
    """The payload fields that are a table of decimal columns, such as a side of a book, with their classes."""
    return {
        field.name: type(getattr(contract(), field.name))
        for field in _payload(contract)
        if field.message_type is not None and not is_repeated(field) and _is_table(field.message_type)
    }


def _payload(contract: type[Message]) -> list[FieldDescriptor]:
    fields: Any = contract.DESCRIPTOR.fields
    return [field for field in fields if field.number >= _FIRST_OF_PAYLOAD]


def _is_table(part: Descriptor) -> bool:
    return bool(part.fields) and all(column.message_type is DecimalColumn.DESCRIPTOR for column in part.fields)


def _update(message: Any, name: str, value: Any) -> None:
    message.ClearField(name)
    getattr(message, name).update(value)


def _extend(message: Any, name: str, value: Any) -> None:
    message.ClearField(name)
    getattr(message, name).extend(value)


def _copy(message: Any, name: str, value: Any) -> None:
    getattr(message, name).CopyFrom(value)


class _Rows:
    """Sets a table of decimal columns from its rows."""

    def __init__(self, table: type[Message], scales: Mapping[str, int] | None) -> None:
        self._writer = TableWriter(table, scales)

    def set(self, message: Any, name: str, value: Any) -> None:
        if isinstance(value, Message):
            getattr(message, name).CopyFrom(value)
        else:
            self._writer.write(getattr(message, name), value)
