"""Sending order books: from pairs of texts to librdkafka's queue, of the recorded books and of wide ones."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import orjson

from benchmarks.contender import measured
from benchmarks.forms import avro, flat_json, nested, protobuf
from benchmarks.line import IN_PYTHON, Column, Line, Measures, Target
from benchmarks.market import Rows, Snapshot, snapshots, wide_snapshots
from benchmarks.place import beside_embedded
from benchmarks.sending import Ours, Raw, Ready, Sending, Sent, Stock
from pragma_contracts import MarketDepth, book, decode
from pragma_contracts.testing import Stack

Sides = list[list[tuple[Decimal, Decimal]]]


class _Books(Sending):
    topic = "pragma-orderbook-v1"

    def read(self, value: bytes) -> tuple[int, Sides, bool]:
        message = decode(value, MarketDepth)
        sides = [book.levels(message.bids), book.levels(message.asks)]
        return protobuf.event_ns(message), sides, protobuf.is_stamped(message)


class _Nested(Sending):
    topic = nested.TOPIC

    def read(self, value: bytes) -> tuple[int, Sides, bool]:
        message = nested.NestedDepth.FromString(value[len(protobuf.HEADER) :])
        return protobuf.event_ns(message), nested.decimals(message), protobuf.is_stamped(message)


class _FeedSend(_Books, Ours):
    name = "feed.send"
    contract = MarketDepth

    def prepare(self, items: Sequence[Snapshot]) -> Sequence[Any]:
        senders = {feed: self.producer.feed(MarketDepth, feed).send for feed in {item.feed for item in items}}
        return [(senders[item.feed], item.event_ns, item.bids, item.asks) for item in items]

    def run(self, work: Sequence[Any]) -> None:
        for send, event_ns, bids, asks in work:
            send(event_time=event_ns, bids=bids, asks=asks)


class _InPython(_FeedSend):
    name = f"{_FeedSend.name}{IN_PYTHON}"


class _Send(_Books, Ours):
    name = "book.write and producer.send"
    contract = MarketDepth

    def run(self, work: Sequence[Snapshot]) -> None:
        send = self.producer.send
        for feed, event_ns, bids, asks in work:
            message = MarketDepth(
                market_type=feed.market_type,
                network_id=feed.network_id,
                source_id=feed.source_id,
                token_ticker=feed.token_ticker,
            )
            book.write(message.bids, bids)
            book.write(message.asks, asks)
            send(message, event_time=event_ns)


class _Stock(_Nested, Stock):
    name = "stock serializer, nested levels"
    message = nested.NestedDepth
    build = staticmethod(nested.build)


class _Documented(_Nested, Raw):
    name = "bare protobuf, nested levels, as documented"
    encode = staticmethod(nested.frame_by_keywords)


class _Bare(_Nested, Raw):
    name = "bare protobuf, nested levels"
    encode = staticmethod(nested.frame)


class _Json(_Books, Raw):
    name = "JSON, orjson"
    encode = staticmethod(flat_json.book)

    def read(self, value: bytes) -> tuple[int, Sides, bool]:
        obj = orjson.loads(value)
        return flat_json.event_ns(obj), _decimals(obj["bids"], obj["asks"]), flat_json.is_stamped(obj)


class _Avro(_Books, Raw):
    name = "Avro, fastavro"
    encode = staticmethod(avro.book)

    def read(self, value: bytes) -> tuple[int, Sides, bool]:
        record = avro.read(avro.BOOK, value)
        return record["event_ns"], _decimals(record["bids"], record["asks"]), avro.is_stamped(record)


class _Ready(_Nested, Ready):
    name = "produce of ready nested bytes"
    encode = staticmethod(nested.frame)


CONTENDERS: dict[str, type[Sending]] = {
    contender.name: contender
    for contender in (_FeedSend, _InPython, _Send, _Stock, _Documented, _Bare, _Json, _Avro, _Ready)
}

Books = Callable[[float], list[Snapshot]]


def _measure(books: Books, contender: str, place: Stack, share: float) -> Measures:
    return measured(CONTENDERS[contender], place, lambda: books(share), _expected)


def _expected(items: Sequence[Snapshot]) -> list[Sent]:
    return sorted(Sent(protobuf.key(item.feed), item.event_ns, _decimals(item.bids, item.asks)) for item in items)


def _decimals(*sides: Rows) -> Sides:
    return [[(Decimal(price), Decimal(quantity)) for price, quantity in side] for side in sides]


def _line(name: str, title: str, what: str, limits: str, books: Books, targets: tuple[Target, ...]) -> Line:
    return Line(
        name=name,
        title=title,
        what=what,
        limits=limits,
        columns=(Column("ns", "µs a book", 1000), Column("bytes", "bytes", digits=0)),
        contenders=tuple(CONTENDERS),
        floor=_Ready.name,
        targets=targets,
        place=beside_embedded,
        measure=partial(_measure, books),
    )


_NESTED = "against nested levels of texts in the same protobuf runtime"

_LINES = (
    _line(
        "book-send",
        "An order book, from pairs of texts to librdkafka's queue",
        "The recorded books in their order, once: 50 to 100 levels, on average 83. As in a running program most "
        "texts of a feed's levels were seen in the book before, and some were not. The contenders with nested levels"
        ' carry the same header fields. "As documented" adds a level by keywords, the others below it set its fields.',
        "More than half of what is left is compiled code reading each text out of Python's memory and parsing it. In "
        "Python alone it is one look-up in a dict for each text, whose hash has to be made first; one text in ten is "
        "new and is parsed.",
        snapshots,
        (
            Target(
                f"book from pairs of texts, {_NESTED}, as documented", _FeedSend.name, _Documented.name, "faster", 2.5
            ),
            Target("the same, against nested levels set by the fastest way", _FeedSend.name, _Bare.name, "faster", 2.5),
            Target("its bytes, against the same", _FeedSend.name, _Bare.name, "at most", 0.45, "bytes"),
        ),
    ),
    _line(
        "book-send-wide",
        "An order book with wide quantities",
        "The same books with quantities as chains have them, 18 decimals and more than 64 bits, which the sample "
        "lacks. A quantity that recurs there recurs here.",
        "What is left is making bytes of each quantity, one by one: protobuf has no integers of this width.",
        wide_snapshots,
        (),
    ),
)
LINES = {line.name: line for line in _LINES}
