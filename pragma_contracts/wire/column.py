"""Decimal columns: lists of exact decimals of one scale, written from and read as ordinary Python values."""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from pragma_contracts import rules
from pragma_contracts.errors import ConfigurationError, InvalidDecimal
from pragma_contracts.messages import DecimalColumn
from pragma_contracts.wire.native import native

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

# A value is decimal text, a Decimal or an int; a float only where a scale says how many of its digits are meant.
Value = str | Decimal | int

INT64 = 1 << 63
# Above it a power of ten is no float, and dividing by it rounds twice.
EXACT_POWER = 22
_EXACT_INTEGER = 1 << 53
POWERS: list[int] = [10**exponent for exponent in range(rules.MAX_SCALE + 1)]
# Python's default context rounds to 28 digits.
_EXACT = Context(prec=rules.MAX_DIGITS + rules.MAX_SCALE + 1)


def write_column(column: DecimalColumn, values: Iterable[Value]) -> None:
    """Makes a column hold exactly these values, at the largest of their scales.

    Raises:
        InvalidDecimal: a value is no plain decimal, or needs too many digits at that scale; the column is unchanged.
    """
    given = list(values)
    scale, unscaled = _at_one_scale(given)
    write_unscaled(column, scale, unscaled, given)


def write_unscaled(column: DecimalColumn, scale: int, unscaled: Sequence[int], given: Sequence[object]) -> None:
    """Makes a column hold these integers at a scale; `given` is what they were made of, for the error.

    Raises:
        InvalidDecimal: one of them has too many digits; the column is unchanged.
    """
    least, most = min(unscaled, default=0), max(unscaled, default=0)
    if max(-least, most) > rules.MAX_UNSCALED:
        at = next(i for i, number in enumerate(unscaled) if abs(number) > rules.MAX_UNSCALED)
        problem = f"needs more than {rules.MAX_DIGITS} digits at this column's scale of {scale}"
        raise InvalidDecimal(given[at], problem)
    column.Clear()
    column.scale = scale
    if least >= -INT64 and most < INT64:
        column.unscaled.extend(unscaled)
    else:
        column.wide.extend(map(to_wide, unscaled))


def parse(value: object) -> tuple[int, int]:
    """(unscaled, scale) of decimal text, a Decimal or an int. Raises InvalidDecimal."""
    if isinstance(value, str):
        return rules.parse_decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        sign, digits, exponent = value.as_tuple()
        if len(digits) <= rules.MAX_DIGITS and -rules.MAX_SCALE <= int(exponent) <= rules.MAX_DIGITS:
            number = int("".join(map(str, digits))) * (-1 if sign else 1)
            return (number, -int(exponent)) if int(exponent) < 0 else (number * 10 ** int(exponent), 0)
        raise InvalidDecimal(value, rules.TOO_WIDE)
    if isinstance(value, int) and not isinstance(value, bool):
        return value, 0
    raise InvalidDecimal(value, "is not decimal text, a Decimal or an int; a float needs a scale to be exact")


def to_wide(number: int) -> bytes:
    """The shortest two's complement form, as java.math.BigInteger writes it."""
    size = (number + (number < 0)).bit_length() // 8 + 1
    return number.to_bytes(size, "big", signed=True)


def decimals(column: DecimalColumn) -> list[Decimal]:
    """The values of a column, each with the column's scale. Raises InvalidDecimal."""
    found = native.texts(column.SerializeToString()) if native is not None else None
    if found is not None:
        return list(map(Decimal, found))
    values = column_values(column)
    scale = -column.scale
    return [_EXACT.scaleb(Decimal(value), scale) for value in values]


def floats(column: DecimalColumn) -> list[float]:
    """The values of a column, each as the nearest float. Raises InvalidDecimal."""
    found = native.floats(column.SerializeToString()) if native is not None else None
    if found is not None:
        return found
    values = column_values(column)
    one = POWERS[column.scale]
    return [value / one for value in values]


def array(column: DecimalColumn) -> "NDArray[float64]":
    """The values of a column, each as the nearest float, in an array. Raises InvalidDecimal, ConfigurationError."""
    try:
        import numpy as np
    except ModuleNotFoundError as error:
        raise ConfigurationError("numpy", "it is not installed: pip install 'pragma-contracts[numpy]'") from error
    values = column_values(column)
    if not column.wide and column.scale <= EXACT_POWER:
        integers = np.array(values, dtype=np.int64)
        # Exact as floats, as the power of ten is, so that the division alone rounds.
        if not len(integers) or max(-int(integers.min()), int(integers.max())) <= _EXACT_INTEGER:
            return integers / float(POWERS[column.scale])
    return np.array(floats(column), dtype=np.float64)


def texts(column: DecimalColumn) -> list[str]:
    """The values of a column as decimal text, padded to the column's scale. Raises InvalidDecimal."""
    found = native.texts(column.SerializeToString()) if native is not None else None
    return [_text(value, column.scale) for value in column_values(column)] if found is None else found


def column_values(column: DecimalColumn) -> Sequence[int]:
    """The unscaled values of a column. Raises InvalidDecimal when they cannot be read exactly."""
    fault = rules.column_fault(column)
    if fault is not None:
        raise InvalidDecimal(fault.value, f"in column{fault.part} {fault.problem}")
    return rules.column_values(column)


def _at_one_scale(given: list[Value]) -> tuple[int, Sequence[int]]:
    if not given:
        return 0, ()
    parsed = list(map(parse, given))
    numbers, scales = zip(*parsed, strict=True)
    scale = max(scales)
    if min(scales) == scale:
        return scale, numbers
    return scale, [number * POWERS[scale - its] for number, its in parsed]


def _text(value: int, scale: int) -> str:
    if scale == 0:
        return str(value)
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    digits = digits.zfill(scale + 1)
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"
