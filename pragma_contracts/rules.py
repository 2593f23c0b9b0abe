"""The primitive rules that generated checks call: decimal text, decimal columns, key components, points in time."""

import re
from collections.abc import Callable, Sequence
from operator import gt, lt
from typing import Any, NamedTuple, Protocol

from pragma_contracts.errors import InvalidDecimal, InvalidMessage

MAX_DIGITS = 38
MAX_SCALE = 38
MAX_UNSCALED = 10**MAX_DIGITS - 1
WIDE_BYTES = 16
NS = 1_000_000_000
# The years 0001 to 9999, as google.protobuf.Timestamp has them, in seconds since the epoch.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799

# ASCII only: Python's own Decimal and int also take underscores, other scripts' digits, exponents and infinities.
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII).fullmatch
# Lone surrogates are no text either: they have no UTF-8.
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+").fullmatch

# Texts that is_component has said yes to: generated checks look here first.
COMPONENTS: set[str] = set()
_MOST_COMPONENTS = 16_384
_MOST_OF_COMPONENT = 64

BAD_DECIMAL = (
    f"is not a plain decimal of at most {MAX_DIGITS} digits; write digits with an optional minus and point, "
    "such as '65432.10'"
)
TOO_WIDE = f"needs more than {MAX_DIGITS} digits or a scale above {MAX_SCALE}, more than can be carried exactly"
BAD_COMPONENT = "must be text without control characters, and not empty: it is part of the record key"
BAD_TIMESTAMP = "is outside the years 0001 to 9999, or has nanoseconds outside one second"
MISSING = "is missing, and it is mandatory"


class Where(NamedTuple):
    """The contract that a check works for, named in its errors."""

    contract: str
    topic: str

    def error(self, field: str, value: object, problem: str) -> InvalidMessage:
        """The error to raise for a field of this contract."""
        return InvalidMessage(self.contract, self.topic, field, value, problem)


class Timestamp(Protocol):
    """What the rules need of a google.protobuf.Timestamp."""

    @property
    def seconds(self) -> int: ...  # noqa: D102
    @property
    def nanos(self) -> int: ...  # noqa: D102


class Column(Protocol):
    """What the rules need of a DecimalColumn message: they stand below the generated classes."""

    @property
    def scale(self) -> int: ...  # noqa: D102
    @property
    def unscaled(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def wide(self) -> Sequence[bytes]: ...  # noqa: D102


class ColumnFault(NamedTuple):
    """What is wrong in a DecimalColumn: the part, such as ".scale" ("" is the column itself), its value, and why."""

    part: str
    value: object
    problem: str


def is_decimal(text: str) -> bool:
    """Whether text is an exact decimal as the contracts carry it: at most 38 digits, scale at most 38."""
    # A text this short cannot have too many digits, so the common case costs one match.
    return _DECIMAL(text) is not None and (len(text) <= MAX_DIGITS or _fits(text))


def _fits(text: str) -> bool:
    whole, _, fraction = text.partition(".")
    digits = (whole + fraction).lstrip("-0")
    return len(digits) <= MAX_DIGITS and len(fraction) <= MAX_SCALE


def parse_decimal(text: str) -> tuple[int, int]:
    """(unscaled, scale) of decimal text: "65432.10" is (6543210, 2). Raises InvalidDecimal."""
    if not isinstance(text, str) or _DECIMAL(text) is None:
        raise InvalidDecimal(text, BAD_DECIMAL)
    if len(text) > MAX_DIGITS and not _fits(text):
        raise InvalidDecimal(text, TOO_WIDE)
    whole, _, fraction = text.partition(".")
    return int(whole + fraction), len(fraction)


def is_component(text: str) -> bool:
    """Whether text can be a component of a record key: not empty, no character of category Cc."""
    if _PRINTABLE(text) is None:
        return False
    # They come from outside: there may be any number of them, of any size.
    if len(text) <= _MOST_OF_COMPONENT:
        if len(COMPONENTS) >= _MOST_COMPONENTS:
            COMPONENTS.clear()
        COMPONENTS.add(text)
    return True


def is_text(value: object) -> bool:
    """Whether a value is text that protobuf can carry: a lone surrogate has no UTF-8."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_timestamp(timestamp: Timestamp) -> bool:
    """Whether a Timestamp is a point in time at all: what came over the wire may be anything."""
    return FIRST_SECOND <= timestamp.seconds <= LAST_SECOND and 0 <= timestamp.nanos < NS


def check_time(message: Any, field: str, where: Where, path: str, *, required: bool) -> None:
    """Raises InvalidMessage for a Timestamp field that is no point in time, or is missing and must not be."""
    if not message.HasField(field):
        if required:
            raise where.error(path, None, MISSING)
    elif not is_timestamp(getattr(message, field)):
        raise where.error(path, getattr(message, field), BAD_TIMESTAMP)


def escape(component: str) -> str:
    """A key component other than the last: `-` and `%` would make the key ambiguous."""
    if "-" in component or "%" in component:
        return component.replace("%", "%25").replace("-", "%2D")
    return component


def check_column(column: Column, where: Where, path: str) -> int:
    """Number of values of a DecimalColumn. Raises InvalidMessage when it could not be read exactly."""
    # Nearly every column; the rest would find no fault in it either.
    if not column.wide and column.scale <= MAX_SCALE:
        return len(column.unscaled)
    fault = column_fault(column)
    if fault is not None:
        raise where.error(path + fault.part, fault.value, fault.problem)
    return len(column.wide)


def column_fault(column: Column) -> ColumnFault | None:
    """Why a DecimalColumn could not be read exactly, or None. Nothing of a hostile column is expanded."""
    if column.scale > MAX_SCALE:
        return ColumnFault(".scale", column.scale, f"is above {MAX_SCALE}")
    wide = column.wide
    if wide and column.unscaled:
        return ColumnFault("", None, "sets both unscaled and wide; a column has one of them")
    for value in wide:
        if not 1 <= len(value) <= WIDE_BYTES:
            return ColumnFault(".wide", value, f"is not 1 to {WIDE_BYTES} bytes long")
        # A shorter one has at most 36 digits.
        if len(value) == WIDE_BYTES and abs(int.from_bytes(value, "big", signed=True)) > MAX_UNSCALED:
            return ColumnFault(".wide", value, f"has more than {MAX_DIGITS} digits")
    return None


def column_values(column: Column) -> Sequence[int]:
    """The unscaled values of a checked DecimalColumn, whichever way they are written."""
    if column.wide:
        return [int.from_bytes(value, "big", signed=True) for value in column.wide]
    return column.unscaled


def check_ascending(column: Column, where: Where, path: str) -> None:
    """Raises InvalidMessage unless every value is above the one before it."""
    _check_order(column, where, path, lt, "ascending")


def check_descending(column: Column, where: Where, path: str) -> None:
    """Raises InvalidMessage unless every value is below the one before it."""
    _check_order(column, where, path, gt, "descending")


def _check_order(column: Column, where: Where, path: str, compare: Callable[[int, int], bool], order: str) -> None:
    values = column_values(column)[:]
    if all(map(compare, values, values[1:])):
        return
    row = next(i for i in range(1, len(values)) if not compare(values[i - 1], values[i]))
    problem = f"level {row} after {values[row - 1]} (scale {column.scale}) is not strictly {order}"
    raise where.error(path, values[row], problem)
