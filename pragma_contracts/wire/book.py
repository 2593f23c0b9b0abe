"""Sides of an order book: written from (price, quantity) levels, and read back as such."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from pragma_contracts.errors import InvalidDecimal
from pragma_contracts.messages import BookSide
from pragma_contracts.wire import column
from pragma_contracts.wire.column import Value
from pragma_contracts.wire.table import TableWriter

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

T = TypeVar("T")


def write(
    side: BookSide, levels: Iterable[tuple[Value | float, Value | float]], *, scales: Mapping[str, int] | None = None
) -> None:
    """Makes a side hold exactly these (price, quantity) levels, best first.

    Prices and quantities are decimal text, Decimals or ints. They come back equal, padded to the largest scale of
    their column. The order of the levels is checked when the message is sent.

    scales: {"prices": …, "quantities": …}, or one of them, fixes the scale of a column: ints are unscaled values
    then, 6543210 at scale 2 is 65432.10, and floats are taken for the decimal that they print as.

    Raises:
        InvalidDecimal: a level is no pair, or a price or a quantity cannot be carried exactly; the side is unchanged.
        ConfigurationError: a scale is no int from 0 to 38, or of no column.
    """
    new = BookSide()
    TableWriter(BookSide, scales).write(new, levels)
    side.CopyFrom(new)


def levels(side: BookSide) -> list[tuple[Decimal, Decimal]]:
    """The (price, quantity) levels of a side, best first, exact. Raises InvalidDecimal."""
    return _rows(column.decimals(side.prices), column.decimals(side.quantities))


def floats(side: BookSide) -> list[tuple[float, float]]:
    """The (price, quantity) levels of a side, best first, each as the nearest float. Raises InvalidDecimal."""
    return _rows(column.floats(side.prices), column.floats(side.quantities))


def texts(side: BookSide) -> list[tuple[str, str]]:
    """The (price, quantity) levels of a side, best first, as decimal text. Raises InvalidDecimal."""
    return _rows(column.texts(side.prices), column.texts(side.quantities))


def unscaled(side: BookSide) -> list[tuple[int, int]]:
    """The (price, quantity) levels of a side, best first, as integers at `side.prices.scale`, `side.quantities.scale`.

    Raises InvalidDecimal.
    """
    return _rows(column.column_values(side.prices), column.column_values(side.quantities))


def arrays(side: BookSide) -> "tuple[NDArray[float64], NDArray[float64]]":
    """The prices and the quantities of a side, best first, each an array of the nearest floats. Needs numpy.

    Raises:
        InvalidDecimal: a column cannot be read exactly, or they differ in length.
        ConfigurationError: numpy is not installed.
    """
    prices, quantities = column.array(side.prices), column.array(side.quantities)
    _same_length(len(prices), len(quantities))
    return prices, quantities


def _rows(prices: Sequence[T], quantities: Sequence[T]) -> list[tuple[T, T]]:
    _same_length(len(prices), len(quantities))
    return list(zip(prices, quantities, strict=True))


def _same_length(prices: int, quantities: int) -> None:
    if prices != quantities:
        raise InvalidDecimal(prices, f"prices but {quantities} quantities: every level needs one of each")
