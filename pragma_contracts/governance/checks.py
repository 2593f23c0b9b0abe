"""Refuses contract options that make no sense, before anything is generated or registered from them."""

import re

from pragma_contracts.errors import SchemaError
from pragma_contracts.governance.model import (
    DECIMAL_COLUMN,
    ENVELOPE,
    KEY_LAYOUT,
    MARKET_TYPE,
    TIMESTAMP,
    ContractOption,
    Enum,
    Field,
    Message,
    Schemas,
)
from pragma_contracts.governance.words import snake

# Number, name, kind and type of the fields that every contract starts with: any reader can read any contract's feed.
HEADER: tuple[tuple[int, str, str, str], ...] = (
    (1, "envelope", "message", ENVELOPE),
    (2, "market_type", "enum", MARKET_TYPE),
    (3, "network_id", "string", ""),
    (4, "source_id", "string", ""),
    (5, "token_ticker", "string", ""),
)
METADATA = 15
# The messages whose meaning the code knows: number, name, kind and type of their fields, which must be there.
_KNOWN_SHAPES: dict[str, tuple[tuple[int, str, str, str], ...]] = {
    ENVELOPE: (
        (1, "message_id", "string", ""),
        (2, "event_timestamp", "message", TIMESTAMP),
        (3, "publish_timestamp", "message", TIMESTAMP),
        (4, "producer", "string", ""),
        (5, "version", "string", ""),
    ),
    DECIMAL_COLUMN: ((1, "scale", "uint32", ""), (2, "unscaled", "sint64", ""), (3, "wide", "bytes", "")),
}
# The well-known types that have a JSON form of their own or are plain messages.
_WELL_KNOWN = frozenset(
    "google.protobuf." + name
    for name in (
        "BoolValue BytesValue DoubleValue Duration Empty FieldMask FloatValue Int32Value Int64Value StringValue "
        "Timestamp UInt32Value UInt64Value"
    ).split()
)

# What Kafka accepts as a topic name.
_TOPIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
_VERSION = re.compile(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)")
_TOKEN = re.compile(r"[a-z][a-z0-9_]*")


def check(schemas: Schemas) -> None:
    """Raises SchemaError, with file and line, for the first option that makes no sense."""
    topics: dict[str, Message] = {}
    data_types: dict[str, Message] = {}
    names: dict[str, Message] = {}
    for file in schemas.files:
        if file.syntax != "proto3":
            raise SchemaError(file.name, 1, f'is written in {file.syntax}; contracts need syntax = "proto3"')
        for message in file.walk():
            _check_shape(message)
    for _, message, option in schemas.contracts():
        _check_option(message, option)
        _check_header(message)
        _check_payload(schemas, message)
        _claim(topics, option.topic, message, "topic")
        _claim(data_types, option.data_type, message, "data_type")
        _claim(names, snake(message.name), message, "name")
    for file in schemas.files:
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
        problem = f"{what} {name!r} is already that of {other.full_name} ({other.file}:{other.line})"
        raise SchemaError(message.file, message.line, f"{message.name}: {problem}")


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


def _check_payload(schemas: Schemas, message: Message) -> None:
    # The user's JSON form is flat, so a payload field cannot have the name of a common one.
    common = {"data_type", *(field.name for field in schemas.messages[ENVELOPE].fields)}
    for field in message.fields:
        is_metadata = field.name == "metadata" and field.number == METADATA and _is_text_map(schemas, field)
        if not is_metadata and (field.name == "metadata" or field.number == METADATA):
            problem = f"number {METADATA} is for 'map<string, string> metadata', and metadata has no other"
            raise SchemaError(message.file, field.line, f"{message.name}.{field.name} = {field.number}: {problem}")
        if field.name in common:
            problem = "is the name of a common field, and the JSON form is flat; choose another"
            raise SchemaError(message.file, field.line, f"{message.name}.{field.name}: {problem}")
    _check_held(schemas, message, {message.full_name})


def _is_text_map(schemas: Schemas, field: Field) -> bool:
    entry = schemas.map_entry(field)
    return entry is not None and [part.kind for part in entry.fields] == ["string", "string"]


def _check_held(schemas: Schemas, message: Message, seen: set[str]) -> None:
    """What a contract holds, at any depth, must be something that its checks and its JSON form can be made for."""
    for field in message.fields:
        if field.kind != "message":
            continue
        target = schemas.messages[field.type_name]
        if target.contract is not None:
            problem = f"{target.full_name} is a contract, and a contract cannot be part of a message"
        elif target.file.startswith("google/") and target.full_name not in _WELL_KNOWN:
            problem = f"{target.full_name} has no JSON form here; write the fields that you mean"
        else:
            if target.full_name not in seen:
                seen.add(target.full_name)
                _check_held(schemas, target, seen)
            continue
        raise SchemaError(message.file, field.line, f"{message.name}.{field.name}: {problem}")


def _check_shape(message: Message) -> None:
    found = {(field.number, field.name, field.kind, field.type_name) for field in message.fields}
    for field in _KNOWN_SHAPES.get(message.full_name, ()):
        if field not in found:
            number, name, kind, type_name = field
            problem = f"must have the field '{type_name or kind} {name} = {number}', which the code fills in and reads"
            raise SchemaError(message.file, message.line, f"{message.name}: {problem}")


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
        if field.required:
            problem = "(required) says nothing in a message of (columns), where an absent column is one without rows"
            raise SchemaError(message.file, field.line, f"{message.name}.{field.name}: {problem}")
    if not message.fields:
        raise SchemaError(message.file, message.line, f"{message.name}: (columns) needs a DecimalColumn field")


def _check_enum(enum: Enum) -> None:
    texts: dict[str, int] = {}
    numbers: dict[int, str] = {}
    for value in enum.values:
        if value.number == 0 and (value.text or value.key_token):
            problem = "the zero value means that nothing was set, so it has neither text nor key_token"
            raise SchemaError(enum.file, value.line, f"{value.name}: {problem}")
        other = numbers.setdefault(value.number, value.name)
        if other != value.name:
            problem = f"is an alias of {other}: two texts for one number could not both be read back"
            raise SchemaError(enum.file, value.line, f"{value.name}: {problem}")
        for text in {value.text, value.key_token} - {""}:
            if not _TOKEN.fullmatch(text):
                problem = f"text and key_token are lower_snake_case, not {text!r}"
                raise SchemaError(enum.file, value.line, f"{value.name}: {problem}")
            if texts.setdefault(text, value.number) != value.number:
                raise SchemaError(enum.file, value.line, f"{value.name}: {text!r} already names another value")
