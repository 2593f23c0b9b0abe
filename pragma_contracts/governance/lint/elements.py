"""Files, messages, fields and enums: options that make no sense on them, in a contract or not."""

import re
from collections.abc import Iterator

from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.lint.contracts import of_field, of_message
from pragma_contracts.governance.lint.rules import RULES
from pragma_contracts.governance.model import (
    DECIMAL_COLUMN,
    ENVELOPE,
    TIMESTAMP,
    Enum,
    EnumValue,
    Field,
    File,
    Message,
    Place,
    Schemas,
)

# The messages whose meaning the code knows: number, name, kind and type of their fields, which must be there.
_KNOWN: dict[str, tuple[tuple[int, str, str, str], ...]] = {
    ENVELOPE: (
        (1, "message_id", "string", ""),
        (2, "event_timestamp", "message", TIMESTAMP),
        (3, "publish_timestamp", "message", TIMESTAMP),
        (4, "producer", "string", ""),
        (5, "version", "string", ""),
    ),
    DECIMAL_COLUMN: ((1, "scale", "uint32", ""), (2, "unscaled", "sint64", ""), (3, "wide", "bytes", "")),
}
_TOKEN = re.compile(r"[a-z][a-z0-9_]*")


def known(file: File) -> Iterator[Finding]:
    """What is wrong with a file's syntax, and with the messages in it whose meaning the code knows."""
    if file.syntax != "proto3":
        problem = f'is written in {file.syntax}; contracts need syntax = "proto3"'
        yield RULES["SYNTAX_PROTO3"].finding(Place(file.name, 1, 1), file.name, problem)
    for message in file.walk():
        found = {(field.number, field.name, field.kind, field.type_name) for field in message.fields}
        for field in _KNOWN.get(message.full_name, ()):
            if field not in found:
                number, name, kind, type_name = field
                wanted = f"{type_name or kind} {name} = {number}"
                problem = f"must have the field '{wanted}', which the code fills in and reads"
                yield of_message("MESSAGE_KNOWN", message, problem)


def elements(schemas: Schemas) -> Iterator[Finding]:
    """What is wrong with options of enums, fields and messages."""
    for file in schemas.files:
        for enum in file.walk_enums():
            yield from _enum(enum)
        for message in file.walk():
            for field in message.fields:
                yield from _field(schemas, message, field)
            if message.columns:
                yield from _columns(message)


def _field(schemas: Schemas, message: Message, field: Field) -> Iterator[Finding]:
    if field.decimal and field.kind != "string":
        problem = f"(decimal) is for a string, not for {field.kind}; use DecimalColumn for many values"
        yield of_field("FIELD_DECIMAL", message, field, problem)
    if field.required and (field.repeated or field.oneof):
        problem = "(required) is for a single field outside a oneof: an empty list cannot be told from an absent one"
        yield of_field("FIELD_REQUIRED", message, field, problem)
    elif field.required and field.kind not in ("message", "string", "bytes", "enum") and not field.optional:
        problem = f"(required) on {field.kind} needs 'optional', or an absent value cannot be told from zero"
        yield of_field("FIELD_REQUIRED", message, field, problem)
    if field.order:
        target = schemas.messages.get(field.type_name)
        if target is None or not target.columns or field.repeated:
            problem = "(order) is for a single field whose message has the option (columns)"
            yield of_field("FIELD_ORDER", message, field, problem)


def _columns(message: Message) -> Iterator[Finding]:
    for field in message.fields:
        if field.type_name != DECIMAL_COLUMN or field.repeated:
            problem = "(columns) is for messages that hold single DecimalColumn fields only"
            yield of_field("MESSAGE_COLUMNS", message, field, problem)
        elif field.required:
            problem = "(required) says nothing in a message of (columns), where an absent column is one without rows"
            yield of_field("MESSAGE_COLUMNS", message, field, problem)
    if not message.fields:
        yield of_message("MESSAGE_COLUMNS", message, "(columns) needs a DecimalColumn field")


def _enum(enum: Enum) -> Iterator[Finding]:
    texts: dict[str, int] = {}
    numbers: dict[int, str] = {}
    for value in enum.values:
        if value.number == 0 and (value.text or value.key_token):
            problem = "the zero value means that nothing was set, so it has neither text nor key_token"
            yield of_value("ENUM_TEXT", enum, value, problem)
        other = numbers.setdefault(value.number, value.name)
        if other != value.name:
            problem = f"is an alias of {other}: two texts for one number could not both be read back"
            yield of_value("ENUM_TEXT", enum, value, problem)
        for text in sorted({value.text, value.key_token} - {""}):
            if not _TOKEN.fullmatch(text):
                problem = f"text and key_token are lower_snake_case, not {text!r}"
                yield of_value("ENUM_TEXT", enum, value, problem)
            elif texts.setdefault(text, value.number) != value.number:
                yield of_value("ENUM_TEXT", enum, value, f"{text!r} already names another value")


def of_value(rule: str, enum: Enum, value: EnumValue, problem: str) -> Finding:
    """A finding about one value of an enum."""
    return RULES[rule].finding(value.place, f"{enum.full_name}.{value.name}", f"{value.name}: {problem}")
