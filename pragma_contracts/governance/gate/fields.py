"""Compares the fields of a message that both schemas have."""

from collections.abc import Callable, Iterator
from typing import Any

from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate.facts import (
    NOTHING,
    finding,
    flag,
    left_number,
    others,
    running,
    taken,
    unreserved,
)
from pragma_contracts.governance.gate.misreadings import of_cardinality, of_oneof, of_type, zero
from pragma_contracts.governance.model import Field, Message, Others, Schemas


def fields(old: Schemas, new: Schemas, before: Message, after: Message) -> Iterator[Finding]:
    """Every difference between the fields."""
    numbers = {field.number: field for field in after.fields}
    names = {field.name: field for field in after.fields}
    old_numbers = {field.number for field in before.fields}
    old_names = {field.name for field in before.fields}
    for field in before.fields:
        symbol = f"{after.full_name}.{field.name}"
        if field.number in numbers:
            now = numbers[field.number]
            yield from _field(old, new, after, field, now, renamed=not (field.name in names and now.name in old_names))
        if field.name in names and names[field.name].number != field.number:
            with running("FIELD_SAME_NUMBER", symbol):
                yield from _moved_field(after, field, names[field.name], numbers.get(field.number))
        elif field.number not in numbers:
            with running("FIELD_NO_DELETE", symbol):
                yield from _removed_field(old, before, after, field)
    for field in after.fields:
        if field.number not in old_numbers and field.name not in old_names:
            with running("FIELD_ADDED", f"{after.full_name}.{field.name}"):
                yield _added_field(new, before, after, field)


def _moved_field(message: Message, before: Field, after: Field, instead: Field | None) -> Iterator[Finding]:
    symbol = f"{message.full_name}.{before.name}"
    change = f"number of field {before.name} changed from {before.number} to {after.number}"
    misread = f"{before.name} as {zero(before)}" if instead is None else f"what is now {instead.name} as {before.name}"
    facts = {"before": before.number, "misread": misread}
    yield finding("FIELD_SAME_NUMBER", after.place, symbol, change, **facts)
    if instead is None and not message.reserved.has_number(before.number):
        yield left_number("FIELD_NOT_RESERVED", after.place, symbol, "field", before.name, before.number)


def _removed_field(old: Schemas, before: Message, after: Message, field: Field) -> Iterator[Finding]:
    symbol = f"{after.full_name}.{field.name}"
    change = f"field {_written(old, before, field)} was removed"
    yield finding("FIELD_NO_DELETE", after.place, symbol, change, name=field.name, zero=zero(field))
    missing, wanted = unreserved(field.number, field.name, after.reserved)
    if missing:
        change = f"field {field.name} = {field.number} was removed without reserving {missing}"
        facts = {"name": field.name, "before": missing, "wanted": wanted}
        yield finding("FIELD_NOT_RESERVED", after.place, symbol, change, **facts)


def _added_field(new: Schemas, before: Message, after: Message, field: Field) -> Finding:
    symbol = f"{after.full_name}.{field.name}"
    written = _written(new, after, field) + (f" in oneof {field.oneof}" if field.oneof else "")
    if where := taken(field.number, field.name, before.reserved):
        change = f"field {written} takes what was reserved"
        return finding("FIELD_NO_REUSE", field.place, symbol, change, name=field.name, where=where)
    if field.required:
        change = f"required field {written} was added"
        return finding("FIELD_ADDED_REQUIRED", field.place, symbol, change, name=field.name)
    rule = "ONEOF_FIELD_ADDED" if field.oneof in before.oneofs else "FIELD_ADDED"
    return finding(rule, field.place, symbol, f"+ field {written}", name=field.name)


