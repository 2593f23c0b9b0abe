"""Compares an enum that both schemas have."""

from collections.abc import Iterator

from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate.facts import finding, others, reserved, unreserved
from pragma_contracts.governance.model import Enum, EnumValue


def enum(before: Enum, after: Enum) -> Iterator[Finding]:
    """Every difference between the enums."""
    if before.file != after.file:
        change = f"enum {after.full_name} moved from {before.file} to {after.file}"
        facts = {"name": after.path[-1], "before": before.file}
        yield finding("MESSAGE_SAME_FILE", after.place, after.full_name, change, **facts)
    yield from others(before.others, after.others, after.place, after.full_name, "enum")
    yield from reserved(before.reserved, after.reserved, after.place, after.full_name)
    numbers = {value.number: value for value in after.values}
    names = {value.name: value for value in after.values}
    old_numbers = {value.number for value in before.values}
    old_names = {value.name for value in before.values}
    for value in before.values:
        if value.number in numbers:
            yield from _value(after, value, numbers[value.number])
        elif value.name in names:
            moved = names[value.name]
            change = f"number of enum value {value.name} changed from {value.number} to {moved.number}"
            facts = {"name": value.name, "before": str(value.number)}
            yield finding("ENUM_VALUE_SAME_NUMBER", moved.place, f"{after.full_name}.{value.name}", change, **facts)
        else:
            yield from _removed_value(after, value)
    for value in after.values:
        if value.number not in old_numbers and value.name not in old_names:
            yield _added_value(before, after, value)


def _removed_value(after: Enum, value: EnumValue) -> Iterator[Finding]:
    symbol = f"{after.full_name}.{value.name}"
    change = f"enum value {value.name} = {value.number} was removed"
    yield finding("ENUM_VALUE_NO_DELETE", after.place, symbol, change, name=value.name)
    missing = unreserved(value.number, value.name, after.reserved)
    if missing:
        facts = {"name": value.name, "number": value.number, "before": missing}
        change = f"{change} without reserving {missing}"
        yield finding("ENUM_VALUE_NOT_RESERVED", after.place, symbol, change, **facts)


def _added_value(before: Enum, after: Enum, value: EnumValue) -> Finding:
    symbol = f"{after.full_name}.{value.name}"
    facts = {"name": value.name, "number": value.number}
    if before.reserved.has_number(value.number) or value.name in before.reserved.names:
        change = f"enum value {value.name} = {value.number} takes what was reserved"
        return finding("ENUM_VALUE_NO_REUSE", value.place, symbol, change, **facts)
    change = f"+ enum value {value.name} = {value.number} of {after.full_name}"
    return finding("ENUM_VALUE_ADDED", value.place, symbol, change, **facts)


def _value(enum: Enum, before: EnumValue, after: EnumValue) -> Iterator[Finding]:
    symbol = f"{enum.full_name}.{after.name}"
    for rule, what, was, now in (
        ("ENUM_VALUE_SAME_NAME", "name", before.name, after.name),
        ("ENUM_VALUE_SAME_TEXT", "JSON text", before.text, after.text),
        ("ENUM_VALUE_SAME_KEY_TOKEN", "key token", before.key_token, after.key_token),
    ):
        if was != now:
            change = f"{what} of enum value {after.name} = {after.number} changed from {was} to {now}"
            yield finding(rule, after.place, symbol, change, before=was, after=now)
    yield from others(before.others, after.others, after.place, symbol, "enum value")
