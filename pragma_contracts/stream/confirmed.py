"""A producer that waits: each record is confirmed by all in-sync replicas, or handed back with the reason."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pragma_contracts.errors import BrokerError
from pragma_contracts.stream.broker import BrokerReports, require_topics
from pragma_contracts.stream.letter import Headers
from pragma_contracts.stream.settings import Config, create, producer_settings

# librdkafka reports what has expired a little later.
_GRACE_SECONDS = 5.0
# A poll of 0.2 s or more does not come back when something was reported, but when its time has passed.
_POLL_SECONDS = 0.1
_LIMITS: Config = {
    # The broker's own limit is the one that counts; what it refuses is told as every other refusal.
    "message.max.bytes": 1_000_000_000,
    "queue.buffering.max.kbytes": 1_048_576,
}
# Of a batch of several records these say only that one of them is refused.
_REFUSALS = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD, KafkaError.INVALID_TIMESTAMP})
_LEFT_OUT = frozenset(
    {
        # What decides on delivery is ours, under each of its names.
        *("acks", "request.required.acks", "enable.idempotence", "retries", "message.send.max.retries", "linger.ms"),
        *("message.timeout.ms", "delivery.timeout.ms", "queue.buffering.max.ms", "message.max.bytes", "max.in.flight"),
        *("max.in.flight.requests.per.connection", "queue.buffering.max.kbytes"),
        # A producer does not take the first, and the others would call the user's code twice.
        *("on_commit", "stats_cb", "statistics.interval.ms"),
    }
)


@dataclass(slots=True, eq=False)
class Outgoing:
    """A record to write. partition: -1 leaves it to the key. timestamp: ms, 0 for now. error: why it was not taken."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int = -1
    timestamp: int = 0
    confirmed: bool = False
    error: KafkaError | None = None

    @property
    def refused(self) -> bool:
        """Whether the broker refuses this record as it is, and may take others."""
        return self.error is not None and self.error.code() in _REFUSALS


class ConfirmedProducer:
    """Writes records durably: acks=all and idempotent. Use it from one thread at a time."""

    def __init__(
        self,
        bootstrap: str,
        topics: Iterable[str],
        *,
        config: Config | None = None,
        start_timeout: float = 10.0,
        timeout: float = 30.0,
    ) -> None:
        """config: librdkafka settings of a consumer or a producer; what decides on delivery is ours.

        start_timeout: seconds to wait for the broker. timeout: seconds after which a record is given up.

        Raises:
            ConfigurationError: a setting makes no sense.
            BrokerError: the broker does not answer, or lacks a topic.
        """
        self._timeout = timeout
        self._reports = BrokerReports(bootstrap)
        given = {name: value for name, value in (config or {}).items() if name not in _LEFT_OUT}
        given |= {**_LIMITS, "message.timeout.ms": int(timeout * 1000)}
        settings = producer_settings(bootstrap, given, "durable")
        settings.update({"delivery.report.only.error": False, "error_cb": self._reports})
        self._kafka = create(Producer, settings)
        self._sent: list[Outgoing] = []
        require_topics(self._kafka, topics, start_timeout, self._reports)

    def send(self, record: Outgoing) -> None:
        """Queues a record; whatever speaks against it is told by `settle`."""
        record.error = None
        self._sent.append(record)
        try:
            self._produce(record)
        except BufferError:
            self._flush()
            try:
                self._produce(record)
            except (BufferError, KafkaException):
                record.error = KafkaError(KafkaError._QUEUE_FULL)
        except KafkaException as error:
            record.error = error.args[0]

    def settle(self) -> list[Outgoing]:
        """Waits until every record is confirmed or given up; those given up, with their errors."""
        self._flush()
        sent, self._sent = self._sent, []
        for record in [record for record in sent if record.refused]:
            # Its batch was refused; alone it may be taken.
            self.send(record)
            self._flush()
        self._sent = []
        return [record for record in sent if not record.confirmed]

    def close(self) -> None:
        """Gives up what is not confirmed."""
        self._kafka.purge()
        self._wait(_GRACE_SECONDS)

    def error(self, error: KafkaError) -> BrokerError:
        """Why a record was given up, as one of our tree."""
        return self._reports.fatal() or self._reports.error(error)

    def _produce(self, record: Outgoing) -> None:
        self._kafka.produce(
            record.topic,
            record.value,
            record.key,
            record.partition,
            partial(_reported, record),
            None,
            record.timestamp,
            [*record.headers],
        )

    def _flush(self) -> None:
        self._wait(self._timeout + _GRACE_SECONDS)
        for record in self._sent:
            if not record.confirmed and record.error is None:
                record.error = KafkaError(KafkaError._TIMED_OUT)

    def _wait(self, seconds: float) -> None:
        """Polls until every record is confirmed or failed: librdkafka's own flush loses reports of a fatal error."""
        deadline = time.monotonic() + seconds
        while len(self._kafka) and (left := deadline - time.monotonic()) > 0:
            try:
                self._kafka.poll(min(left, _POLL_SECONDS))
            except KafkaException as error:
                # Every record fails with it, which is told as every other failure.
                self._reports(error.args[0])


def _reported(record: Outgoing, error: KafkaError | None, _: Message) -> None:
    record.error = error
    record.confirmed = error is None
