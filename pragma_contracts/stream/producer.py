"""The producer: sends messages of the contracts to their topics, never waiting, and never losing one in silence."""

from collections.abc import Iterable, Mapping
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
from pragma_contracts.stream.outbox import Outbox
from pragma_contracts.stream.settings import Config, chosen, producer_settings
from pragma_contracts.stream.stats import ProducerStats
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.frame import header
from pragma_contracts.wire.timestamps import split


class Producer:
    """Sends messages of the contracts to Kafka. Use it as a context manager, and from one thread at a time.

    It never waits: a message that Kafka does not take within message.timeout.ms (1 s), or that no longer fits into the
    queue, is given up, counted in `stats` and logged. acks=1 and retries=0, compression lz4, linger.ms 5, and the
    partition is murmur2 of the record key, as Java's client chooses it.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        registry: str | RegistrySettings | None = None,
        lock: str | Path | None = None,
        contracts: Iterable[type[Message]],
        producer: str = "pulse",
        start_timeout: float = 10.0,
        config: Config | None = None,
    ) -> None:
        """Looks the schema ids up and checks that the broker has every topic.

        registry, lock: where schema ids come from, a registry (its URL, or RegistrySettings) or contracts.lock; with a
        lock no registry is contacted.
        contracts: the message classes to send. producer: the producer's name in every envelope.
        start_timeout: seconds to wait for the broker. config: librdkafka settings, which win over the defaults.

        Raises:
            ConfigurationError: a setting makes no sense, or there is neither a registry nor a lock.
            NotAContract: a class is bound to no topic.
            RegistryError, LockError: a schema id cannot be had.
            BrokerError: the broker does not answer, or lacks a topic.
        """
        if not is_component(producer):
            raise ConfigurationError("producer", f"{shown(producer)} is no name: text without control characters")
        settings = producer_settings(bootstrap, config)
        found = chosen(contracts)
        ids = producer_ids(found, registry=registry, lock=lock)
        self._outbox = Outbox(bootstrap, settings, [contract.topic for contract in found], start_timeout)
        self._lanes: dict[type[Message], Lane[Any]] = {
            contract.message: Lane(contract, header(ids[contract]), producer, self._outbox) for contract in found
        }

    def send(self, message: Message, *, event_time: datetime | int | None = None) -> None:
        """Sends a message without waiting. The message is stamped in place: id, publish time, producer, version.

        event_time: an aware datetime or int ns since the epoch, written into the envelope; None leaves what is there.

        Raises:
            InvalidMessage: the message breaks its contract; it is not stamped.
            NotAContract: its class is not among the contracts of this producer.
            ConfigurationError: the event time is naive, or outside the years 0001 to 9999.
            Closed: the producer has been closed.
            BrokerError: Kafka will never take it, or the client can do nothing any more.
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
        """The figures of this moment; failures that librdkafka knows of are counted and logged first."""
        return self._outbox.stats

    def flush(self, timeout: float | None = None) -> int:
        """Waits until every message is confirmed or failed: message.timeout.ms and a second more, or `timeout` seconds.

        Returns how many messages are still neither, which is also logged. Raises BrokerError.
        """
        return self._outbox.flush(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Flushes and closes. What was not confirmed by then is given up, counted, and logged as a warning."""
        self._outbox.close(timeout)

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
