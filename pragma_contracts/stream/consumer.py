"""The consumer: hands out the records of the wanted feeds, each at least once, and never loses one in silence."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal, Self, cast

from confluent_kafka import (
    Consumer as KafkaConsumer,
    KafkaError,
    KafkaException,
    Message as KafkaMessage,
    TopicPartition,
)
from google.protobuf.message import Message

from pragma_contracts.errors import BadRecord, Closed, ConfigurationError, ContractError, TooManyBadRecords
from pragma_contracts.registry import RegistrySettings
from pragma_contracts.stream import offsets
from pragma_contracts.stream.assignment import Assignment, Point, Wish
from pragma_contracts.stream.broker import LASTING, BrokerReports, require_topics
from pragma_contracts.stream.circuit import Circuit
from pragma_contracts.stream.filter import FeedFilter, as_filter
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.offsets import Place, next_offsets
from pragma_contracts.stream.reader import Reader
from pragma_contracts.stream.record import Fetched, Record, Seen
from pragma_contracts.stream.settings import Config, chosen, consumer_settings, create
from pragma_contracts.stream.stats import ConsumerStats
from pragma_contracts.wire.feed import Feed

__all__ = ["Consumer", "Record"]

_log = logging.getLogger(__name__)

_BATCH = 500
# How long a call waits in librdkafka before it looks whether the consumer was closed.
_WAIT_SECONDS = 1.0
# librdkafka wants the name of a group; without one nothing is committed under it.
_NO_GROUP = "pragma-contracts.no-group"


class Consumer:
    """Consumes messages of the contracts. Use it as a context manager, and from one thread at a time.

    Every record is handed out at least once: its offset is stored once it has been handed out and the next one is asked
    for, and committed in the background, on a rebalance and at the end. A clean end of the `with` block says that
    everything handed out is done; after an exception, or with `close()`, the last record or batch comes again at the
    next start. `delivery` chooses otherwise.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        registry: str | RegistrySettings | None = None,
        lock: str | Path | None = None,
        group: str | None = None,
        contracts: Iterable[type[Message]],
        where: Callable[[Feed], bool] | Collection[Feed] | None = None,
        assign: Literal["all", "feeds"] = "all",
        on_error: Literal["raise", "skip"] = "raise",
        max_bad_share: float = 0.5,
        unknown_ids: Literal["accept", "refuse"] = "accept",
        delivery: Literal["at_least_once", "at_most_once", "manual"] = "at_least_once",
        start: Literal["latest", "earliest"] = "latest",
        at: Point | None = None,
        until: Point | Literal["end"] | None = None,
        validate: bool = True,
        start_timeout: float = 10.0,
        config: Config | None = None,
    ) -> None:
        """Checks that the broker has every topic, and joins the group or assigns itself partitions.

        registry, lock: what tells known schema ids from foreign ones: a registry (its URL, or RegistrySettings),
        contracts.lock, or neither.
        group: the consumer group; without one the partitions are read by this consumer alone, and nothing is committed.
        contracts: the message classes to consume.
        where: the feeds to consume, such as `feeds(market_type="perpetual")`, or a collection of Feeds; the others are
        skipped by their key. assign: "feeds" reads only the partitions that the feeds of `where` are in, without a
        group; that goes by murmur2 of the key, as this package's producers do it.
        on_error: "raise" raises BadRecord for a record that cannot be used, and the next call goes on after it; "skip"
        counts it, logs the first of its kind, and goes on. max_bad_share: the share of bad records, over a hundred or
        more, above which the consumer stops with TooManyBadRecords.
        unknown_ids: whether a schema id that is not known good, nor known foreign, is decoded or a bad record.
        delivery: "at_least_once", as said above; "at_most_once" commits a batch before it is handed out; "manual"
        leaves it to `commit`.
        start: where a group without offsets begins, or a consumer without a group. at: where the latter begins instead:
        a publish time (an aware datetime or int ns since the epoch, exact to the ms), or {(topic, partition): offset}.
        until: where the iteration ends: a publish time in the past, offsets, each the first that is not read, or "end"
        for what is there now. Neither goes with a group.
        validate: whether messages are checked against their contract.
        start_timeout: seconds to wait for the broker. config: librdkafka settings, which win over the defaults.

        Raises:
            ConfigurationError: a setting makes no sense.
            NotAContract: a class is bound to no topic.
            RegistryError, LockError: the registry or the lock cannot be used.
            BrokerError: the broker does not answer, or lacks a topic.
        """
        wanted = as_filter(where)
        _one_of("on_error", on_error, ("raise", "skip"))
        _one_of("unknown_ids", unknown_ids, ("accept", "refuse"))
        _one_of("start", start, ("latest", "earliest"))
        _one_of("delivery", delivery, ("at_least_once", "at_most_once", "manual"))
        if not 0 <= max_bad_share <= 1:
            raise ConfigurationError("max_bad_share", f"must be from 0 to 1, not {max_bad_share}")
        _check_group(group, delivery, at, until)
        settings = consumer_settings(bootstrap, _NO_GROUP if group is None else group, start, config)
        if group is None:
            # Offsets that are gone are an error: who asks for a place does not mean another one.
            settings |= {"auto.offset.reset": "error", "enable.partition.eof": until is not None}
        if group is None or delivery != "at_least_once":
            settings |= {"enable.auto.commit": False}
        found = {contract.topic: contract for contract in chosen(contracts)}
        wish = Wish(list(found), _feeds(assign, wanted, group), start, at, until)
        self._ids = ConsumerIds(list(found.values()), registry=registry, lock=lock)
        self._reader = Reader(found, self._ids, wanted, refuse_unknown=unknown_ids == "refuse", validate=validate)
        self._skips = on_error == "skip"
        self._circuit = Circuit(max_bad_share)
        self._delivery = delivery if group is not None else "manual"
        self._group = group
        self._bad: Counter[str] = Counter()
        self._decoded = self._filtered = 0
        # A batch as it came from Kafka: up to _at it has been handed out, up to _done it is known to be processed.
        self._batch: list[Fetched] = []
        self._at = self._done = 0
        # What `commit` commits: the offsets behind everything that was handed out in batches before.
        self._handed: dict[Place, int] = {}
        self._stopped = self._closed = False
        self._busy = threading.Lock()
        self._reports = BrokerReports(bootstrap)
        self._kafka = create(KafkaConsumer, {**settings, "error_cb": self._reports})
        self._assigned: Assignment | None = None
        try:
            require_topics(self._kafka, found, start_timeout, self._reports)
            if group is None:
                self._assigned = Assignment(self._kafka, wish, start_timeout, self._reports)
            else:
                self._kafka.subscribe(list(found), on_revoke=self._on_revoke, on_lost=self._on_revoke)
        except ContractError:
            self._leave()
            raise

    def consume(self, max_messages: int = 500, timeout: float = 1.0) -> list[Record]:
        """The next records, at most `max_messages`, as soon as there are any; none when `timeout` seconds have passed.

        Asking for them says that all records handed out before are processed.

        Raises:
            BadRecord: a record cannot be used (with on_error="raise"); the good ones before it were handed out first,
                and the next call goes on after it.
            TooManyBadRecords: too large a share of the records is bad; the consumer has stopped.
            BrokerError: the topic is gone, access is refused, or the client can do nothing any more.
            Closed: the consumer has been closed.
        """
        if self._stopped:
            raise Closed("consumer")
        _at_least_one(max_messages)
        deadline = time.monotonic() + timeout
        self._done = self._at
        while not (records := self._take(max_messages)):
            left = deadline - time.monotonic()
            self._fetch(max_messages, max(left, 0.0))
            if left <= 0 or self._ended:
                return self._take(max_messages)
        return records

    def batches(self, max_messages: int = 500, max_wait: float = 1.0) -> Iterator[list[Record]]:
        """Batches of records, each as soon as it has `max_messages`, or `max_wait` seconds after the wait for it began.

        Asking for the next one says that the one before is processed. No batch is empty: when nothing comes, the wait
        begins again. It ends when the consumer is closed, or has read what `until` says.

        With on_error="raise" nothing is decoded before `record.message` is asked for, which raises BadRecord when the
        record cannot be used. Raises like `consume`.
        """
        if self._stopped:
            raise Closed("consumer")
        _at_least_one(max_messages)
        return self._batches(max_messages, max_wait)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Record:
        """The next record, however long it takes; the iteration ends as that of `batches` does."""
        self._done = self._at
        while not self._stopped:
            if records := self._take(1):
                return records[0]
            if self._ended:
                break
            self._fetch(_BATCH, _WAIT_SECONDS)
        raise StopIteration

    def commit(self, *records: Record) -> None:
        """Commits, with delivery="manual", what is processed, and waits for the broker's word.

        records: the last one of each partition that is processed; without any, all that was handed out. What follows a
        record in its partition is read again at the next start.

        Raises:
            ConfigurationError: there is no group, or another delivery.
            BrokerError: the offsets were not committed, perhaps because a partition has moved to another consumer.
            Closed: the consumer has been closed.
        """
        if self._delivery != "manual" or self._group is None:
            raise ConfigurationError("delivery", 'commit() needs a group and delivery="manual"')
        if self._closed:
            raise Closed("consumer")
        processed = next_offsets(record.fetched for record in records)
        if not records:
            processed = {**self._handed, **next_offsets(self._batch[: self._at])}
        if processed:
            offsets.commit(self._kafka, processed, self._reports)

    @property
    def stats(self) -> ConsumerStats:
        """The figures of this moment."""
        bad = MappingProxyType(dict(self._bad))
        return ConsumerStats(
            consumed=self._decoded + self._filtered + sum(bad.values()),
            decoded=self._decoded,
            filtered=self._filtered,
            bad=bad,
            unknown_schema_ids=self._reader.unknown_schema_ids,
            unknown_market_types=self._reader.unknown_market_types,
            errors=MappingProxyType(dict(self._reports.counts)),
            registry_outages=self._ids.outages,
        )

    @property
    def assignment(self) -> list[Place]:
        """The partitions that this consumer reads, as (topic, partition); none before it has joined its group."""
        return [(place.topic, place.partition) for place in self._kafka.assignment()]

    def close(self) -> None:
        """Stores and commits the offsets of what was processed, and leaves the group.

        From a signal handler or another thread it ends the running iteration or `consume`, which then closes.
        """
        self._stopped = True
        if self._busy.acquire(blocking=False):
            try:
                self._leave()
            finally:
                self._busy.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._done = self._at
        self.close()

    @property
    def _ended(self) -> bool:
        """Whether nothing will come any more, but for what is left of the batch."""
        return self._stopped or (self._assigned is not None and self._assigned.ended and self._at == len(self._batch))

    def _batches(self, max_messages: int, max_wait: float) -> Iterator[list[Record]]:
        while not self._stopped:
            self._done = self._at
            if records := self._take(max_messages, lazy=not self._skips):
                yield records
            elif self._ended:
                return
            else:
                self._fetch(max_messages, max_wait, full=True)

    def _take(self, limit: int, *, lazy: bool = False) -> list[Record]:
        """The next good records of the batch. A bad one ends them, so that it is raised only when it comes first."""
        records: list[Record] = []
        batch, at, end = self._batch, self._at, len(self._batch)
        known, look, decode, later = self._reader.seen, self._reader.look, self._reader.decode, self._decode
        filtered, bad = 0, []
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
                if records and not self._skips:
                    break
                bad.append(BadRecord(fetched.topic(), fetched.partition(), fetched.offset(), error))
                if not self._skips:
                    at += 1
                    break
            at += 1
        if self._skips:
            self._judge(len(records), bad)
        # Only now, so that an exception from elsewhere (the filter, Ctrl-C) loses nothing.
        self._at = at
        self._decoded += len(records)
        self._filtered += filtered
        for each in bad:
            self._refuse(each)
        return records

    def _judge(self, good: int, bad: list[BadRecord]) -> None:
        try:
            self._circuit.saw(good, bad)
        except TooManyBadRecords:
            self._stopped = True
            raise

    def _refuse(self, bad: BadRecord) -> None:
        self._bad[bad.kind] += 1
        if not self._skips:
            raise bad from bad.error
        if self._bad[bad.kind] == 1:
            _log.warning("skipped, as every bad record of kind %s will be from now on: %s", bad.kind, bad)

    def _decode(self, fetched: Fetched, seen: Seen) -> Message:
        """The message of a record that was handed out without."""
        try:
            return self._reader.decode(fetched, seen)
        except ContractError as error:
            bad = BadRecord(fetched.topic(), fetched.partition(), fetched.offset(), error)
            self._decoded -= 1
            self._bad[bad.kind] += 1
            raise bad from error

    def _fetch(self, count: int, timeout: float, *, full: bool = False) -> None:
        """Replaces a batch that has been read to its end. full: waits for `count` messages, else for the first."""
        with self._busy:
            if self._closed:
                return
            self._finish(len(self._batch))
            messages: list[KafkaMessage] = []
            try:
                self._poll(messages, count, timeout, full=full)
            except KafkaException as error:
                raise self._reports.error(error.args[0]) from error
            finally:
                errors = [found for message in messages if (found := message.error()) is not None]
                if errors:
                    self._note_ends(messages)
                    messages = [message for message in messages if message.error() is None]
                batch = cast("list[Fetched]", messages)
                self._batch = batch if self._assigned is None else self._assigned.within(batch)
            self._tell([error for error in errors if error.code() != KafkaError._PARTITION_EOF])
            if self._assigned is not None:
                self._assigned.check()
            if self._delivery == "at_most_once":
                self._commit_before()
        if self._stopped:
            self.close()

    def _poll(self, messages: list[KafkaMessage], count: int, timeout: float, *, full: bool) -> None:
        """Adds what comes to `messages`, so that nothing is lost when a later call fails."""
        # Asked for many, librdkafka waits until it has them all; so wait for one, and take what else there is.
        messages += self._kafka.consume(count, 0) or self._kafka.consume(1, min(timeout, _WAIT_SECONDS))
        if len(messages) == 1 < count:
            messages += self._kafka.consume(count - 1, 0)
        deadline = time.monotonic() + timeout
        while full and len(messages) < count and not self._stopped and (left := deadline - time.monotonic()) > 0:
            messages += self._kafka.consume(count - len(messages), min(left, _WAIT_SECONDS))

    def _note_ends(self, messages: list[KafkaMessage]) -> None:
        for message in messages:
            error = message.error()
            if self._assigned is not None and error is not None and error.code() == KafkaError._PARTITION_EOF:
                self._assigned.reached((str(message.topic()), message.partition() or 0), message.offset() or 0)

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
        if self._delivery == "at_least_once":
            offsets.store(self._kafka, next_offsets(processed), self._reports)
        elif self._group is not None and self._delivery == "manual":
            self._handed.update(next_offsets(processed))

    def _commit_before(self) -> None:
        """Commits the batch before any of it is handed out; when that fails it is read again."""
        if not self._batch:
            return
        try:
            offsets.commit(self._kafka, next_offsets(self._batch), self._reports)
        except ContractError:
            first = {(message.topic(), message.partition()): message.offset() for message in reversed(self._batch)}
            self._batch = []
            for (topic, partition), offset in first.items():
                self._kafka.seek(TopicPartition(topic, partition, offset))
            raise

    def _on_revoke(self, kafka: KafkaConsumer, places: list[TopicPartition]) -> None:
        for place in places:
            self._handed.pop((place.topic, place.partition), None)

    def _leave(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._finish(self._done)
        finally:
            self._kafka.close()
            self._ids.close()


def _check_group(group: str | None, delivery: str, at: object, until: object) -> None:
    if group is None:
        if delivery != "at_least_once":
            raise ConfigurationError("delivery", f"{delivery!r} needs a group: without one nothing is committed")
        return
    for option, value in ("at", at), ("until", until):
        if value is not None:
            problem = "goes without a group: in one, the offsets that it has committed say where to read"
            raise ConfigurationError(option, problem)


def _feeds(assign: str, wanted: Callable[[Feed], bool] | None, group: str | None) -> Collection[Feed] | None:
    """The feeds whose partitions alone are to be assigned; None for every partition."""
    _one_of("assign", assign, ("all", "feeds"))
    if assign == "all":
        return None
    if group is not None:
        raise ConfigurationError("assign", "'feeds' goes without a group, which assigns partitions by itself")
    exact = wanted.exact() if isinstance(wanted, FeedFilter) else None
    if exact is None:
        problem = "'feeds' needs where= to name the feeds: a collection of Feeds, or feeds(…) with all four identifiers"
        raise ConfigurationError("assign", problem)
    return exact


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(option, f"must be {' or '.join(map(repr, allowed))}, not {value!r}")


def _at_least_one(max_messages: int) -> None:
    if max_messages < 1:
        raise ConfigurationError("max_messages", f"must be at least 1, not {max_messages}")
