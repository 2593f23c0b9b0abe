"""Paced traffic through a broker: the producing process, and the two ways to write and to read a message."""

import json
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from confluent_kafka import Consumer as KafkaConsumer, KafkaError, Message, Producer as KafkaProducer

from benchmarks.forms import protobuf
from benchmarks.market import Tick
from pragma_contracts import Consumer, Feed, Price, Producer
from pragma_contracts.stream.options import Tuning
from pragma_contracts.stream.settings import producer_settings

_TOPIC = "pragma-prices-v1"
_FEEDS = 100
_BATCH = 500
_WAIT_S = 1.0
_PRICE = "65432.10"
_TICK_S = 0.001
_MS = 1_000_000
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a run is to send. tuning: that of our producer, and of the raw one's settings; rate: messages a second."""

    bootstrap: str
    registry_url: str
    contracts: bool
    tuning: Tuning
    rate: int
    seconds: float

    @property
    def total(self) -> int:
        """Messages of the whole run."""
        return int(self.rate * self.seconds)


class Sender(ABC):
    """Sends the time of this moment to one feed after the other."""

    @abstractmethod
    def senders(self) -> list[Callable[[], object]]:
        """One function for each feed."""

    @abstractmethod
    def close(self) -> int:
        """Waits for what is queued; gives the number of messages that were not confirmed."""


class ContractSender(Sender):
    """A price with an event time."""

    def __init__(self, traffic: Traffic) -> None:
        self._producer = Producer(
            traffic.bootstrap, registry=traffic.registry_url, contracts=[Price], tuning=traffic.tuning
        )

    def senders(self) -> list[Callable[[], object]]:
        """One function for each feed."""
        now = time.time_ns

        def of(feed: Feed) -> Callable[[], object]:
            send = self._producer.feed(Price, feed).send
            return lambda: send(event_time=now(), price=_PRICE)

        return [of(feed) for feed in _feeds()]

    def close(self) -> int:
        """Waits for what is queued; gives the number of messages that were not confirmed."""
        self._producer.close()
        stats = self._producer.stats
        return stats.dropped + stats.queued + sum(stats.failed.values())


class RawSender(Sender):
    """Bytes of the same size with the time in front, by the very settings of our producer; it counts losses, too."""

    def __init__(self, traffic: Traffic) -> None:
        settings = producer_settings(traffic.bootstrap, None, "realtime", traffic.tuning)
        self._kafka = KafkaProducer({**settings, "on_delivery": self._failed})
        self._polled = self._lost = 0

    def senders(self) -> list[Callable[[], object]]:
        """One function for each feed."""

        def of(feed: Feed) -> Callable[[], object]:
            key = protobuf.key(feed).encode()
            # Random bytes compress as little as message ids do, the rest as well as everything else of a message.
            frame = protobuf.price_frame(Tick(feed, time.time_ns(), _PRICE))
            return lambda: self._send(key, frame)

        return [of(feed) for feed in _feeds()]

    def _send(self, key: bytes, frame: bytes) -> None:
        now = time.time_ns()
        try:
            value = now.to_bytes(_TIME_BYTES, "big") + frame[_TIME_BYTES:]
            self._kafka.produce(_TOPIC, value, key, -1, None, None, now // _MS)
        except BufferError:
            self._lost += 1
        if now > self._polled + 10 * _MS:
            self._polled = now
            self._kafka.poll(0)

    def _failed(self, error: KafkaError | None, _: Message) -> None:
        self._lost += error is not None

    def close(self) -> int:
        """Waits for what is queued; gives the number of messages that were not confirmed."""
        return self._kafka.flush(10) + self._lost


class Receiver(ABC):
    """Reads the times that were sent."""

    @abstractmethod
    def joined(self) -> bool:
        """Whether it has its partitions; asks for them."""

    @abstractmethod
    def receive(self) -> list[tuple[int, int]]:
        """(sent, in hand) of the next messages, in ns since the epoch."""


class ContractReceiver(Receiver):
    """Reads the event time out of checked prices."""

    def __init__(self, traffic: Traffic) -> None:
        self._consumer = Consumer(
            traffic.bootstrap, registry=traffic.registry_url, group=str(uuid.uuid4()), contracts=[Price]
        )

    def joined(self) -> bool:
        """Whether it has its partitions; asks for them."""
        self._consumer.consume(timeout=0.1)
        return bool(self._consumer.assignment)

    def receive(self) -> list[tuple[int, int]]:
        """(sent, in hand) of the next messages, in ns since the epoch."""
        return [
            (protobuf.event_ns(record.message), time.time_ns()) for record in self._consumer.consume(_BATCH, _WAIT_S)
        ]


class RawReceiver(Receiver):
    """Reads the first bytes of each value. As ours does, it takes what is there instead of waiting for a batch."""

    def __init__(self, traffic: Traffic) -> None:
        options = {"group.id": str(uuid.uuid4()), "auto.offset.reset": "latest", "log_level": 2}
        self._kafka = KafkaConsumer({"bootstrap.servers": traffic.bootstrap, **options})
        self._kafka.subscribe([_TOPIC])

    def joined(self) -> bool:
        """Whether it has its partitions; asks for them."""
        self._kafka.consume(1, 0.1)
        return bool(self._kafka.assignment())

    def receive(self) -> list[tuple[int, int]]:
        """(sent, in hand) of the next messages, in ns since the epoch."""
        messages = self._kafka.consume(_BATCH, 0) or self._kafka.consume(1, _WAIT_S)
        values = [message.value() or b"" for message in messages]
        return [(int.from_bytes(value[:_TIME_BYTES], "big"), time.time_ns()) for value in values]


def _feeds() -> list[Feed]:
    return [Feed("perp", "unknown", f"venue{number:02}", "BTC") for number in range(_FEEDS)]


def send(traffic: Traffic) -> int:
    """Sends the whole run at its rate, or slower where that cannot be kept; the messages that were not confirmed."""
    sender = ContractSender(traffic) if traffic.contracts else RawSender(traffic)
    senders = sender.senders()
    sent, begin = 0, time.perf_counter()
    while sent < traffic.total:
        due = min(traffic.total, int((time.perf_counter() - begin) * traffic.rate) + 1)
        _send_up_to(senders, sent, due)
        sent = due
        time.sleep(_TICK_S)
    return sender.close()


def _send_up_to(senders: list[Callable[[], object]], first: int, end: int) -> None:
    count = len(senders)
    for number in range(first, end):
        senders[number % count]()


def arguments(traffic: Traffic) -> Iterable[str]:
    """The arguments that make `python -m benchmarks.traffic` send it."""
    return ["-m", "benchmarks.traffic", json.dumps(asdict(traffic))]


if __name__ == "__main__":
    print(send(Traffic(**json.loads(sys.argv[1]))))
