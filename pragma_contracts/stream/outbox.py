"""Messages on their way to Kafka: librdkafka's queue, never waited for, and the count of what became of each."""

import logging
from collections import Counter
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pragma_contracts.errors import Closed
from pragma_contracts.stream.broker import BrokerReports, Throttle, require_topics
from pragma_contracts.stream.settings import create
from pragma_contracts.stream.stats import ProducerStats

_log = logging.getLogger(__name__)

_MS = 1_000_000
# Partition and callbacks of produce(), by place: names cost a third of the call.
_REST = (-1, None, None)
# Often enough that a failure is seen soon, seldom enough to cost nothing at 100,000 messages a second.
_POLL_NS = 10 * _MS
# librdkafka keeps its own time: what expires after message.timeout.ms is reported a little later.
_GRACE_SECONDS = 1.0
_NO_LIMIT_SECONDS = 30.0


class Outbox:
    """A Kafka producer that drops what its queue cannot take, and counts everything. Not for several threads."""

    def __init__(self, bootstrap: str, settings: dict[str, Any], topics: Iterable[str], start_timeout: float) -> None:
        """Raises ConfigurationError, or BrokerError when the broker does not answer or lacks a topic."""
        self._bootstrap = bootstrap
        self._reports = BrokerReports(bootstrap)
        self._failed: Counter[str] = Counter()
        self._sent = self._bytes = self._dropped = self._polled = 0
        self._final: ProducerStats | None = None
        self._may_log = Throttle()
        self._may_log_drop = Throttle()
        limit = float(settings["message.timeout.ms"]) / 1000
        self._patience = limit + _GRACE_SECONDS if limit else _NO_LIMIT_SECONDS
        callbacks = {"on_delivery": self._on_failure, "error_cb": self._reports}
        self._kafka = create(Producer, {**settings, **callbacks})
        require_topics(self._kafka, topics, start_timeout, self._reports)

    def put(self, topic: str, key: bytes, value: bytes, publish_ns: int) -> None:
        """Queues a record without waiting. Raises Closed, or BrokerError when it can never be sent."""
        if self._final is not None:
            raise Closed("producer")
        try:
            self._kafka.produce(topic, value, key, *_REST, publish_ns // _MS)
        except BufferError:
            if not self._retry(topic, key, value, publish_ns):
                return
        except KafkaException as error:
            raise self._reports.error(error.args[0]) from error
        self._sent += 1
        self._bytes += len(value)
        # A clock that was set back must not stop the polling either.
        if not self._polled <= publish_ns < self._polled + _POLL_NS:
            self._polled = publish_ns
            self._poll()

    @property
    def stats(self) -> ProducerStats:
        """The figures of this moment."""
        if self._final is not None:
            return self._final
        self._kafka.poll(0)
        settled = self._sent - self._failed.total()
        # librdkafka's own count includes what it has yet to report, whatever that is.
        queued = min(len(self._kafka), settled)
        failed = MappingProxyType(dict(self._failed))
        return ProducerStats(self._sent, settled - queued, failed, self._dropped, queued, self._bytes)

    def flush(self, timeout: float | None) -> int:
        """Waits until every message is confirmed or failed; the number of those that still are neither."""
        if self._final is not None:
            return 0
        left = self._kafka.flush(self._patience if timeout is None else timeout)
        if left:
            _log.warning("Kafka at %s: %d messages still wait for an answer after the flush", self._bootstrap, left)
        self._reports.check()
        return left

    def close(self, timeout: float | None) -> None:
        """Flushes, gives up on what is left, and logs what was not confirmed. Does nothing the second time."""
        if self._final is not None:
            return
        try:
            self._kafka.flush(self._patience if timeout is None else timeout)
        finally:
            self._kafka.purge()
            self._kafka.flush(_GRACE_SECONDS)
            self._final = self.stats
            del self._kafka
        self._report(self._final)

    def _report(self, stats: ProducerStats) -> None:
        failed = {**stats.failed, "no answer": stats.queued} if stats.queued else stats.failed
        if failed or stats.dropped:
            _log.warning(
                "Kafka at %s: %d messages sent, %d of them not confirmed (%s); %d more dropped: the queue was full",
                self._bootstrap,
                stats.sent,
                sum(failed.values()),
                ", ".join(f"{name}: {count}" for name, count in sorted(failed.items())),
                stats.dropped,
            )

    def _retry(self, topic: str, key: bytes, value: bytes, publish_ns: int) -> bool:
        # The queue also holds messages that were delivered but not yet reported to us: reporting makes room.
        self._poll()
        try:
            self._kafka.produce(topic, value, key, *_REST, publish_ns // _MS)
        except BufferError:
            self._dropped += 1
            if self._may_log_drop():
                text = "Kafka at %s: the queue is full, %d messages dropped so far, the last one for %s"
                _log.warning(text, self._bootstrap, self._dropped, topic)
            return False
        return True

    def _poll(self) -> None:
        self._kafka.poll(0)
        self._reports.check()

    def _on_failure(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            return
        self._failed[error.name()] += 1
        if self._may_log():
            text = "Kafka at %s: %d messages not confirmed so far (some may have been written); last, for %s: %s: %s"
            _log.warning(text, self._bootstrap, self._failed.total(), message.topic(), error.name(), error.str())
