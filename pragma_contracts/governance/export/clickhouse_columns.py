"""Columns of ClickHouse for the fields of a message: as its Protobuf format reads them, and as exact values."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pragma_contracts.governance.model import DECIMAL_COLUMN, TIMESTAMP, Enum, Field, Message, Schemas

# Room for 38 digits before the point and 38 behind it, which is what a decimal of a contract may have.
DECIMAL = "Decimal(76, 38)"
TIME = "DateTime64(9, 'UTC')"

_SCALARS = {
    "double": "Float64",
    "float": "Float32",
    **dict.fromkeys(("int32", "sint32", "sfixed32"), "Int32"),
    **dict.fromkeys(("int64", "sint64", "sfixed64"), "Int64"),
    **dict.fromkeys(("uint32", "fixed32"), "UInt32"),
    **dict.fromkeys(("uint64", "fixed64"), "UInt64"),
    "bool": "Bool",
    "string": "String",
    "bytes": "String",
}
# What the expressions call, each after what it calls itself.
#
# Decimals: integers divided by ten to the power of the scale. Nothing is rounded: an integer of 38 digits has 38 zeros
# behind the point, and the scale is at most 38. A wide integer is turned around and lengthened by its sign to the 32
# bytes of an Int256. A column that no producer writes is empty, so that it does not stop the table at its record for
# ever. Times are kept within what DateTime64(9) holds, whatever the nanoseconds are.
FUNCTIONS = {
    "exact_integer": (
        "bytes -> reinterpretAsInt256(concat(reverse(bytes), "
        "repeat(if(ascii(bytes) >= 128, unhex('FF'), unhex('00')), 32 - length(bytes))))"
    ),
    "exact_decimals": (
        "column -> if(column.scale > 38 OR arrayExists(bytes -> length(bytes) NOT BETWEEN 1 AND 16, column.wide), [], "
        "arrayMap(number -> toDecimal256(number, 38) / toInt256(concat('1', repeat('0', least(column.scale, 38)))), "
        "if(empty(column.wide), arrayMap(number -> toInt256(number), column.unscaled), "
        "arrayMap(bytes -> exact_integer(bytes), column.wide))))"
    ),
    "exact_time": (
        "time -> fromUnixTimestamp64Nano("
        "least(greatest(time.seconds, -2208988800), 9223372034) * 1000000000 + time.nanos, 'UTC')"
    ),
    "exact_time_or_null": (
        "time -> if(isNull(time.seconds) AND isNull(time.nanos), NULL, "
        "exact_time(CAST(tuple(ifNull(time.seconds, 0), ifNull(time.nanos, 0)), 'Tuple(seconds Int64, nanos Int32)')))"
    ),
}

# What a value is made into, given its expression and how deep it stands in lambdas; None leaves it as it is.
_Change = Callable[[str, int], str] | None


class Column(NamedTuple):
    """A column of a field: its type as it is read and as it is kept, and the expression that makes one of the other."""

    name: str
    raw: str
    kept: str
    value: str
    comment: str


class _Kind(NamedTuple):
    raw: str
    kept: str
    change: _Change


def columns(schemas: Schemas, message: Message, holder: str) -> Iterator[Column]:
    """The columns of a message's fields; `holder` is the expression of the message, or the name of the table.

    Left out is what a column cannot hold: messages without fields, and a message within itself.
    """
    for field in message.fields:
        kind = _kind(schemas, field, (message.full_name,))
        if kind is not None:
            expression = f"{holder}.{name_of(field.name)}"
            value = expression if kind.change is None else kind.change(expression, 1)
            yield Column(name_of(field.name), kind.raw, kind.kept, value, " ".join(field.comment.split()))


def name_of(text: str) -> str:
    """A name as SQL writes it."""
    return f"`{text}`"


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _kind(schemas: Schemas, field: Field, within: tuple[str, ...]) -> _Kind | None:
    entry = schemas.map_entry(field)
    if entry is not None:
        key = _SCALARS[entry.fields[0].kind]
        value = _single(schemas, entry.fields[1], within, present=True)
        return value and _Kind(
            f"Map({key}, {value.raw})",
            f"Map({key}, {value.kept})",
            value.change and _each_entry(value.change, f"Map({key}, {value.kept})"),
        )
    single = _single(schemas, field, within, present=field.repeated or field.required)
    if single is None or not field.repeated:
        return single
    return _Kind(f"Array({single.raw})", f"Array({single.kept})", single.change and _each(single.change))


def _each(change: Callable[[str, int], str]) -> _Change:
    return lambda value, depth: f"arrayMap(x{depth} -> {change(f'x{depth}', depth + 1)}, {value})"


def _each_entry(change: Callable[[str, int], str], kept: str) -> _Change:
    return lambda value, depth: (
        f"CAST(mapApply((k{depth}, x{depth}) -> (k{depth}, {change(f'x{depth}', depth + 1)}), {value}), {quoted(kept)})"
    )


def _single(schemas: Schemas, field: Field, within: tuple[str, ...], *, present: bool) -> _Kind | None:
    """How one value of a field is held; `present` says that it is there, or that nobody could tell."""
    tracked = not present and (field.optional or bool(field.oneof))
    if field.kind == "enum":
        return _enum(schemas.enums[field.type_name], tracked)
    if field.kind == "message":
        return _message(schemas, field, within, present)
    raw = _SCALARS[field.kind]
    raw = f"Nullable({raw})" if tracked or (field.optional and not field.repeated) else raw
    if field.decimal:
        # NULL where the text is no decimal, empty or absent: an error would stop the table at this record for ever.
        return _Kind(raw, f"Nullable({DECIMAL})", lambda value, _: f"toDecimal256OrNull({value}, 38)")
    return _Kind(raw, raw, None)


def _enum(enum: Enum, tracked: bool) -> _Kind:
    """The text of a value, as JSON has it, and the number of one that is unknown.

    It is read as a number: ClickHouse's own enums refuse a record with a value that a newer producer knows.
    """
    numbers = ", ".join(str(value.number) for value in enum.values)
    texts = ", ".join(quoted(value.text) for value in enum.values)
    raw, text = ("Nullable(Int32)", "Nullable(String)") if tracked else ("Int32", "String")
    return _Kind(
        raw,
        f"LowCardinality({text})",
        lambda value, _: f"transform({value}, [{numbers}], [{texts}], toString({value}))",
    )


def _message(schemas: Schemas, field: Field, within: tuple[str, ...], present: bool) -> _Kind | None:
    if field.type_name == TIMESTAMP:
        return _time(present)
    if field.type_name == DECIMAL_COLUMN:
        return _Kind(
            "Tuple(`scale` UInt32, `unscaled` Array(Int64), `wide` Array(String))", f"Array({DECIMAL})", _decimals
        )
    if field.type_name in within:
        return None
    message = schemas.messages[field.type_name]
    found = [(each.name, _kind(schemas, each, (*within, field.type_name))) for each in message.fields]
    members = [(name_of(each), kind) for each, kind in found if kind is not None]
    if not members:
        return None
    kept = f"Tuple({', '.join(f'{each} {kind.kept}' for each, kind in members)})"

    def change(value: str, depth: int) -> str:
        parts = [
            f"{value}.{each}" if kind.change is None else kind.change(f"{value}.{each}", depth)
            for each, kind in members
        ]
        return f"CAST(tuple({', '.join(parts)}), {quoted(kept)})"

    return _Kind(
        f"Tuple({', '.join(f'{each} {kind.raw}' for each, kind in members)})",
        kept,
        change if any(kind.change for _, kind in members) else None,
    )


def _time(present: bool) -> _Kind:
    """A Timestamp to the nanosecond. One that is not there reads as one without members, so it is taken for absent."""
    if present:
        return _Kind("Tuple(`seconds` Int64, `nanos` Int32)", TIME, lambda value, _: f"exact_time({value})")
    raw = "Tuple(`seconds` Nullable(Int64), `nanos` Nullable(Int32))"
    return _Kind(raw, f"Nullable({TIME})", lambda value, _: f"exact_time_or_null({value})")


def _decimals(value: str, _: int) -> str:
    return f"exact_decimals({value})"
