"""What is measured of a producer and a consumer, when somebody asks for it.

Nothing here is done for a message: the counts are those that the clients keep, the rest is told by librdkafka at an
interval, or looked up in a few records of a batch.
"""

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, Union

from confluent_kafka import KafkaError

from pragma_contracts.errors import (
    ConfigurationError,
    ForeignSchema,
    InvalidFeed,
    InvalidFrame,
    InvalidMessage,
    KeyMismatch,
)
from pragma_contracts.stream import metrics
from pragma_contracts.stream.freshness import Freshness, Histogram
from pragma_contracts.stream.intake import Intake
from pragma_contracts.stream.metrics import Metric
from pragma_contracts.stream.outbox import Outbox
from pragma_contracts.stream.statistics import Statistics, Summary

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

# True is prometheus_client's default registry, False is none.
Registry = Union[bool, "CollectorRegistry"]


# What may come is 0 before it does: of a series that begins with its first value Prometheus sees no increase.
_EXPIRED = KafkaError(KafkaError._MSG_TIMED_OUT).name()
_NONE_BAD = {error.kind: 0 for error in (InvalidFrame, InvalidFeed, InvalidMessage, ForeignSchema, KeyMismatch)}


class Figure(NamedTuple):
    """The value of a metric, with those of its own labels."""

    metric: Metric
    value: float | Summary | Histogram
    labels: tuple[str, ...] = ()


class _Measured(Protocol):
    @property
    def closed(self) -> bool: ...


S = TypeVar("S", bound=_Measured)
W = TypeVar("W", bound="Watch[Any]")


class Watch(Generic[S]):
    """Measures one client, which it does not keep alive."""

    kind: ClassVar[str]

    def __init__(self, client: str, settings: dict[str, Any]) -> None:
        """client: the value of that label. settings: those of the Kafka client that is to be made."""
        self.client = client
        self._statistics = Statistics()
        self._statistics.enable(settings)
        self._source: weakref.ref[S] | None = None

    def begin(self, source: S) -> None:
        """Measures from now on."""
        self._source = weakref.ref(source)

    @property
    def open(self) -> bool:
        """Whether its client is there, and not closed."""
        source = self.source
        return source is not None and not source.closed

    @property
    def gone(self) -> bool:
        """Whether it had a client that nobody holds any more."""
        return self._source is not None and self._source() is None

    @property
    def source(self) -> S | None:
        """Its client, while that is there."""
        return self._source() if self._source is not None else None

    def figures(self) -> Iterator[Figure]:
        """The figures of this moment; none when its client is gone. In any thread, but one at a time."""
        raise NotImplementedError


class ProducerWatch(Watch[Outbox]):
    """Measures one producer."""

    kind = "producer"

    def __init__(self, client: str, settings: dict[str, Any]) -> None:
        super().__init__(client, settings)
        self._delivered = 0

    def figures(self) -> Iterator[Figure]:
        """The figures of this moment."""
        if (outbox := self.source) is None:
            return
        stats = outbox.stats
        # It is too low for a moment when something is sent meanwhile, and no counter may fall.
        self._delivered = max(self._delivered, stats.delivered)
        yield Figure(metrics.SENT, stats.sent)
        yield Figure(metrics.SENT_BYTES, stats.bytes)
        yield Figure(metrics.DELIVERED, self._delivered)
        for error, count in {_EXPIRED: 0, **stats.failed}.items():
            yield Figure(metrics.FAILED, count, (error,))
        yield Figure(metrics.DROPPED, stats.dropped)
        yield Figure(metrics.QUEUED, stats.queued)
        for topic, summary in [*self._statistics.batch_messages.items()]:
            yield Figure(metrics.BATCH_MESSAGES, summary, (topic,))
        for topic, summary in [*self._statistics.batch_bytes.items()]:
            yield Figure(metrics.BATCH_BYTES, summary, (topic,))
        for labels, summary in [*self._statistics.latencies.items()]:
            yield Figure(metrics.DELIVERY_LATENCY, summary, labels)


class ConsumerWatch(Watch[Intake]):
    """Measures one consumer."""

    kind = "consumer"

    def __init__(self, client: str, settings: dict[str, Any]) -> None:
        super().__init__(client, settings)
        self._freshness = Freshness()
        self._consumed = 0

    def begin(self, source: Intake) -> None:
        """Measures from now on."""
        super().begin(source)
        source.freshness = self._freshness

    def figures(self) -> Iterator[Figure]:
        """The figures of this moment."""
        if (intake := self.source) is None:
            return
        stats = intake.stats
        # A record that turns out to be bad when it is decoded is missing for a moment, and no counter may fall.
        self._consumed = max(self._consumed, stats.consumed)
        yield Figure(metrics.CONSUMED, self._consumed)
        yield Figure(metrics.FILTERED, stats.filtered)
        for kind, count in {**_NONE_BAD, **stats.bad}.items():
            yield Figure(metrics.BAD, count, (kind,))
        yield Figure(metrics.DEAD_LETTERS, stats.dead_letters)
        yield Figure(metrics.UNKNOWN_SCHEMA_IDS, stats.unknown_schema_ids)
        yield Figure(metrics.UNKNOWN_MARKET_TYPES, stats.unknown_market_types)
        for error, count in stats.errors.items():
            yield Figure(metrics.ERRORS, count, (error,))
        yield Figure(metrics.REGISTRY_OUTAGES, stats.registry_outages)
        for (topic, partition), lag in self._statistics.lags.items():
            yield Figure(metrics.LAG, lag, (topic, str(partition)))
        if (age := self._statistics.age) is not None:
            yield Figure(metrics.STATISTICS_AGE, age)
        yield Figure(metrics.END_TO_END, self._freshness.end_to_end)
        for market_type, histogram in [*self._freshness.staleness.items()]:
            yield Figure(metrics.STALENESS, histogram, (market_type,))
        for market_type, seconds in [*self._freshness.last_event.items()]:
            yield Figure(metrics.LAST_EVENT, seconds, (market_type,))


def watch(kind: type[W], registry: Registry, name: str, settings: dict[str, Any]) -> W | None:
    """Makes room for a client among the metrics of a registry, and prepares its settings. None for False.

    name: that of the client, when its settings have no client.id.
    Raises ConfigurationError: prometheus_client is not installed, it is no registry, or the name is taken.
    """
    if registry is False:
        return None
    try:
        from pragma_contracts.stream import exporter
    except ImportError as error:
        problem = "needs prometheus_client: pip install 'pragma-contracts[metrics]'"
        raise ConfigurationError("metrics", problem) from error
    return exporter.add(kind(settings.get("client.id", name), settings), registry)
