"""The producer: sends messages of the contracts to their topics, and never loses one in silence."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from google.protobuf.message import Message

from pragma_contracts.contract import M
from pragma_contracts.errors import ConfigurationError, NotAContract, shown
from pragma_contracts.registry import RegistrySettings
from pragma_contracts.rules import is_component
from pragma_contracts.stream.feed_producer import FeedProducer
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.stream.lane import Lane
from pragma_contracts.stream.loss import Loss
from pragma_contracts.stream.options import Profile, Tuning
from pragma_contracts.stream.outbox import Outbox
from pragma_contracts.stream.settings import Config, chosen, producer_settings
from pragma_contracts.stream.stats import ProducerStats
from pragma_contracts.stream.watch import ProducerWatch, Registry, watch
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.frame import header
from pragma_contracts.wire.timestamps import split

# As Java's client (max.block.ms).
_BLOCK_SECONDS = 60.0


class Producer:
    """Sends messages of the contracts to Kafka. Use it as a context manager, and from one thread at a time.

    profile="realtime" never waits: acks=1, retries=0, and a message that Kafka does not take within message.timeout.ms
    (1 s), or that no longer fits into the queue, is given up. profile="durable" waits: acks=all, idempotent, each
    message has two minutes, and `send` blocks while the queue is full. In both, what is not confirmed is counted in
    `stats`, logged and told to `on_loss`. docs/configuration.md has every setting.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        registry: str | RegistrySettings | None = None,
        lock: str | Path | None = None,
        contracts: Iterable[type[Message]],
        producer: str = "pulse",
        profile: Profile = "realtime",
        tuning: Tuning = "latency",
        block_seconds: float | None = None,
        on_loss: Callable[[Loss], object] | None = None,
        metrics: Registry = False,
        start_timeout: float = 10.0,
        config: Config | None = None,
    ) -> None:
        """Looks the schema ids up and checks that the broker has every topic.

        registry, lock: where schema ids come from, a registry (its URL, or RegistrySettings) or contracts.lock; with a
        lock no registry is contacted.
        contracts: the message classes to send. producer: the producer's name in every envelope.
        profile: what to do while Kafka is slow or away; see above. tuning: "latency" sends after 5 ms at the latest,
        "throughput" after 50 ms, with less work for each message.
        block_seconds: how long `send` waits for room in a full queue before it raises, with profile="durable" (60 s).
        on_loss: called with the `Loss` of every message that was dropped or not confirmed, once, in the thread and
        during a call of `send`, `flush` or `close`. What it raises comes out of that call when all losses are told: the
        first error, with a note that says how many there were. The counts are not touched by it, and a message that was
        being sent is queued nevertheless.
        metrics: whether to export metrics by prometheus_client, in its default registry (True) or in a
        CollectorRegistry. Their label client is the name `producer`, or client.id where config has one.
        start_timeout: seconds to wait for the broker. config: librdkafka settings, which win over the defaults, and
        over security settings in the environment, such as PRAGMA_CONTRACTS_KAFKA_SASL_PASSWORD.

        Raises:
            ConfigurationError: a setting makes no sense, there is neither a registry nor a lock, or metrics lack
                prometheus_client.
            NotAContract: a class is bound to no topic.
            RegistryError, LockError: a schema id cannot be had.
            BrokerError: the broker does not answer, or lacks a topic.
        """
        if not is_component(producer):
            raise ConfigurationError("producer", f"{shown(producer)} is no name: text without control characters")
        if on_loss is not None and not callable(on_loss):
            raise ConfigurationError("on_loss", f"{shown(on_loss)} cannot be called; give a function of a Loss")
        settings = producer_settings(bootstrap, config, profile, tuning)
        block = _block(profile, block_seconds)
        found = chosen(contracts)
        ids = producer_ids(found, registry=registry, lock=lock)
        topics = [contract.topic for contract in found]
        watching = watch(ProducerWatch, metrics, producer, settings)
        self.outbox = Outbox(bootstrap, settings, topics, start_timeout, on_loss=on_loss, block_seconds=block)
        if watching is not None:
            watching.begin(self.outbox)
        self._lanes: dict[type[Message], Lane[Any]] = {
            contract.message: Lane(contract, header(ids[contract]), producer, self.outbox) for contract in found
        }

    def send(self, message: Message, *, event_time: datetime | int | None = None) -> None:
        """Queues a message for Kafka. The message is stamped in place: id, publish time, producer, version.

        event_time: an aware datetime or int ns since the epoch, written into the envelope; None leaves what is there.

        Raises:
            InvalidMessage: the message breaks its contract; it is not stamped.
            NotAContract: its class is not among the contracts of this producer.
            ConfigurationError: the event time is naive, or outside the years 0001 to 9999.
            Closed: the producer has been closed.
            BrokerError: Kafka will never take it, there was no room for it within block_seconds, or the client can do
                nothing any more.
        """
        lane = self._lane(type(message))
        if event_time is not None:
            event = message.envelope.event_timestamp  # type: ignore[attr-defined]  # every contract has an envelope
            event.seconds, event.nanos = split(event_time)
        lane.send(message)

    def feed(self, contract: type[M], feed: Feed, *, scales: Mapping[str, int] | None = None) -> FeedProducer[M]:
        """The fast path for the messages of one feed.

        scales: fixes the scale of columns of a book, by name, as `book.write` does: then ints are unscaled values
        and floats may be given.

        Raises NotAContract, InvalidFeed, ConfigurationError.
        """
        return FeedProducer(self._lane(contract), feed, scales)

    @property
    def stats(self) -> ProducerStats:
        """The figures of this moment, in any thread; failures that librdkafka knows of are counted and logged first.

        on_loss is not told before the next `send`, `flush` or `close`.
        """
        return self.outbox.stats

    def flush(self, timeout: float | None = None) -> int:
        """Waits until every message is confirmed or failed: message.timeout.ms and 2 s more, or `timeout` seconds.

        Returns how many messages are still neither. They are logged, and so are those that were not confirmed.
        `flush(0)` waits for nothing, and tells on_loss what is known. Raises BrokerError.
        """
        return self.outbox.flush(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Flushes and closes. What is not confirmed by then is given up, counted, logged as a warning, told to on_loss.

        Raises BrokerError when the client had to give up and no call has said so before.
        """
        self.outbox.close(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _lane(self, cls: type[M]) -> Lane[M]:
        lane = self._lanes.get(cls)
        if lane is None:
            known = [lane.contract.name for lane in self._lanes.values()]
            raise NotAContract("to this producer, type", getattr(cls, "__name__", cls), known)
        return lane


def _block(profile: Profile, seconds: float | None) -> float | None:
    """How long `send` waits for room, in seconds; None when it never waits. Raises ConfigurationError."""
    if profile == "realtime":
        if seconds is not None:
            problem = "a realtime producer never waits; leave it out, or use profile='durable'"
            raise ConfigurationError("block_seconds", problem)
        return None
    if seconds is None:
        return _BLOCK_SECONDS
    if not 0 <= seconds < math.inf:
        raise ConfigurationError("block_seconds", f"{shown(seconds)} is no time to wait; give seconds, 0 or more")
    return seconds
