"""The consumer: hands out the records of the wanted feeds, each at least once, and never loses one in silence."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
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

from pragma_contracts.errors import BadRecord, Closed, ConfigurationError, ContractError, shown
from pragma_contracts.registry import RegistrySettings
from pragma_contracts.stream.broker import BrokerReports, require_topics
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.reader import Reader
from pragma_contracts.stream.record import Fetched, Record
from pragma_contracts.stream.settings import Config, chosen, consumer_settings, create
from pragma_contracts.stream.stats import ConsumerStats
from pragma_contracts.wire.feed import Feed

__all__ = ["Consumer", "Record"]

_log = logging.getLogger(__name__)

_BATCH = 500
# How long the iterator waits before it looks whether it was closed.
_WAIT_SECONDS = 1.0
# What the client cannot recover from by itself; of the rest it says so and goes on.
_LASTING = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError._AUTO_OFFSET_RESET,
    }
)
# The partition has moved to another consumer of the group.
_MOVED = frozenset({KafkaError._STATE, KafkaError._UNKNOWN_PARTITION})


class Consumer:
    """Consumes messages of the contracts. Use it as a context manager, and from one thread at a time.

    Every record is handed out at least once: its offset is stored once it has been handed out and the next one is asked
    for, and committed in the background. A clean end of the `with` block says that everything handed out is done; after
    an exception, or with `close()`, the last record or batch comes again at the next start.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        registry: str | RegistrySettings | None = None,
        lock: str | Path | None = None,
        group: str,
        contracts: Iterable[type[Message]],
        where: Callable[[Feed], bool] | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        unknown_ids: Literal["accept", "refuse"] = "accept",
        start: Literal["latest", "earliest"] = "latest",
        validate: bool = True,
        start_timeout: float = 10.0,
        config: Config | None = None,
    ) -> None:
        """Checks that the broker has every topic, and joins the group.

        registry, lock: what tells known schema ids from foreign ones: a registry (its URL, or RegistrySettings),
        contracts.lock, or neither.
        group: the consumer group. contracts: the message classes to consume.
        where: the feeds to consume, such as `feeds(market_type="perpetual")`; the others are skipped by their key.
        on_error: "raise" raises BadRecord for a record that cannot be used, and the next call goes on after it; "skip"
        counts it, logs the first of its kind, and goes on.
        unknown_ids: whether a schema id that is not known good, nor known foreign, is decoded or a bad record.
        start: where a group without offsets begins. validate: whether messages are checked against their contract.
        start_timeout: seconds to wait for the broker. config: librdkafka settings, which win over the defaults.

        Raises:
            ConfigurationError: a setting makes no sense.
            NotAContract: a class is bound to no topic.
            RegistryError, LockError: the registry or the lock cannot be used.
            BrokerError: the broker does not answer, or lacks a topic.
        """
        if where is not None and not callable(where):
            problem = f"{shown(where)} is no filter; write feeds(…), or a function of a Feed"
            raise ConfigurationError("where", problem)
        _one_of("on_error", on_error, ("raise", "skip"))
        _one_of("unknown_ids", unknown_ids, ("accept", "refuse"))
        _one_of("start", start, ("latest", "earliest"))
        settings = consumer_settings(bootstrap, group, start, config)
        found = {contract.topic: contract for contract in chosen(contracts)}
        self._ids = ConsumerIds(list(found.values()), registry=registry, lock=lock)
        self._reader = Reader(found, self._ids, where, refuse_unknown=unknown_ids == "refuse", validate=validate)
        self._skips = on_error == "skip"
        self._bad: Counter[str] = Counter()
        self._decoded = self._filtered = 0
        # A batch as it came from Kafka: up to _at it has been handed out, up to _done it is known to be processed.
        self._batch: list[Fetched] = []
        self._at = self._done = 0
        self._stopped = self._closed = False
        self._busy = threading.Lock()
        self._reports = BrokerReports(bootstrap)
        self._kafka = create(KafkaConsumer, {**settings, "error_cb": self._reports})
        try:
            require_topics(self._kafka, found, start_timeout, self._reports)
        except ContractError:
            self._leave()
            raise
        self._kafka.subscribe(list(found))

    def consume(self, max_messages: int = 500, timeout: float = 1.0) -> list[Record]:
        """The next records, at most `max_messages`, as soon as there are any; none when `timeout` seconds have passed.

        Asking for them says that all records handed out before are processed.

        Raises:
            BadRecord: a record cannot be used (with on_error="raise"); the good ones before it were handed out first,
                and the next call goes on after it.
            BrokerError: the topic is gone, access is refused, or the client can do nothing any more.
            Closed: the consumer has been closed.
        """
        if self._stopped:
            raise Closed("consumer")
        if max_messages < 1:
            raise ConfigurationError("max_messages", f"must be at least 1, not {max_messages}")
        deadline = time.monotonic() + timeout
        self._done = self._at
        while not (records := self._take(max_messages)):
            left = deadline - time.monotonic()
            self._fetch(max_messages, max(left, 0.0))
            if left <= 0 or self._stopped:
                return self._take(max_messages)
        return records

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Record:
        """The next record, however long it takes; the iteration ends when the consumer is closed."""
        self._done = self._at
        while not self._stopped:
            if records := self._take(1):
                return records[0]
            self._fetch(_BATCH, _WAIT_SECONDS)
        raise StopIteration

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
    def assignment(self) -> list[tuple[str, int]]:
        """The partitions that the group gives this consumer, as (topic, partition); none before it has joined."""
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

    def _take(self, limit: int) -> list[Record]:
        """The next good records of the batch. A bad one ends them, so that it is raised only when it comes first."""
        records: list[Record] = []
        batch, at = self._batch, self._at
        while at < len(batch) and len(records) < limit:
            message = batch[at]
            try:
                record = self._reader.read(message)
            except ContractError as error:
                if records and not self._skips:
                    break
                at += 1
                bad = _bad_record(message, error)
                self._bad[bad.kind] += 1
                if not self._skips:
                    self._at = at
                    raise bad from error
                if self._bad[bad.kind] == 1:
                    _log.warning("skipped, as every bad record of kind %s will be from now on: %s", bad.kind, bad)
                continue
            at += 1
            if record is None:
                self._filtered += 1
            else:
                records.append(record)
        # Only now, so that an exception from elsewhere (the filter, Ctrl-C) loses nothing.
        self._at = at
        self._decoded += len(records)
        return records

    def _fetch(self, count: int, timeout: float) -> None:
        """Replaces a batch that has been read to its end."""
        with self._busy:
            if self._closed:
                return
            self._store(len(self._batch))
            self._batch, self._at, self._done = [], 0, 0
            messages: list[KafkaMessage] = []
            try:
                # Asked for many, librdkafka waits until it has them all; so wait for one, and take what else there is.
                messages = self._kafka.consume(count, 0) or self._kafka.consume(1, timeout)
                if len(messages) == 1 < count:
                    messages += self._kafka.consume(count - 1, 0)
            except KafkaException as error:
                raise self._reports.error(error.args[0]) from error
            finally:
                errors = [found for message in messages if (found := message.error()) is not None]
                self._batch = cast("list[Fetched]", [message for message in messages if message.error() is None])
            self._tell(errors)
        if self._stopped:
            self.close()

    def _tell(self, errors: list[KafkaError]) -> None:
        for error in errors:
            self._reports(error)
        for error in errors:
            if error.code() in _LASTING:
                raise self._reports.error(error)
        self._reports.check()

    def _store(self, end: int) -> None:
        """Stores the offsets of the batch up to `end`; librdkafka commits what is stored."""
        last = {(message.topic(), message.partition()): message for message in self._batch[:end]}
        if not last:
            return
        offsets = [TopicPartition(*place, message.offset() + 1) for place, message in last.items()]
        try:
            self._kafka.store_offsets(offsets=offsets)
        except KafkaException as error:
            if error.args[0].code() not in _MOVED:
                raise self._reports.error(error.args[0]) from error
            _log.info("partitions have moved to another consumer, which reads their last records again: %s", list(last))

    def _leave(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._store(self._done)
        finally:
            self._batch, self._at, self._done = [], 0, 0
            self._kafka.close()
            self._ids.close()


def _bad_record(message: Fetched, error: ContractError) -> BadRecord:
    return BadRecord(message.topic(), message.partition(), message.offset(), error)


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(option, f"must be {' or '.join(map(repr, allowed))}, not {value!r}")
