"""Consuming prices of a hundred feeds from a topic, of which all, ten or one are wanted."""

import gc
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache, partial
from typing import Any

from confluent_kafka import Consumer as KafkaConsumer, TopicPartition

from benchmarks.forms import protobuf
from benchmarks.line import IN_PYTHON, Column, Line, Measures, Target
from benchmarks.lines.price_read import Fields, fields
from benchmarks.market import Tick, ticks
from benchmarks.place import beside_embedded
from benchmarks.reading import Stock
from pragma_contracts import Consumer, Feed, Price, Producer, feeds
from pragma_contracts.testing import Stack

_TOPIC = "pragma-prices-v1"
_FEEDS = 100
_BATCH = 500
_WAIT_S = 0.2
_PATIENCE_S = 30.0
# The part of the records that goes before the clock starts.
_WARM = 5

ALL, TEN, ONE = frozenset(range(_FEEDS)), frozenset(range(0, _FEEDS, 10)), frozenset({0})


@contextmanager
def _loaded() -> Iterator[Stack]:
    """An embedded broker that has the recorded prices, as if they came from a hundred feeds in turn."""
    with beside_embedded() as running:
        with Producer(running.bootstrap, registry=running.registry_url, contracts=[Price]) as producer:
            senders = {feed: producer.feed(Price, feed) for feed in {tick.feed for tick in _spread()}}
            for tick in _spread():
                senders[tick.feed].send(event_time=tick.event_ns, price=tick.price)
        if producer.stats.delivered != len(_spread()):
            raise AssertionError(f"messages were lost: {producer.stats}")
        yield running


@cache
def _spread() -> list[Tick]:
    return [
        tick._replace(feed=Feed(tick.feed.market_type, "unknown", _source(at % _FEEDS), "BTC"))
        for at, tick in enumerate(ticks(1))
    ]


def _source(number: int) -> str:
    return f"venue{number:02}"


class _Consuming(ABC):
    def __init__(self, place: Stack, wanted: frozenset[int]) -> None:
        self.place = place
        self.sources = set(map(_source, wanted))

    @abstractmethod
    def close(self) -> None:
        """Ends the consumer."""

    @abstractmethod
    def take(self, got: list[Fields]) -> int:
        """Adds the fields of what is wanted in the next batch; gives the number of records that were gone through."""


class _Ours(_Consuming):
    def __init__(self, place: Stack, wanted: frozenset[int]) -> None:
        super().__init__(place, wanted)
        self._consumer = Consumer(
            place.bootstrap,
            registry=place.registry_url,
            group=str(uuid.uuid4()),
            contracts=[Price],
            where=feeds(source_id=self.sources) if wanted != ALL else None,
            start="earliest",
        )

    def take(self, got: list[Fields]) -> int:
        before = self._consumer.stats.consumed
        for record in self._consumer.consume(_BATCH, _WAIT_S):
            message: Any = record.message
            got.append(fields(message))
        return self._consumer.stats.consumed - before

    def close(self) -> None:
        self._consumer.close()


class _Raw(_Consuming):
    def __init__(self, place: Stack, wanted: frozenset[int]) -> None:
        super().__init__(place, wanted)
        options = {"group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest", "log_level": 2}
        self._kafka = KafkaConsumer({"bootstrap.servers": place.bootstrap, **options})
        partitions = self._kafka.list_topics(_TOPIC, _PATIENCE_S).topics[_TOPIC].partitions
        self._kafka.assign([TopicPartition(_TOPIC, partition) for partition in partitions])

    def close(self) -> None:
        self._kafka.close()

    def decode(self, value: bytes | None) -> Any:
        return Price.FromString((value or b"")[len(protobuf.HEADER) :])

    def take(self, got: list[Fields]) -> int:
        messages, sources, decode = self._kafka.consume(_BATCH, _WAIT_S), self.sources, self.decode
        for message in messages:
            decoded = decode(message.value())
            if decoded.source_id in sources:
                got.append(fields(decoded))
        return len(messages)


