"""Reading order books: from the bytes that came from Kafka to floats, and to exact Decimals."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import orjson

from benchmarks.contender import measured
from benchmarks.forms import avro, flat_json, nested, protobuf
from benchmarks.line import IN_PYTHON, Column, Line, Measures
from benchmarks.market import Rows, Snapshot, snapshots
from benchmarks.place import nowhere
from benchmarks.reading import Reading
from pragma_contracts import MarketDepth, book, decode
from pragma_contracts.messages import BookSide, DecimalColumn
from pragma_contracts.testing import Stack

Number = type[float] | type[Decimal]
Sides = list[list[tuple[Any, Any]]]
Read = Callable[[BookSide], list[Any]]


class _Ours(Reading):
    encode = staticmethod(protobuf.book_frame)

    def __init__(self, read: Read, place: Stack) -> None:
        super().__init__(place)
        self._read = read

    def read(self, frame: bytes) -> Sides:
        message = decode(frame, MarketDepth)
        return [self._read(message.bids), self._read(message.asks)]


class _Bare(_Ours):
    def read(self, frame: bytes) -> Sides:
        message = MarketDepth.FromString(frame[len(protobuf.HEADER) :])
        return [self._read(message.bids), self._read(message.asks)]


class _Texts(Reading):
    """Makes numbers of the texts that it carries."""

    def __init__(self, number: Number, place: Stack) -> None:
        super().__init__(place)
        self._number = number

    def _sides(self, bids: Rows, asks: Rows) -> Sides:
        number = self._number
        return [[(number(price), number(quantity)) for price, quantity in side] for side in (bids, asks)]


class _Nested(_Texts):
    encode = staticmethod(nested.frame)

    def read(self, frame: bytes) -> Sides:
        message, number = nested.NestedDepth.FromString(frame[len(protobuf.HEADER) :]), self._number
        return [
            [(number(level.price), number(level.quantity)) for level in side] for side in (message.bids, message.asks)
        ]


class _Json(_Texts):
    encode = staticmethod(flat_json.book)

    def read(self, frame: bytes) -> Sides:
        obj = orjson.loads(frame)
        return self._sides(obj["bids"], obj["asks"])


class _Avro(_Texts):
    encode = staticmethod(avro.book)

    def read(self, frame: bytes) -> Sides:
        record = avro.read(avro.BOOK, frame)
        return self._sides(record["bids"], record["asks"])


def _bare_floats(side: BookSide) -> list[tuple[float, float]]:
    prices, quantities = 10**side.prices.scale, 10**side.quantities.scale
    levels = zip(side.prices.unscaled, side.quantities.unscaled, strict=True)
    return [(price / prices, quantity / quantities) for price, quantity in levels]


def _bare_decimals(side: BookSide) -> list[tuple[Decimal, Decimal]]:
    return list(zip(_scaled(side.prices), _scaled(side.quantities), strict=True))


def _scaled(column: DecimalColumn) -> list[Decimal]:
    scale = -column.scale
    return [Decimal(value).scaleb(scale) for value in column.unscaled]


BARE = "bare FromString and scaling"


def _contenders(name: str, ours: Read, bare: Read, number: Number) -> dict[str, Callable[[Stack], Reading]]:
    return {
        f"decode, book.{name}": partial(_Ours, ours),
        f"decode, book.{name}{IN_PYTHON}": partial(_Ours, ours),
        BARE: partial(_Bare, bare),
        "nested levels, FromString": partial(_Nested, number),
        "JSON, orjson": partial(_Json, number),
        "Avro, fastavro": partial(_Avro, number),
    }


FLOATS = _contenders("floats", book.floats, _bare_floats, float)
DECIMALS = _contenders("levels", book.levels, _bare_decimals, Decimal)


def _measure(
    contenders: dict[str, Callable[[Stack], Reading]], number: Number, contender: str, place: Stack, share: float
) -> Measures:
    return measured(contenders[contender], place, partial(snapshots, share), partial(_expected, number))


def _expected(number: Number, items: Sequence[Snapshot]) -> list[Sides]:
    return [
        [[(number(price), number(quantity)) for price, quantity in side] for side in (item.bids, item.asks)]
        for item in items
    ]


def _line(name: str, kind: str, limits: str, contenders: dict[str, Callable[[Stack], Reading]], number: Number) -> Line:
    return Line(
        name=name,
        title=f"An order book, from a consumed frame to {kind}",
        what=f"Every price and quantity of a frame as {kind}. `decode` checks that the book keeps its contract; of the "
        "others none looks.",
        limits=limits,
        columns=(Column("ns", "µs a book", 1000),),
        contenders=tuple(contenders),
        floor=BARE,
        targets=(),
        place=nowhere,
        measure=partial(_measure, contenders, number),
    )


_LINES = (
    _line(
        "book-floats",
        "floats",
        "What is left is a division, an object and a place in a tuple for each number.",
        FLOATS,
        float,
    ),
    _line(
        "book-decimals",
        "exact Decimals",
        "What is left is making two Decimals for each level, which has no faster way in Python than this.",
        DECIMALS,
        Decimal,
    ),
)
LINES = {line.name: line for line in _LINES}
