"""Sending prices: from plain Python values to librdkafka's queue."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import orjson

from benchmarks.contender import measured
from benchmarks.forms import avro, flat_json, protobuf
from benchmarks.line import IN_PYTHON, Column, Line, Measures, Target
from benchmarks.market import Tick, ticks
from benchmarks.place import beside_embedded
from benchmarks.sending import Ours, Raw, Ready, Sending, Sent, Stock
from pragma_contracts import Price, decode
from pragma_contracts.testing import Stack


class _Prices(Sending):
    topic = "pragma-prices-v1"

    def read(self, value: bytes) -> tuple[int, str, bool]:
        message = decode(value, Price)
        return protobuf.event_ns(message), message.price, protobuf.is_stamped(message)


class _FeedSend(_Prices, Ours):
    name = "feed.send"
    contract = Price

    def prepare(self, items: Sequence[Tick]) -> Sequence[Any]:
        senders = {feed: self.producer.feed(Price, feed).send for feed in {tick.feed for tick in items}}
        return [(senders[tick.feed], tick.event_ns, tick.price) for tick in items]

    def run(self, work: Sequence[Any]) -> None:
        for send, event_ns, price in work:
            send(event_time=event_ns, price=price)


class _InPython(_FeedSend):
    name = f"{_FeedSend.name}{IN_PYTHON}"


class _Send(_Prices, Ours):
    name = "producer.send of a new Price"
    contract = Price

    def run(self, work: Sequence[Tick]) -> None:
        send = self.producer.send
        for feed, event_ns, price in work:
            message = Price(
                market_type=feed.market_type,
                network_id=feed.network_id,
                source_id=feed.source_id,
                token_ticker=feed.token_ticker,
                price=price,
            )
            send(message, event_time=event_ns)


class _Documented(_Prices, Stock):
    name = "stock serializer, as documented"
    message = Price
    options = MappingProxyType({})
    build = staticmethod(protobuf.price_by_keywords)


class _Tuned(_Prices, Stock):
    name = "stock serializer, tuned"
    message = Price
    build = staticmethod(protobuf.price)


class _Bare(_Prices, Raw):
    name = "bare protobuf"
    encode = staticmethod(protobuf.price_frame)


class _Json(_Prices, Raw):
    name = "JSON, orjson"
    encode = staticmethod(flat_json.price)

    def read(self, value: bytes) -> tuple[int, str, bool]:
        obj = orjson.loads(value)
        return flat_json.event_ns(obj), obj["price"], flat_json.is_stamped(obj)


class _Avro(_Prices, Raw):
    name = "Avro, fastavro"
    encode = staticmethod(avro.price)

    def read(self, value: bytes) -> tuple[int, str, bool]:
        record = avro.read(avro.PRICE, value)
        return record["event_ns"], record["price"], avro.is_stamped(record)


class _Ready(_Prices, Ready):
    name = "produce of ready bytes"
    encode = staticmethod(protobuf.price_frame)


CONTENDERS: dict[str, type[Sending]] = {
    contender.name: contender
    for contender in (_FeedSend, _InPython, _Send, _Documented, _Tuned, _Bare, _Json, _Avro, _Ready)
}


def _measure(contender: str, place: Stack, share: float) -> Measures:
    return measured(CONTENDERS[contender], place, lambda: ticks(share), _expected)


def _expected(items: Sequence[Tick]) -> list[Sent]:
    return sorted(Sent(protobuf.key(tick.feed), tick.event_ns, tick.price) for tick in items)


_LINE = Line(
    name="price-send",
    title="A price, from values to librdkafka's queue",
    what="A price text and an event time become a stamped message, its key and its frame, and are queued. The feed is "
    'known beforehand to `feed.send`; the others are given it with each price, as their interfaces have it. "As '
    "documented\" is a message built by keywords, with uuid4 and the serializer's own defaults; the tuned one and all "
    "below it set fields by the fastest way there is, and take the fast ids.",
    limits="A third of what is left is librdkafka's queue. The rest is, in like parts, Python's call with keywords, "
    "protobuf setting and writing the payload, and compiled code writing the envelope and checking the whole.",
    columns=(Column("ns", "µs a message", 1000, 2), Column("bytes", "bytes", digits=0)),
    contenders=tuple(CONTENDERS),
    floor=_Ready.name,
    targets=(
        Target("feed.send of a price, against the stock serializer", _FeedSend.name, _Documented.name, "faster", 4),
        Target("the same, against bare protobuf and raw produce", _FeedSend.name, _Bare.name, "faster", 1),
    ),
    place=beside_embedded,
    measure=_measure,
)

LINES = {_LINE.name: _LINE}
