"""Tables of decimal columns, such as a side of a book: rows of values written into one column each."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import cached_property, lru_cache
from math import isfinite
from typing import Any, Protocol

from google.protobuf.message import Message

from pragma_contracts import rules
from pragma_contracts.errors import ConfigurationError, InvalidDecimal, shown
from pragma_contracts.messages import DecimalColumn
from pragma_contracts.wire.column import EXACT_POWER, INT64, POWERS, parse, to_wide, write_column, write_unscaled
from pragma_contracts.wire.native import Columns, Table as CompiledTable, native

# With more digits two decimals of one scale may be nearest to the same float.
_MOST_OF_FLOAT = 10**15
_WHOLE_BYTES = 8
_ROWS = {tuple, list}


class ColumnWriter(Protocol):
    """Writes the values of one column."""

    def write(self, column: DecimalColumn, values: Sequence[Any]) -> None:
        """Makes a column hold exactly these values. Raises InvalidDecimal; the column is unchanged then."""


class TableWriter:
    """Writes rows into the columns of one message type. One that is kept is faster: it reuses what it made before."""

    def __init__(self, table: type[Message], scales: Mapping[str, int] | None = None) -> None:
        """scales: the scale of a column by its name; one without a scale takes the scale of its values.

        Raises ConfigurationError: there is no such column, or the scale is not an int from 0 to 38.
        """
        self._scales = _checked(table, scales) if scales else {}
        self._table = table
        self._compiled = _compiled(table, tuple(self._scales.items()))  # type: ignore[arg-type]  # a class has a hash

    def write(self, table: Any, rows: Iterable[Sequence[Any]]) -> None:
        """Makes a table hold exactly these rows, each a tuple or list of one value for each column.

        Raises InvalidDecimal: a row is none, or a value cannot be carried exactly; the table may be half written then.
        """
        rows = rows if isinstance(rows, (list, tuple)) else list(rows)
        written = self._compiled.write(rows) if self._compiled is not None else None
        if written is not None:
            table.ParseFromString(written)
            return
        columns = self._columns(rows) if rows else [()] * len(self._writers)
        for (name, writer), values in zip(self._writers.items(), columns, strict=True):
            writer.write(getattr(table, name), values)

    @cached_property
    def _writers(self) -> dict[str, ColumnWriter]:
        return {
            name: FixedColumn(self._scales[name]) if name in self._scales else RecurringColumn()
            for name in _names(self._table)
        }

    def _columns(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        width = len(self._writers)
        # Text too is a sequence: "12" would be the two values 1 and 2.
        if {*map(type, rows)} <= _ROWS or all(isinstance(row, (tuple, list)) for row in rows):
            with suppress(ValueError):
                columns = list(zip(*rows, strict=True))
                if len(columns) == width:
                    return columns
        at = next(i for i, row in enumerate(rows) if not isinstance(row, (tuple, list)) or len(row) != width)
        raise InvalidDecimal(rows[at], f"as row {at} is no tuple ({', '.join(self._writers)})")


class RecurringColumn(dict[str, Any]):
    """Writes one column of one feed, whose decimal texts mostly stood in the messages before it already.

    It holds texts with their unscaled values, all at the scale of the last message that brought a larger one; in the
    form that the column has them in, which is bytes for one that is wide. Values are equal, whatever was written
    before; only how far they are padded depends on it.
    """

    _LIMIT = 1024

    def __init__(self) -> None:
        super().__init__()
        self._scale = 0
        self._wide = False

    def write(self, column: DecimalColumn, values: Sequence[Any]) -> None:
        """Makes a column hold exactly these values. Raises InvalidDecimal; the column is unchanged then."""
        try:
            known = list(map(self.__getitem__, values))
        except (_Unfit, TypeError):
            # What has no hash is no decimal either, and is named here.
            self._learn(column, values)
            return
        if self._wide and max(map(len, known), default=0) <= _WHOLE_BYTES:
            self._learn(column, values)
            return
        column.Clear()
        column.scale = self._scale
        (column.wide if self._wide else column.unscaled).extend(known)

    def __missing__(self, value: Any) -> Any:
        if type(value) is str and len(value) <= rules.MAX_DIGITS and rules.is_decimal(value):
            # What `parse` does, without its calls: one in ten texts of a book is new.
            whole, _, fraction = value.partition(".")
            number, scale = int(whole + fraction), len(fraction)
        else:
            number, scale = parse(value)
        if scale > self._scale or len(self) >= self._LIMIT:
            raise _Unfit
        if scale < self._scale:
            number *= POWERS[self._scale - scale]
        if self._wide:
            if abs(number) > rules.MAX_UNSCALED:
                raise _Unfit
            unscaled: Any = to_wide(number)
        elif -INT64 <= number < INT64:
            unscaled = number
        else:
            raise _Unfit
        # Numbers stay out: True would be found for 1.
        if type(value) is str:
            self[value] = unscaled
        return unscaled

    def _learn(self, column: DecimalColumn, values: Sequence[Any]) -> None:
        """Writes without what is known, and knows what was written."""
        self.clear()
        write_column(column, values)
        self._scale, self._wide = column.scale, bool(column.wide)
        unscaled = column.wide if self._wide else column.unscaled
        self.update((value, its) for value, its in zip(values, unscaled, strict=True) if type(value) is str)


class FixedColumn:
    """Writes a column at a given scale: ints are unscaled values, and floats are the decimals nearest to them."""

    def __init__(self, scale: int) -> None:
        self._scale = scale

    def write(self, column: DecimalColumn, values: Sequence[Any]) -> None:
        """Makes a column hold exactly these values. Raises InvalidDecimal; the column is unchanged then."""
        kinds = {*map(type, values)}
        if kinds <= {int}:
            unscaled = values
        elif kinds == {float} and self._scale <= EXACT_POWER:
            unscaled = self._of_floats(values)
        else:
            unscaled = [self._of(value) for value in values]
        write_unscaled(column, self._scale, unscaled, values)

    def _of_floats(self, values: Sequence[float]) -> list[int]:
        one = float(POWERS[self._scale])
        try:
            unscaled = [round(value * one) for value in values]
        except (ValueError, OverflowError):
            return [self._of(value) for value in values]
        # Both are exact as floats, so the division is rounded once, and gives the float that the decimal is read as.
        unique = max(map(abs, unscaled), default=0) < _MOST_OF_FLOAT
        if unique and [number / one for number in unscaled] == list(values):
            return unscaled
        return [self._of(value) for value in values]

    def _of(self, value: Any) -> int:
        if type(value) is int:
            return value
        if type(value) is float and not isfinite(value):
            raise InvalidDecimal(value, "is not finite")
        number, scale = parse(Decimal(repr(value)) if type(value) is float else value)
        if scale > self._scale:
            trimmed, rest = divmod(number, POWERS[scale - self._scale])
            if rest:
                raise InvalidDecimal(value, f"has more than the {self._scale} decimals of this column's scale")
            return int(trimmed)
        return int(number * POWERS[self._scale - scale])


class _Unfit(Exception):
    """A value does not fit what a column has learned."""


@lru_cache(maxsize=1024)
def _compiled(table: Any, scales: tuple[tuple[str, int], ...]) -> CompiledTable | None:
    if native is None:
        return None
    return native.Table(columns_of(table, dict(scales)), Decimal)


def columns_of(table: type[Message], scales: Mapping[str, int]) -> Columns:
    """The columns of a table, as compiled code takes them."""
    return [(column.number, scales.get(column.name)) for column in table.DESCRIPTOR.fields]


def _checked(table: type[Message], scales: Mapping[str, object]) -> dict[str, int]:
    names = _names(table)
    checked = {}
    for name, scale in scales.items():
        if name not in names:
            raise ConfigurationError("scales", f"{shown(name)} is no column; there are {', '.join(names)}")
        if not isinstance(scale, int) or isinstance(scale, bool) or not 0 <= scale <= rules.MAX_SCALE:
            raise ConfigurationError("scales", f"{shown(scale)} of {name} is no int from 0 to {rules.MAX_SCALE}")
        checked[name] = scale
    return checked


def _names(table: type[Message]) -> tuple[str, ...]:
    return tuple(field.name for field in table.DESCRIPTOR.fields)
