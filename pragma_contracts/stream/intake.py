"""The core of a consumer, below its two faces: batches from Kafka, and how far they are processed."""

import logging
import threading
import time
from collections import Counter
from types import MappingProxyType
from typing import cast

from confluent_kafka import (
    Consumer as KafkaConsumer,
    KafkaError,
    KafkaException,
    Message as KafkaMessage,
    TopicPartition,
)
from google.protobuf.message import Message

from pragma_contracts.errors import BadRecord, ContractError, TooManyBadRecords
from pragma_contracts.stream import offsets
from pragma_contracts.stream.assignment import Assignment
from pragma_contracts.stream.broker import LASTING, BrokerReports
from pragma_contracts.stream.circuit import Circuit
from pragma_contracts.stream.dead_letters import DeadLetters
from pragma_contracts.stream.freshness import Freshness
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.letter import Headed
from pragma_contracts.stream.offsets import Place, next_offsets
from pragma_contracts.stream.reader import Reader
from pragma_contracts.stream.record import Fetched, Record, Seen
from pragma_contracts.stream.stats import ConsumerStats

_log = logging.getLogger(__name__)

# How long a call waits in librdkafka before it looks whether the consumer was closed.
WAIT_SECONDS = 1.0


class Intake:
    """Fetches batches, which may wait for Kafka, and takes records out of them, which never does.

    skips: whether bad records are counted and skipped, or raised. delivery: see `Consumer`. letters: where bad records
    are written to before their offsets are stored.
    Not for several threads, but for `close`; a face may fetch in one thread what it takes in another, one at a time.
    """

    def __init__(
        self,
        kafka: KafkaConsumer,
        reports: BrokerReports,
        ids: ConsumerIds,
        reader: Reader,
        *,
        skips: bool,
        circuit: Circuit,
        delivery: str,
        letters: DeadLetters | None,
    ) -> None:
        self.kafka = kafka
        self.reader = reader
        self.delivery = delivery
        self.skips = skips
        # Set for a consumer without a group.
        self.assigned: Assignment | None = None
        # Set when it is measured.
        self.freshness: Freshness | None = None
        self.stopped = self.closed = False
        self._reports = reports
        self._ids = ids
        self._circuit = circuit
        self._letters = letters
        self._bad: Counter[str] = Counter()
        self._decoded = self._filtered = 0
        # A batch as it came from Kafka: up to _at it has been handed out, up to _done it is known to be processed.
        self._batch: list[Fetched] = []
        self._at = self._done = 0
        # The offsets behind everything that was handed out in the batches before, for `commit`.
        self._handed: dict[Place, int] = {}
        self._busy = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more, but for what is left of the batch."""
        return self.stopped or (self.assigned is not None and self.assigned.ended and self._at == len(self._batch))

    def all_done(self) -> None:
        """Takes note that everything that was handed out is processed."""
        self._done = self._at

    def take(self, limit: int, *, lazy: bool = False) -> list[Record]:
        """The next good records of the batch. A bad one ends them, so that it is raised only when it comes first."""
        records: list[Record] = []
        batch, at, end = self._batch, self._at, len(self._batch)
        known, look, decode, later = self.reader.seen, self.reader.look, self.reader.decode, self._decode
        filtered = 0
        bad: list[tuple[Fetched, BadRecord]] = []
        while at < end and len(records) < limit:
            fetched = batch[at]
            try:
                seen = known.get(fetched.key()) or look(fetched)
                if not seen.wanted:
                    filtered += 1
                else:
                    message = None if lazy else decode(fetched, seen)
                    records.append(Record(fetched, seen, message, later))
            except ContractError as error:
                if records and not self.skips:
                    break
                bad.append((fetched, _bad_record(fetched, error)))
                if not self.skips:
                    at += 1
                    break
            at += 1
        if self.skips:
            self._judge(len(records), [each for _, each in bad])
        # Only now, so that an exception from elsewhere (the filter, Ctrl-C) loses nothing.
        self._at = at
        self._decoded += len(records)
        self._filtered += filtered
        if self.freshness is not None:
            self.freshness.handed_out(records, end)
        for fetched, each in bad:
            self._refuse(fetched, each)
        return records

    def take_one(self) -> Record | None:
        """The next good record of the batch, for a face that hands them out one by one; None when there is none."""
        batch, reader = self._batch, self.reader
        while self._at < len(batch):
            fetched = batch[self._at]
            seen = reader.seen.get(fetched.key())
            if seen is None:
                break
            if not seen.wanted:
                self._at += 1
                self._filtered += 1
                continue
            try:
                record = Record(fetched, seen, reader.decode(fetched, seen), self._decode)
            except ContractError:
                break
            self._at += 1
            self._decoded += 1
            if self.skips:
                self._circuit.saw(1, ())
            if self.freshness is not None:
                self.freshness.handed_out((record,), len(batch))
            return record
        # A key that is new, a record that is bad, or the end of the batch.
        records = self.take(1)
        return records[0] if records else None

    def fetch(self, count: int, timeout: float, *, full: bool = False) -> None:
        """Replaces a batch that has been read to its end. full: waits for `count` messages, else for the first."""
        with self._busy:
            if self.closed:
                return
            self._settle()
            self._finish(len(self._batch))
            messages: list[KafkaMessage] = []
            try:
                self._poll(messages, count, timeout, full=full)
            except KafkaException as error:
                raise self._reports.error(error.args[0]) from error
            finally:
                errors = [found for message in messages if (found := message.error()) is not None]
                good = [message for message in messages if message.error() is None] if errors else messages
                self._batch = cast("list[Fetched]", good)
                if self.assigned is not None:
                    self._batch = self.assigned.within(self._batch)
                    # Only now: an end is told in one batch with the last records before it.
                    self._note_ends(self.assigned, messages)
            self._tell([error for error in errors if error.code() != KafkaError._PARTITION_EOF])
            if self.assigned is not None:
                self.assigned.check()
            if self.delivery == "at_most_once":
                self._commit_before()
        if self.stopped:
            self.close()

    def fetch_and_ask(self, count: int, timeout: float, *, full: bool) -> None:
        """Like `fetch`, and asks the registry about schema ids that are new, so that taking does not wait for it."""
        self.fetch(count, timeout, full=full)
        self.reader.ask(self._batch)

    def commit(self, records: tuple[Record, ...]) -> None:
        """Commits the offsets behind these records, or behind all that were handed out. Raises BrokerError."""
        self._settle()
        processed = next_offsets(record.fetched for record in records)
        if not records:
            processed = {**self._handed, **next_offsets(self._batch[: self._at])}
        if processed:
            offsets.commit(self.kafka, processed, self._reports)

    @property
    def stats(self) -> ConsumerStats:
        """The figures of this moment."""
        bad = MappingProxyType(dict(self._bad))
        return ConsumerStats(
            consumed=self._decoded + self._filtered + sum(bad.values()),
            decoded=self._decoded,
            filtered=self._filtered,
            bad=bad,
            unknown_schema_ids=self.reader.unknown_schema_ids,
            unknown_market_types=self.reader.unknown_market_types,
            errors=MappingProxyType(dict(self._reports.counts)),
            registry_outages=self._ids.outages,
            dead_letters=sum(self._letters.written.values()) if self._letters is not None else 0,
        )

    def close(self) -> None:
        """Leaves when nothing is being fetched; what is being fetched leaves when it has come."""
        self.stopped = True
        if self._busy.acquire(blocking=False):
            try:
                self._leave()
            finally:
                self._busy.release()

    def on_revoke(self, kafka: KafkaConsumer, places: list[TopicPartition]) -> None:
        """Forgets what was handed out of partitions that another consumer reads from now on: librdkafka's callback."""
        for place in places:
            self._handed.pop((place.topic, place.partition), None)

    def _judge(self, good: int, bad: list[BadRecord]) -> None:
        try:
            self._circuit.saw(good, bad)
        except TooManyBadRecords:
            self.stopped = True
            raise

    def _refuse(self, fetched: Fetched, bad: BadRecord) -> None:
        self._bad[bad.kind] += 1
        if not self.skips:
            raise bad from bad.error
        if self._letters is not None:
            self._letters.put(cast("Headed", fetched), bad)
        if self._bad[bad.kind] == 1:
            how = "skipped" if self._letters is None else "written to its dead letter topic"
            _log.warning("%s, as every bad record of kind %s will be from now on: %s", how, bad.kind, bad)

    def _settle(self) -> None:
        """Waits for the dead letters of what was taken. Raises BrokerError; then those records are not processed."""
        if self._letters is not None:
            self._letters.settle()

    def _decode(self, fetched: Fetched, seen: Seen) -> Message:
        """The message of a record that was handed out without."""
        try:
            return self.reader.decode(fetched, seen)
        except ContractError as error:
            bad = _bad_record(fetched, error)
            self._decoded -= 1
            self._bad[bad.kind] += 1
            raise bad from error

    def _poll(self, messages: list[KafkaMessage], count: int, timeout: float, *, full: bool) -> None:
        """Adds what comes to `messages`, so that nothing is lost when a later call fails."""
        # Asked for many, librdkafka waits until it has them all; so wait for one, and take what else there is.
        messages += self.kafka.consume(count, 0) or self.kafka.consume(1, min(timeout, WAIT_SECONDS))
        if len(messages) == 1 < count:
            messages += self.kafka.consume(count - 1, 0)
        deadline = time.monotonic() + timeout
        while full and len(messages) < count and not self.stopped and (left := deadline - time.monotonic()) > 0:
            messages += self.kafka.consume(count - len(messages), min(left, WAIT_SECONDS))

    def _note_ends(self, assigned: Assignment, messages: list[KafkaMessage]) -> None:
        for message in messages:
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                assigned.reached((str(message.topic()), message.partition() or 0), message.offset() or 0)

    def _tell(self, errors: list[KafkaError]) -> None:
        for error in errors:
            self._reports(error)
        for error in errors:
            if error.code() in LASTING:
                raise self._reports.error(error)
        self._reports.check()

    def _finish(self, end: int) -> None:
        """Ends the batch, of which the messages up to `end` are processed."""
        processed, self._batch, self._at, self._done = self._batch[:end], [], 0, 0
        if not processed:
            return
        if self.delivery == "at_least_once":
            offsets.store(self.kafka, next_offsets(processed), self._reports)
        elif self.delivery == "manual":
            self._handed.update(next_offsets(processed))

    def _commit_before(self) -> None:
        """Commits the batch before any of it is handed out; when that fails it is read again."""
        if not self._batch:
            return
        try:
            offsets.commit(self.kafka, next_offsets(self._batch), self._reports)
        except ContractError:
            first = {(message.topic(), message.partition()): message.offset() for message in reversed(self._batch)}
            self._batch = []
            for (topic, partition), offset in first.items():
                self.kafka.seek(TopicPartition(topic, partition, offset))
            raise

    def _leave(self) -> None:
        if self.closed:
            return
        self.closed = True
        try:
            self._settle()
            self._finish(self._done)
        finally:
            self.kafka.close()
            self._ids.close()
            if self._letters is not None:
                self._letters.close()


def _bad_record(fetched: Fetched, error: ContractError) -> BadRecord:
    return BadRecord(fetched.topic(), fetched.partition(), fetched.offset(), error)