def _field(
    old: Schemas, new: Schemas, message: Message, before: Field, after: Field, *, renamed: bool
) -> Iterator[Finding]:
    symbol, place = f"{message.full_name}.{after.name}", after.place
    # What is told otherwise. Two fields that changed places have new numbers, not new names; and whether a field can be
    # unset goes with being in a oneof.
    otherwise = set() if renamed else {"FIELD_SAME_NAME"}
    if before.oneof != after.oneof and before.repeated == after.repeated:
        otherwise.add("FIELD_SAME_CARDINALITY")
    who = "a consumer of the new schema" if after.required else "a consumer generated before this change"

    def changed(rule: str, what: str, was: str, now: str) -> Iterator[Finding]:
        if was != now:
            change = f"{what} of field {after.name} = {after.number} changed from {was} to {now}"
            told = was
            if rule == "FIELD_SAME_MEANING":
                told = f"without {what}" if was == NOTHING else f"{what} = {was}"
            misread = _MISREADINGS[rule](before, after) if rule in _MISREADINGS else ""
            facts = {"name": after.name, "who": who, "misread": misread}
            yield finding(rule, place, symbol, change, before=told, after=now, **facts)

    for rule, what, reading in _READINGS:
        if rule not in otherwise:
            with running(rule, symbol):
                yield from changed(rule, what, reading(old, before), reading(new, after))
    if before.repeated and after.repeated and _type(old, before) == _type(new, after):
        yield from changed("FIELD_SAME_PACKED", "packed", flag(before.packed), flag(after.packed))
    # A renamed field has another default JSON name, and that goes without saying.
    if before.name == after.name:
        yield from changed("FIELD_SAME_JSON_NAME", "json_name", before.json_name, after.json_name)
    with running("UNKNOWN_DIFFERENCE", symbol):
        yield from _field_options(before, after, changed)
        yield from others(_plain(before.others), _plain(after.others), place, symbol, "field")


def _field_options(before: Field, after: Field, changed: Any) -> Iterator[Finding]:
    """Options that this package does not know, such as a unit: they say what the value means."""
    was, now = dict(before.others), dict(after.others)
    for name in sorted(was.keys() | now.keys()):
        if name.startswith("("):
            yield from changed("FIELD_SAME_MEANING", name, was.get(name, NOTHING), now.get(name, NOTHING))


def _plain(others: Others) -> Others:
    return tuple((name, text) for name, text in others if not name.startswith("("))


def _type(schemas: Schemas, field: Field) -> str:
    entry = schemas.map_entry(field)
    if entry is None:
        # A group is written in another way than a message of the same name.
        return f"group {field.type_name}" if field.kind == "group" else field.type_name or field.kind
    key, value = entry.fields
    return f"map<{key.kind}, {value.type_name or value.kind}>"


def _cardinality(field: Field) -> str:
    return "repeated" if field.repeated else "optional" if field.optional else "singular"


def _written(schemas: Schemas, message: Message, field: Field) -> str:
    """A field as it is written, with the name of its message."""
    is_map = schemas.map_entry(field) is not None
    prefix = "" if is_map or _cardinality(field) == "singular" else f"{_cardinality(field)} "
    kind = _type(schemas, field).rpartition(".")[2] if not is_map else _type(schemas, field)
    return f"{prefix}{kind} {field.name} = {field.number} of {message.full_name}"


_MISREADINGS = {
    "FIELD_SAME_TYPE": of_type,
    "FIELD_SAME_CARDINALITY": of_cardinality,
    "FIELD_SAME_ONEOF": of_oneof,
}
# What of a field has to stay, by which rule, and as what it is told.
_READINGS: tuple[tuple[str, str, Callable[[Schemas, Field], str]], ...] = (
    ("FIELD_SAME_NAME", "name", lambda _, field: field.name),
    ("FIELD_SAME_TYPE", "type", _type),
    ("FIELD_SAME_CARDINALITY", "cardinality", lambda _, field: _cardinality(field)),
    ("FIELD_SAME_ONEOF", "oneof", lambda _, field: field.oneof or NOTHING),
    ("FIELD_SAME_REQUIRED", "(required)", lambda _, field: flag(field.required)),
    ("FIELD_SAME_MEANING", "(decimal)", lambda _, field: flag(field.decimal)),
    ("FIELD_SAME_MEANING", "(order)", lambda _, field: field.order or "unspecified"),
)
