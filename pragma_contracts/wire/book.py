"""Sides of an order book: written from (price, quantity) levels, and read back as such."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

from pragma_contracts.errors import InvalidDecimal
from pragma_contracts.messages import BookSide
from pragma_contracts.wire import column
from pragma_contracts.wire.column import Value
from pragma_contracts.wire.table import TableWriter

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


def _rows(prices: list[T], quantities: list[T]) -> list[tuple[T, T]]:
    if len(prices) != len(quantities):
        raise InvalidDecimal(len(prices), f"prices but {len(quantities)} quantities: every level needs one of each")
    return list(zip(prices, quantities, strict=True))
