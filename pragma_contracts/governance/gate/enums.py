"""Compares an enum that both schemas have."""

from collections.abc import Iterator

from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate.facts import (
    NOTHING,
    finding,
    left_number,
    others,
    reserved,
    running,
    taken,
    unreserved,
)
from pragma_contracts.governance.model import MARKET_TYPE, Enum, EnumValue


def enum(before: Enum, after: Enum) -> Iterator[Finding]:
    """Every difference between the enums."""
    if before.file != after.file:
        change = f"enum {after.full_name} moved from {before.file} to {after.file}"
        facts = {"name": after.path[-1], "before": before.file}
        yield finding("MESSAGE_SAME_FILE", after.place, after.full_name, change, **facts)
    with running("UNKNOWN_DIFFERENCE", after.full_name):
        yield from others(before.others, after.others, after.place, after.full_name, "enum")
    with running("RESERVED_NO_DELETE", after.full_name):
        yield from reserved(before.reserved, after.reserved, after.place, after.full_name)
    yield from _values(before, after)


def _values(before: Enum, after: Enum) -> Iterator[Finding]:
    aliased = _aliased(before, after)
    for number, change in aliased.items():
        place = next(value.place for value in after.values if value.number == number)
        yield finding("UNKNOWN_DIFFERENCE", place, after.full_name, change)
    numbers = {value.number: value for value in after.values}
    names = {value.name: value for value in after.values}
    old_numbers = {value.number for value in before.values}
    old_names = {value.name for value in before.values}
    for value in before.values:
        named, numbered = names.get(value.name), numbers.get(value.number)
        if named is not None and named.number != value.number:
            yield from _moved_value(after, value, named)
        # Two values that changed places have new numbers, not new names.
        if named is not None and (named.number == value.number or numbered is None or numbered.name in old_names):
            yield from _value(after, value, named)
        elif numbered is None:
            yield from _removed_value(after, value)
        elif value.number not in aliased:
            yield from _value(after, value, numbered)
    for value in after.values:
        if value.number not in old_numbers and value.name not in old_names:
            yield _added_value(before, after, value)


def _aliased(before: Enum, after: Enum) -> dict[int, str]:
    """What changed about the numbers that have several names on a side; JSON has the first one of them."""
    found = {}
    for number in dict.fromkeys(value.number for value in before.values):
        was, now = ([value.name for value in side.values if value.number == number] for side in (before, after))
        if now and was != now and len(was) + len(now) > 2:
            change = f"names of enum value {number} changed from {', '.join(was)} to {', '.join(now)}"
            found[number] = change
    return found


def _moved_value(enum: Enum, before: EnumValue, after: EnumValue) -> Iterator[Finding]:
    symbol = f"{enum.full_name}.{before.name}"
    change = f"number of enum value {before.name} changed from {before.number} to {after.number}"
    facts = {"name": before.name, "before": before.number}
    yield finding("ENUM_VALUE_SAME_NUMBER", after.place, symbol, change, **facts)
    is_free = all(value.number != before.number for value in enum.values)
    if is_free and not enum.reserved.has_number(before.number):
        yield left_number("ENUM_VALUE_NOT_RESERVED", after.place, symbol, "enum value", before.name, before.number)


def _removed_value(after: Enum, value: EnumValue) -> Iterator[Finding]:
    symbol = f"{after.full_name}.{value.name}"
    change = f"enum value {value.name} = {value.number} was removed"
    yield finding("ENUM_VALUE_NO_DELETE", after.place, symbol, change, name=value.name)
    missing, wanted = unreserved(value.number, value.name, after.reserved)
    if missing:
        facts = {"name": value.name, "before": missing, "wanted": wanted}
        change = f"{change} without reserving {missing}"
        yield finding("ENUM_VALUE_NOT_RESERVED", after.place, symbol, change, **facts)


def _added_value(before: Enum, after: Enum, value: EnumValue) -> Finding:
    symbol = f"{after.full_name}.{value.name}"
    if where := taken(value.number, value.name, before.reserved):
        change = f"enum value {value.name} = {value.number} takes what was reserved"
        return finding("ENUM_VALUE_NO_REUSE", value.place, symbol, change, name=value.name, where=where)
    for other in before.values:
        for word in sorted({value.text, value.key_token} & {other.text, other.key_token} - {""}):
            change = f"enum value {value.name} = {value.number} takes {word}, which stands for {other.name}"
            facts = {"name": value.name, "where": f"JSON or record keys have as {word}"}
            return finding("ENUM_VALUE_NO_REUSE", value.place, symbol, change, **facts)
    change = f"+ enum value {value.name} = {value.number} of {after.full_name}"
    return finding("ENUM_VALUE_ADDED", value.place, symbol, change, name=value.name)


def _value(enum: Enum, before: EnumValue, after: EnumValue) -> Iterator[Finding]:
    symbol = f"{enum.full_name}.{after.name}"
    # No record key holds a value of another enum, and there the token just follows the text.
    has_token = enum.full_name == MARKET_TYPE or (before.text, after.text) != (before.key_token, after.key_token)
    for rule, what, was, now in (
        ("ENUM_VALUE_SAME_NAME", "name", before.name, after.name),
        ("ENUM_VALUE_SAME_TEXT", "JSON text", before.text or NOTHING, after.text or NOTHING),
        ("ENUM_VALUE_SAME_KEY_TOKEN", "key token", before.key_token or NOTHING, after.key_token or NOTHING),
    ):
        if was != now and (has_token or rule != "ENUM_VALUE_SAME_KEY_TOKEN"):
            change = f"{what} of enum value {after.name} = {after.number} changed from {was} to {now}"
            yield finding(rule, after.place, symbol, change, before=was, after=now)
    yield from others(before.others, after.others, after.place, symbol, "enum value")
