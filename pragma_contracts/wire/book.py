"""Sides of an order book: written from (price, quantity) levels, and read back as such."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

from pragma_contracts.errors import InvalidDecimal
from pragma_contracts.messages import BookSide
from pragma_contracts.wire import column
from pragma_contracts.wire.column import Value

T = TypeVar("T")


def write(side: BookSide, levels: Iterable[tuple[Value, Value]]) -> None:
    """Makes a side hold exactly these (price, quantity) levels, best first.

    Prices and quantities are decimal text, Decimals or ints. They come back equal, padded to the largest scale of
    their column. The order of the levels is checked when the message is sent.

    Raises:
        InvalidDecimal: a level is no pair, or a price or a quantity cannot be carried exactly; the side is unchanged.
    """
    rows = list(levels)
    for at, row in enumerate(rows):
        if not isinstance(row, (tuple, list)) or len(row) != 2:
            raise InvalidDecimal(row, f"as level {at} is no (price, quantity) pair")
    new = BookSide()
    column.write_column(new.prices, [price for price, _ in rows])
    column.write_column(new.quantities, [quantity for _, quantity in rows])
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
