"""Contracts: their option, the fields that all of them start with, and what they may hold."""

import re
from collections.abc import Iterator
from dataclasses import replace

from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.lint.rules import RULES
from pragma_contracts.governance.model import (
    ENVELOPE,
    KEY_LAYOUT,
    MARKET_TYPE,
    ContractOption,
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
_DATA_TYPE = re.compile(r"[a-z][a-z0-9_]*")


def contracts(schemas: Schemas) -> Iterator[Finding]:
    """What is wrong with contracts, each for itself and beside the others."""
    claimed: dict[tuple[str, str], Message] = {}
    for _, message, option in schemas.contracts():
        yield from _option(message, option)
        yield from _header(message)
        yield from _payload(schemas, message)
        yield from _parts(schemas, message)
        for what, name in ("topic", option.topic), ("data_type", option.data_type), ("name", snake(message.name)):
            other = claimed.setdefault((what, name), message)
            if other is not message:
                problem = f"{what} {name!r} is already that of {other.full_name} ({other.file}:{other.line})"
                yield of_message("CONTRACT_UNIQUE", message, problem)


def of_message(rule: str, message: Message, problem: str) -> Finding:
    """A finding about a message as a whole."""
    return RULES[rule].finding(message.place, message.full_name, f"{message.name}: {problem}")


def of_field(rule: str, message: Message, field: Field, problem: str) -> Finding:
    """A finding about one field of a message."""
    symbol = f"{message.full_name}.{field.name}"
    return RULES[rule].finding(field.place, symbol, f"{message.name}.{field.name}: {problem}")


def _option(message: Message, option: ContractOption) -> Iterator[Finding]:
    if message.index != (0,):
        problem = "a contract must be the first message of its file: readers expect message index [0]"
        yield of_message("CONTRACT_FIRST", message, problem)
    if not _TOPIC.fullmatch(option.topic):
        problem = f"topic {option.topic!r} is no Kafka topic name; use pragma-{{datatype}}-v{{major}}"
        yield of_message("CONTRACT_TOPIC", message, problem)
    if not _DATA_TYPE.fullmatch(option.data_type):
        problem = f"data_type {option.data_type!r} must be lower_snake_case"
        yield of_message("CONTRACT_DATA_TYPE", message, problem)
    if not _VERSION.fullmatch(option.version):
        problem = f"version {option.version!r} must be 'major.minor', such as '1.0'"
        yield of_message("CONTRACT_VERSION", message, problem)
    known = {field.name for field in message.fields}
    unknown = [name for name in option.key if name not in known]
    for name in unknown:
        yield of_message("CONTRACT_KEY", message, f"key names {name!r}, which is no field of the message")
    if option.key != KEY_LAYOUT and not unknown:
        problem = f"key is {list(option.key)}; the record key of every contract is {list(KEY_LAYOUT)}"
        yield of_message("CONTRACT_KEY", message, problem)


def _header(message: Message) -> Iterator[Finding]:
    by_number = {field.number: field for field in message.fields}
    for number, name, kind, type_name in HEADER:
        field = by_number.get(number)
        if (
            field is None
            or (field.name, field.kind, field.type_name) != (name, kind, type_name)
            or field.repeated
            or field.optional
        ):
            wanted = f"{type_name.rpartition('.')[2] or kind} {name} = {number}"
            yield of_message("CONTRACT_HEADER", message, f"a contract needs the field '{wanted}'")
        elif not field.required:
            yield of_field("CONTRACT_HEADER", message, field, "must have the option (required)")


def _payload(schemas: Schemas, message: Message) -> Iterator[Finding]:
    # The user's JSON form is flat, so a payload field cannot have the name of a common one.
    envelope = schemas.messages.get(ENVELOPE)
    common = {"data_type", *(field.name for field in (envelope.fields if envelope else ()))}
    for field in message.fields:
        is_metadata = field.name == "metadata" and field.number == METADATA and _is_text_map(schemas, field)
        if not is_metadata and (field.name == "metadata" or field.number == METADATA):
            problem = f"number {METADATA} is for 'map<string, string> metadata', and metadata has no other"
            symbol = f"{message.full_name}.{field.name}"
            change = f"{message.name}.{field.name} = {field.number}: {problem}"
            yield RULES["CONTRACT_METADATA"].finding(field.place, symbol, change)
        if field.name in common:
            problem = "is the name of a common field, and the JSON form is flat; choose another"
            yield of_field("CONTRACT_FIELD_NAME", message, field, problem)


def _is_text_map(schemas: Schemas, field: Field) -> bool:
    entry = schemas.map_entry(field)
    return entry is not None and [part.kind for part in entry.fields] == ["string", "string"]


def _parts(schemas: Schemas, contract: Message) -> Iterator[Finding]:
    for message, field in held(schemas, contract):
        target = schemas.messages.get(field.type_name)
        if target is None or _has_form(target):
            continue
        if target.contract is not None:
            problem = f"{target.full_name} is a contract, and a contract cannot be part of a message"
        else:
            problem = f"{target.full_name} has no JSON form here; write the fields that you mean"
        yield of_field("CONTRACT_PARTS", message, field, problem)


def held(schemas: Schemas, contract: Message) -> Iterator[tuple[Message, Field]]:
    """Every field that a contract holds at any depth, with the message that it stands in; of a map, its value."""
    seen, waiting = {contract.full_name}, [contract]
    while waiting:
        message = waiting.pop()
        for written in message.fields:
            entry = schemas.map_entry(written)
            field = written if entry is None else replace(entry.fields[1], name=written.name, place=written.place)
            yield message, field
            target = schemas.messages.get(field.type_name)
            if target is not None and _has_form(target) and target.full_name not in seen:
                seen.add(target.full_name)
                waiting.append(target)


def _has_form(target: Message) -> bool:
    """Whether checks and a JSON form can be made for a message that stands in a contract."""
    if target.contract is not None:
        return False
    return not target.file.startswith("google/") or target.full_name in _WELL_KNOWN
