"""Messages on their way to Kafka: librdkafka's queue, and the count of what became of each."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any, NoReturn

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pragma_contracts.errors import BrokerError, Closed, printable
from pragma_contracts.stream.broker import BrokerReports, require_topics
from pragma_contracts.stream.loss import Loss
from pragma_contracts.stream.options import number
from pragma_contracts.stream.settings import create
from pragma_contracts.stream.stats import ProducerStats

_log = logging.getLogger(__name__)

_MS = 1_000_000
# Often enough that a failure is seen soon, seldom enough to cost nothing at 100,000 messages a second.
_POLL_NS = 10 * _MS
# librdkafka keeps its own time: what expires after message.timeout.ms is reported a second later, or when it can.
_GRACE_SECONDS = 2.0
_NO_LIMIT_SECONDS = 30.0
# A poll of 0.2 s or more does not come back when something was reported, but when its time has passed.
_POLL_SECONDS = 0.1
_FULL = KafkaError(KafkaError._QUEUE_FULL).name()


class Outbox:
    """A Kafka producer that counts everything, also what its queue cannot take. Only `stats` is for several threads."""

    def __init__(
        self,
        bootstrap: str,
        settings: dict[str, Any],
        topics: Iterable[str],
        start_timeout: float,
        *,
        on_loss: Callable[[Loss], object] | None = None,
        block_seconds: float | None = None,
    ) -> None:
        """Raises ConfigurationError, or BrokerError when the broker does not answer or lacks a topic.

        on_loss: is told of every message that is not confirmed. block_seconds: how long `put` waits for room before it
        raises; None drops at once, without an error.
        """
        self._bootstrap = bootstrap
        self._settings = settings
        self._reports = BrokerReports(bootstrap)
        self._failed: Counter[str] = Counter()
        self._sent = self._bytes = self._dropped = self._polled = self._logged = 0
        self._final: ProducerStats | None = None
        self.block_seconds = block_seconds
        # Set by a face that may not wait: a record for which there is no room is held instead, until it asks again.
        self.holds = False
        self.held: tuple[str, bytes, bytes, int] | None = None
        self._on_loss = on_loss
        self._losses: deque[Loss] = deque()
        self._telling = False
        # Counting is done in polls, so that this keeps it to one thread at a time. A callback may ask for stats.
        self._polling = threading.RLock()
        limit = number(settings, "message.timeout.ms") / 1000
        self._patience = limit + _GRACE_SECONDS if limit else _NO_LIMIT_SECONDS
        callbacks = {"on_delivery": self._on_failure, "error_cb": self._reports}
        self._kafka = create(Producer, {**settings, **callbacks})
        self._produce: Callable[..., None] = self._kafka.produce
        require_topics(self._kafka, topics, start_timeout, self._reports)

    def put(self, topic: str, key: bytes, value: bytes, publish_ns: int) -> None:
        """Queues a record.

        Raises Closed, BrokerError when it can never be sent or when no room came within block_seconds, and whatever
        on_loss raises, once the record is queued.
        """
        try:
            # Partition and callbacks by place: names cost a third of the call.
            self._produce(topic, value, key, -1, None, None, publish_ns // _MS)
        except (BufferError, KafkaException) as error:
            if not self._put_later(error, topic, key, value, publish_ns):
                return
        self._sent += 1
        self._bytes += len(value)
        # A clock that was set back must not stop the polling either.
        if not self._polled <= publish_ns < self._polled + _POLL_NS:
            self._polled = publish_ns
            self._poll(0)
            self._tell()

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._final is not None

    @property
    def stats(self) -> ProducerStats:
        """The figures of this moment, in any thread. What librdkafka has to report is taken, unless it is just now.

        What another thread sends meanwhile may make `delivered` too low, never too high.
        """
        # In this order: another thread may close.
        kafka = getattr(self, "_kafka", None)
        if self._final is None and self._polling.acquire(blocking=False):
            try:
                if self._final is None:
                    self._poll(0)
            finally:
                self._polling.release()
        return self._final or self._count(kafka)

    def _count(self, kafka: Any) -> ProducerStats:
        # In this order: what is sent meanwhile is not taken for delivered.
        settled, queued, failed = self._sent, len(kafka), dict(self._failed)
        # librdkafka's own count includes what it has yet to report, whatever that is.
        delivered = max(settled - queued - sum(failed.values()), 0)
        sent = self._sent
        queued = sent - delivered - sum(failed.values())
        return ProducerStats(sent, delivered, MappingProxyType(failed), self._dropped, queued, self._bytes)

    def flush(self, timeout: float | None) -> int:
        """Waits until every message is confirmed or failed; the number of those that still are neither."""
        if self._final is not None:
            return 0
        left = self._wait(self._patience if timeout is None else timeout)
        if self._lost > self._logged or (left and self._reports.may_log()):
            self._log_all(self.stats)
        self._tell()
        return left

    def close(self, timeout: float | None) -> None:
        """Flushes, gives up on what is left, and says what was not confirmed. Does nothing the second time."""
        if self._final is not None:
            return
        try:
            self._wait(self._patience if timeout is None else timeout)
        finally:
            self._kafka.purge()
            self._wait(_GRACE_SECONDS)
            with self._polling:
                self._final = self.stats
                self._produce = _closed
                del self._kafka
            if self._lost or self._final.queued:
                self._log_all(self._final)
            self._tell_losses()
        self._reports.check_once()

    def _put_later(
        self, refusal: BufferError | KafkaException, topic: str, key: bytes, value: bytes, publish_ns: int
    ) -> bool:
        """Makes room and tries again; whether the record is queued now. Raises BrokerError as `put` does."""
        deadline = time.monotonic() + (self.block_seconds or 0.0)
        left = 0.0
        while isinstance(refusal, BufferError) and left >= 0:
            # The queue also holds messages that were delivered but not yet reported to us: reporting makes room.
            self._poll(min(left, _POLL_SECONDS))
            try:
                self._produce(topic, value, key, -1, None, None, publish_ns // _MS)
            except (BufferError, KafkaException) as error:
                refusal = error
            else:
                return True
            left = deadline - time.monotonic()
            if self.holds and left > 0 and isinstance(refusal, BufferError):
                self.held = topic, key, value, publish_ns
                return False
        refused = self._drop(refusal, topic, key, value)
        if self.block_seconds is not None or not isinstance(refusal, BufferError):
            self._reports.check()
            raise refused from refusal
        self._tell()
        return False

    def put_held(self) -> bool:
        """Queues the record that is held; whether there was room. Raises BrokerError when it can never be sent."""
        if self.held is None:
            return True
        topic, key, value, publish_ns = self.held
        self._poll(0)
        try:
            self._produce(topic, value, key, -1, None, None, publish_ns // _MS)
        except BufferError:
            return False
        except KafkaException as error:
            raise self.drop_held(error) from error
        self.held = None
        self._sent += 1
        self._bytes += len(value)
        return True

    def drop_held(self, refusal: BufferError | KafkaException | None = None) -> BrokerError:
        """Counts the record that is held as dropped; the error that says so."""
        assert self.held is not None, "nothing is held"  # noqa: S101  a caller's mistake
        topic, key, value, _ = self.held
        self.held = None
        return self._drop(refusal or BufferError(), topic, key, value)

    def _drop(self, refusal: BufferError | KafkaException, topic: str, key: bytes, value: bytes) -> BrokerError:
        refused = self._refusal(refusal, topic, key, value)
        self._dropped += 1
        self._lose(Loss(topic, key, value, refused.code, refused.detail, may_be_written=False))
        return refused

    def _refusal(self, refusal: BufferError | KafkaException, topic: str, key: bytes, value: bytes) -> BrokerError:
        """Why a record was not queued, in words that say what to do."""
        if isinstance(refusal, BufferError):
            within = f" within {self.block_seconds:g} s" if self.block_seconds else ""
            detail = f"the queue is full, it holds {len(self._kafka)} messages, and took none for {topic}{within}"
            return BrokerError(self._bootstrap, _FULL, f"{detail}; is the broker up, and fast enough?")
        error = refusal.args[0]
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            limit = number(self._settings, "message.max.bytes")
            detail = f"a message of {len(value)} bytes for {topic}, with a key of {len(key)}, is over message.max.bytes"
            advice = "send less in it, or raise that and the topic's max.message.bytes"
            return BrokerError(self._bootstrap, error.name(), f"{detail} {limit:.0f}; {advice}")
        if error.code() == KafkaError._FATAL:
            # It only says that something was; what it was may wait to be told.
            self._poll(0)
        return self._reports.fatal() or self._reports.error(error)

    def _poll(self, seconds: float) -> None:
        """Lets librdkafka report, until it has, or `seconds` (at most 0.1) have passed."""
        with self._polling:
            try:
                self._kafka.poll(seconds)
            except KafkaException as error:
                # A fatal error is not given to error_cb. It is raised when all that was reported has been dealt with.
                if not error.args[0].fatal():
                    raise
                self._reports(error.args[0])

    def _wait(self, seconds: float) -> int:
        """Polls until every message is confirmed or failed, or `seconds` have passed; how many are neither.

        librdkafka's own flush calls what counts failures with the exception of a fatal error pending, which loses some.
        """
        deadline = time.monotonic() + seconds
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            self._poll(min(left, _POLL_SECONDS))
            messages = len(self._kafka)
            if not messages or not left:
                return messages

    def _on_failure(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            return
        self._failed[error.name()] += 1
        # What the broker was sent, Kafka's client gives back as it was.
        topic, key, frame = str(message.topic()), bytes(message.key() or b""), bytes(message.value() or b"")
        self._lose(Loss(topic, key, frame, error.name(), error.str(), may_be_written=True))

    def _lose(self, loss: Loss) -> None:
        """Remembers a loss for on_loss, and logs it when nothing else was logged for a second."""
        if self._on_loss is not None:
            self._losses.append(loss)
        if self._reports.may_log():
            text = (
                "Kafka at %s: so far %d messages not confirmed (some may have been written), %d dropped; last, %s: %s"
            )
            failed, said = self._failed.total(), printable(loss.text)
            _log.warning(text, self._bootstrap, failed, self._dropped, loss.error, said)
            self._logged = self._lost

    @property
    def _lost(self) -> int:
        return self._failed.total() + self._dropped

    def _log_all(self, stats: ProducerStats) -> None:
        failed = {**stats.failed, "no answer": stats.queued} if stats.queued else stats.failed
        text = "Kafka at %s: %d messages sent, %d of them not confirmed%s; %d more dropped"
        named = ", ".join(f"{name}: {count}" for name, count in sorted(failed.items()))
        named = f" ({named})" if named else ""
        _log.warning(text, self._bootstrap, stats.sent, sum(failed.values()), named, stats.dropped)
        self._logged = self._lost

    def _tell(self) -> None:
        """Tells on_loss what it does not know yet, and raises what is fatal."""
        self._tell_losses()
        self._reports.check()

    def _tell_losses(self) -> None:
        """Calls on_loss for each loss, also when it raises; then the first of its errors is raised.

        What on_loss itself loses by sending is told the next time, so that this ends.
        """
        if self._on_loss is None or self._telling:
            return
        self._telling = True
        first, raised, left = None, 0, len(self._losses)
        try:
            # Once it is closed no more can come.
            while self._losses and (left > 0 or self._final is not None):
                left -= 1
                try:
                    self._on_loss(self._losses.popleft())
                except Exception as error:
                    first, raised = first or error, raised + 1
        finally:
            self._telling = False
        if first is not None:
            first.add_note(f"raised by on_loss, for {raised} messages; this is the first of these errors")
            raise first


def _closed(*_: object) -> NoReturn:
    raise Closed("producer")
