"""Numbered prices under load, and the account of what became of each of them."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, NamedTuple, Self, cast

from pragma_contracts import Consumer, Feed, Loss, Price, Producer, Record, feeds
from pragma_contracts.wire.frame import decode

# So many that each of four partitions has some of them, whatever their keys hash to.
FEEDS = 64
# 20 messages every 10 ms: enough to have some on their way at any moment, with two cores to spare.
_BURST, _EVERY_S = 20, 0.01
_BEFORE_AND_AFTER = 500
DEADLINE_S = 60.0
# For a realtime producer of which a test says that it loses nothing, which on a busy machine a second does not promise.
PATIENT = {"message.timeout.ms": 60_000}


class Arrived(NamedTuple):
    """A record as it stands in Kafka: age is the time in ms from its publish time to when the broker wrote it."""

    number: int
    feed: str
    published_ns: int
    age: int
    message_id: str


def number_of(record: Record) -> int:
    """The number of a price that was sent by a load."""
    return int(cast(Price, record.message).price)


class Load:
    """Sends the numbers from 0 on as prices of feeds that nobody else has; what is lost is in `losses`."""

    def __init__(self, bootstrap: str, *, market_type: str = "perp", **options: Any) -> None:
        """market_type: of the feeds. options: those of a Producer."""
        self.source = uuid.uuid4().hex
        self.given = 0
        self.losses: list[Loss] = []
        self.ended = threading.Event()
        self._bootstrap = bootstrap
        self._market_type = market_type
        self.producer = Producer(bootstrap, **{"contracts": [Price], "on_loss": self.losses.append, **options})
        self._feeds = [self.producer.feed(Price, feed) for feed in self.feeds]

    @property
    def feeds(self) -> list[Feed]:
        """The feeds, of which number n belongs to the n-th, counted around."""
        return [Feed(self._market_type, "unknown", self.source, f"T{number}") for number in range(FEEDS)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Waits for what is on its way; then `ended` is set."""
        self.producer.close()
        self.ended.set()

    def send(self, count: int, **fields: Any) -> None:
        """Sends so many messages as fast as it can."""
        for _ in range(count):
            feed = self._feeds[self.given % FEEDS]
            number, self.given = self.given, self.given + 1
            feed.send(event_time=time.time_ns(), price=str(number), **fields)

    def during(self, fault: Callable[[], object]) -> None:
        """Sends before, during and after something that happens in another thread."""
        self.send(_BEFORE_AND_AFTER)
        self.producer.flush()
        with ThreadPoolExecutor(1) as pool:
            happening = pool.submit(fault)
            while not happening.done():
                self.send(_BURST)
                wait([happening], timeout=_EVERY_S)
        happening.result()
        self.send_until_delivered()
        self.send(_BEFORE_AND_AFTER)

    def send_until_delivered(self) -> None:
        """Sends until the broker has confirmed some of it."""
        before = self.producer.stats.delivered
        self.send_until(lambda: self.producer.stats.delivered > before)

    def send_until(self, enough: Callable[[], bool]) -> None:
        """Sends until `enough`."""
        deadline = time.monotonic() + DEADLINE_S
        while not enough():
            assert time.monotonic() < deadline, self.producer.stats
            self.send(_BURST)
            time.sleep(_EVERY_S)

    def arrived(self) -> list[Arrived]:
        """Everything of this load that is in the topic now, partition by partition in the order of the log."""
        return list(self._arrived())

    def _arrived(self) -> Iterator[Arrived]:
        options: dict[str, Any] = {"contracts": [Price], "start": "earliest", "until": "end"}
        with Consumer(self._bootstrap, where=feeds(source_id=self.source), **options) as stream:
            for record in stream:
                envelope = cast(Price, record.message).envelope
                published = envelope.publish_timestamp.ToNanoseconds()
                age = record.timestamp - published // 1_000_000
                yield Arrived(number_of(record), record.feed.key, published, age, envelope.message_id)


class Account:
    """What became of every message of a load that has ended, checked for whatever holds under any fault."""

    def __init__(self, load: Load, before: Collection[int] = ()) -> None:
        """before: what was read of it before, and is not there any more."""
        self.stats = load.producer.stats
        self.given = set(range(load.given))
        self.arrived = load.arrived()
        numbers = [each.number for each in self.arrived]
        self.consumed = set(numbers) | set(before)
        self.doubled = len(numbers) + len(before) - len(self.consumed)
        lost = [(int(decode(loss.frame, Price).price), loss) for loss in load.losses]
        self.not_confirmed = {number for number, loss in lost if loss.may_be_written}
        self.dropped = {number for number, loss in lost if not loss.may_be_written}
        self.delivered = self.given - self.not_confirmed - self.dropped
        self.reordered = sum(self._reordered())
        self._check(len(lost))

    def __str__(self) -> str:
        lost = Counter(self.stats.failed)
        return (
            f"{len(self.given)} given, {self.stats}: {len(self.delivered)} delivered, {len(self.not_confirmed)} not "
            f"confirmed {dict(lost)}, {len(self.dropped)} dropped; {len(self.consumed)} consumed, {self.doubled} of "
            f"them twice, {self.reordered} out of order; of the delivered {len(self.delivered - self.consumed)} are "
            f"missing, of the not confirmed {len(self.not_confirmed & self.consumed)} were written"
        )

    def _check(self, told: int) -> None:
        """sent = delivered + not confirmed, given = sent + dropped, and consumed contains delivered and nothing else
        but what was not confirmed, once each. What is delivered is in order; of the rest nobody can say, because a
        busy broker may read what a connection that was given up has left after what came over the next one.
        """
        stats = self.stats
        assert told == len(self.not_confirmed) + len(self.dropped), self
        assert stats.queued == 0, self
        assert stats.sent + stats.dropped == len(self.given), self
        assert (stats.delivered, stats.dropped) == (len(self.delivered), len(self.dropped)), self
        assert sum(stats.failed.values()) == len(self.not_confirmed), self
        assert self.delivered <= self.consumed <= self.delivered | self.not_confirmed, self
        assert self.doubled == 0, self
        assert self.reordered == 0, self

    def _reordered(self) -> Iterator[bool]:
        last: dict[str, int] = {}
        for each in self.arrived:
            if each.number in self.delivered:
                yield each.number <= last.get(each.feed, -1)
                last[each.feed] = each.number