class _StockThenFilter(_Raw):
    def __init__(self, place: Stack, wanted: frozenset[int]) -> None:
        super().__init__(place, wanted)
        self._stock = Stock(place, Price, _TOPIC)

    def decode(self, value: bytes | None) -> Any:
        return self._stock(value)


class _SetOfKeys(_Raw):
    def __init__(self, place: Stack, wanted: frozenset[int]) -> None:
        super().__init__(place, wanted)
        self._keys = {protobuf.key(tick.feed).encode() for tick in _spread() if tick.feed.source_id in self.sources}

    def take(self, got: list[Fields]) -> int:
        messages, keys = self._kafka.consume(_BATCH, _WAIT_S), self._keys
        for message in messages:
            if message.key() in keys:
                got.append(fields(self.decode(message.value())))
        return len(messages)


OURS, STOCK, BARE, KEYS = (
    "Consumer, where=",
    "stock deserializer, then filter",
    "bare FromString, then filter",
    "raw consume, a set of keys, FromString",
)
CONTENDERS: dict[str, type[_Consuming]] = {
    OURS: _Ours,
    f"{OURS}{IN_PYTHON}": _Ours,
    STOCK: _StockThenFilter,
    BARE: _Raw,
    KEYS: _SetOfKeys,
}


def _measure(wanted: frozenset[int], contender: str, place: Stack, share: float) -> Measures:
    """Of all records, whatever the share."""
    spread, got = _spread(), list[Fields]()
    with closing(CONTENDERS[contender](place, wanted)) as reader:
        measures = {"ns": _timed(reader, len(spread), got)}
    expected = [tick for tick in spread if tick.feed.source_id in reader.sources]
    if sorted(got) != sorted((tick.price, tick.event_ns, tick.feed.market_type, "BTC") for tick in expected):
        raise AssertionError(f"it does other work: {len(got)} prices instead of {len(expected)}, or other ones")
    return measures


def _timed(reader: _Consuming, total: int, got: list[Fields]) -> float:
    """CPU time of this thread, in ns a record: waiting for the broker is nobody's work."""
    warm = _read(reader, total // _WARM, got)
    gc.collect()
    gc.freeze()
    begin = time.thread_time_ns()
    seen = _read(reader, total - warm, got)
    spent = time.thread_time_ns() - begin
    gc.unfreeze()
    return spent / seen


def _read(reader: _Consuming, count: int, got: list[Fields]) -> int:
    """Goes through at least so many records; gives their number."""
    seen, deadline = 0, time.monotonic() + _PATIENCE_S
    while seen < count:
        seen += reader.take(got)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{seen} of {count} records came within {_PATIENCE_S:g} s")
    return seen


def _line(name: str, title: str, wanted: frozenset[int], limits: str, *targets: Target) -> Line:
    return Line(
        name=name,
        title=title,
        what="CPU time of the consuming thread for each record of the topic, with librdkafka's `consume` of batches "
        "of 500, until the fields of every wanted price are in hand. Ours also checks each wanted message, its "
        "schema id and that its key is that of its payload, and stores offsets.",
        limits=limits,
        columns=(Column("ns", "µs a record", 1000, 2),),
        contenders=tuple(CONTENDERS),
        floor=KEYS,
        targets=targets,
        place=_loaded,
        measure=partial(_measure, wanted),
    )


_LINES = (
    _line(
        "consume",
        "Consuming, every feed wanted",
        ALL,
        "What is left beside decoding and its checks is the record that is handed out, and the calls that ask a "
        "Kafka message for its key, value, topic, partition, offset and time.",
    ),
    _line(
        "consume-ten",
        "Consuming, ten of a hundred feeds wanted",
        TEN,
        "Most of what is left is librdkafka making a Python object of every record, wanted or not.",
    ),
    _line(
        "consume-one",
        "Consuming, one of a hundred feeds wanted: the price of skipping",
        ONE,
        "What is left is librdkafka making a Python object of every record; ours adds a look-up of its key.",
        Target("a record skipped by filter, against the stock deserializer, then filter", OURS, STOCK, "faster", 15),
    ),
)
LINES = {line.name: line for line in _LINES}
