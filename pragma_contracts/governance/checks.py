"""Refuses contract options that make no sense, before anything is generated or registered from them."""

import re

from pragma_contracts.errors import SchemaError
from pragma_contracts.governance.model import (
    DECIMAL_COLUMN,
    ENVELOPE,
    KEY_LAYOUT,
    MARKET_TYPE,
    ContractOption,
    Enum,
    Field,
    Message,
    Schemas,
)

# Number, name, kind and type of the fields that every contract starts with: any reader can read any contract's feed.
HEADER: tuple[tuple[int, str, str, str], ...] = (
    (1, "envelope", "message", ENVELOPE),
    (2, "market_type", "enum", MARKET_TYPE),
    (3, "network_id", "string", ""),
    (4, "source_id", "string", ""),
    (5, "token_ticker", "string", ""),
)
METADATA = 15
# The user's JSON form is flat, so a payload field cannot have the name of a common one.
COMMON_NAMES = frozenset(("message_id", "event_timestamp", "publish_timestamp", "producer", "version", "data_type"))

# What Kafka accepts as a topic name.
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_VERSION = re.compile(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)")
_TOKEN = re.compile(r"[a-z][a-z0-9_]*")


def check(schemas: Schemas) -> None:
    """Raises SchemaError, with file and line, for the first option that makes no sense."""
    topics: dict[str, Message] = {}
    data_types: dict[str, Message] = {}
    names: dict[str, Message] = {}
    for _, message, option in schemas.contracts():
        _check_option(message, option)
        _check_header(message)
        _claim(topics, option.topic, message, "topic")
        _claim(data_types, option.data_type, message, "data_type")
        _claim(names, message.name, message, "name")
    for file in schemas.files:
        if file.syntax != "proto3":
            raise SchemaError(file.name, 1, f'is written in {file.syntax}; contracts need syntax = "proto3"')
        for enum in file.walk_enums():
            _check_enum(enum)
        for message in file.walk():
            for field in message.fields:
                _check_field(schemas, message, field)
            if message.columns:
                _check_columns(message)


def _claim(taken: dict[str, Message], name: str, message: Message, what: str) -> None:
    other = taken.setdefault(name, message)
    if other is not message:
        raise SchemaError(message.file, message.line, f"{message.name}: {what} {name!r} is already {other.full_name}'s")


def _check_option(message: Message, option: ContractOption) -> None:
    def refuse(problem: str) -> SchemaError:
        return SchemaError(message.file, message.line, f"{message.name}: {problem}")

    if message.index != (0,):
        raise refuse("a contract must be the first message of its file: readers expect message index [0]")
    if not _TOPIC.fullmatch(option.topic):
        raise refuse(f"topic {option.topic!r} is no Kafka topic name; use pragma-{{datatype}}-v{{major}}")
    if not _TOKEN.fullmatch(option.data_type):
        raise refuse(f"data_type {option.data_type!r} must be lower_snake_case")
    if not _VERSION.fullmatch(option.version):
        raise refuse(f"version {option.version!r} must be 'major.minor', such as '1.0'")
    known = {field.name for field in message.fields}
    for name in option.key:
        if name not in known:
            raise refuse(f"key names {name!r}, which is no field of the message")
    if option.key != KEY_LAYOUT:
        raise refuse(f"key is {list(option.key)}; the record key of every contract is {list(KEY_LAYOUT)}")


def _check_header(message: Message) -> None:
    by_number = {field.number: field for field in message.fields}
    for number, name, kind, type_name in HEADER:
        field = by_number.get(number)
        if field is None or (field.name, field.kind, field.type_name) != (name, kind, type_name) or field.repeated:
            wanted = f"{type_name.rpartition('.')[2] or kind} {name} = {number}"
            raise SchemaError(message.file, message.line, f"{message.name}: a contract needs the field '{wanted}'")
        if not field.required:
            raise SchemaError(message.file, field.line, f"{message.name}.{name}: must have the option (required)")
    for field in message.fields:
        if (field.name == "metadata") != (field.number == METADATA):
            problem = f"number {METADATA} is for 'map<string, string> metadata', and metadata has no other"
            raise SchemaError(message.file, field.line, f"{message.name}.{field.name} = {field.number}: {problem}")
        if field.name in COMMON_NAMES:
            problem = "is the name of a common field, and the JSON form is flat; choose another"
            raise SchemaError(message.file, field.line, f"{message.name}.{field.name}: {problem}")


def _check_field(schemas: Schemas, message: Message, field: Field) -> None:
    def refuse(problem: str) -> SchemaError:
        return SchemaError(message.file, field.line, f"{message.name}.{field.name}: {problem}")

    if field.decimal and field.kind != "string":
        raise refuse(f"(decimal) is for a string, not for {field.kind}; use DecimalColumn for many values")
    if field.required and (field.repeated or field.oneof):
        raise refuse(
            "(required) is for a single field outside a oneof: an empty list cannot be told from an absent one"
        )
    if field.required and field.kind not in ("message", "string", "bytes", "enum") and not field.optional:
        raise refuse(f"(required) on {field.kind} needs 'optional', or an absent value cannot be told from zero")
    if field.order:
        target = schemas.messages.get(field.type_name)
        if target is None or not target.columns or field.repeated:
            raise refuse("(order) is for a single field whose message has the option (columns)")


def _check_columns(message: Message) -> None:
    for field in message.fields:
        if field.type_name != DECIMAL_COLUMN or field.repeated:
            problem = "(columns) is for messages that hold single DecimalColumn fields only"
            raise SchemaError(message.file, field.line, f"{message.name}.{field.name}: {problem}")
    if not message.fields:
        raise SchemaError(message.file, message.line, f"{message.name}: (columns) needs a DecimalColumn field")


def _check_enum(enum: Enum) -> None:
    texts: dict[str, int] = {}
    for value in enum.values:
        for text in {value.text, value.key_token} - {""}:
            if not _TOKEN.fullmatch(text):
                problem = f"text and key_token are lower_snake_case, not {text!r}"
                raise SchemaError(enum.file, value.line, f"{value.name}: {problem}")
            if texts.setdefault(text, value.number) != value.number:
                raise SchemaError(enum.file, value.line, f"{value.name}: {text!r} already names another value")
