"""Reading prices: from the bytes that came from Kafka to plain values."""

from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.contender import measured
from benchmarks.forms import avro, flat_json, protobuf
from benchmarks.line import IN_PYTHON, Column, Line, Measures, Target
from benchmarks.market import Tick, ticks
from benchmarks.place import beside_embedded
from benchmarks.reading import Reading, Stock
from pragma_contracts import MarketType, Price, decode
from pragma_contracts.testing import Stack

# Price text, event time in ns, market type, ticker.
Fields = tuple[str, int, int, str]


def fields(message: Price) -> Fields:
    """What a program needs of a price."""
    event = message.envelope.event_timestamp
    return message.price, event.seconds * protobuf.NS + event.nanos, message.market_type, message.token_ticker


class _Checked(Reading):
    name = "decode"
    encode = staticmethod(protobuf.price_frame)

    def read(self, frame: bytes) -> Fields:
        return fields(decode(frame, Price))


class _InPython(_Checked):
    name = f"{_Checked.name}{IN_PYTHON}"


class _Unchecked(Reading):
    name = "decode, validate=False"
    encode = staticmethod(protobuf.price_frame)

    def read(self, frame: bytes) -> Fields:
        return fields(decode(frame, Price, validate=False))


class _StockReading(Reading):
    name = "stock deserializer, registry cached"
    encode = staticmethod(protobuf.price_frame)

    def __init__(self, place: Stack) -> None:
        super().__init__(place)
        self._stock = Stock(place, Price, "pragma-prices-v1")

    def prepare(self, items: Sequence[Tick]) -> list[bytes]:
        header = self._stock.header
        return [header + frame[len(header) :] for frame in super().prepare(items)]

    def read(self, frame: bytes) -> Fields:
        return fields(self._stock(frame))


class _Bare(Reading):
    name = "bare slice and FromString"
    encode = staticmethod(protobuf.price_frame)

    def read(self, frame: bytes) -> Fields:
        return fields(Price.FromString(frame[len(protobuf.HEADER) :]))


class _Json(Reading):
    name = "JSON, orjson"
    encode = staticmethod(flat_json.price)

    def read(self, frame: bytes) -> Fields:
        obj = orjson.loads(frame)
        return obj["price"], flat_json.event_ns(obj), _MARKET_TYPES[obj["market_type"]], obj["token_ticker"]


class _Avro(Reading):
    name = "Avro, fastavro"
    encode = staticmethod(avro.price)

    def read(self, frame: bytes) -> Fields:
        record = avro.read(avro.PRICE, frame)
        return record["price"], record["event_ns"], record["market_type"], record["token_ticker"]


_MARKET_TYPES = {market_type.text: market_type for market_type in MarketType}

CONTENDERS: dict[str, type[Reading]] = {
    contender.name: contender for contender in (_Checked, _InPython, _Unchecked, _StockReading, _Bare, _Json, _Avro)
}


def _measure(contender: str, place: Stack, share: float) -> Measures:
    return measured(CONTENDERS[contender], place, lambda: ticks(share), _expected)


def _expected(items: Sequence[Tick]) -> list[Any]:
    return [(tick.price, tick.event_ns, tick.feed.market_type, tick.feed.token_ticker) for tick in items]


_LINE = Line(
    name="price-read",
    title="A price, from a consumed frame to its fields",
    what="Price text, event time in ns, market type and ticker of each frame. `decode` checks that the message keeps "
    "its contract; of the others none looks. From `validate=False` to `decode` it is the cost of validation.",
    limits="What is left without validation is protobuf's own parsing and its accessors, which is what bare protobuf "
    "costs. In Python alone, validation is one regular expression over the frame, and two lengths that no expression "
    "can compare.",
    columns=(Column("ns", "µs a message", 1000, 2),),
    contenders=tuple(CONTENDERS),
    floor=_Bare.name,
    targets=(
        Target(
            "consumed frame to price fields, validated, against the stock deserializer with a cached registry",
            _Checked.name,
            _StockReading.name,
            "faster",
            10,
        ),
        Target(
            "the same with `validate=False`, against a bare slice and FromString",
            _Unchecked.name,
            _Bare.name,
            "at most",
            1.3,
        ),
    ),
    place=beside_embedded,
    measure=_measure,
)
LINES = {_LINE.name: _LINE}
