"""The consumer: hands out the records of the wanted feeds, each at least once, and never loses one in silence."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from confluent_kafka import Consumer as KafkaConsumer
from google.protobuf.message import Message

from pragma_contracts.errors import Closed, ConfigurationError, ContractError
from pragma_contracts.registry import RegistrySettings
from pragma_contracts.stream.assignment import Assignment, Point, Wish
from pragma_contracts.stream.broker import BrokerReports, require_topics
from pragma_contracts.stream.circuit import Circuit
from pragma_contracts.stream.dead_letters import DeadLetters
from pragma_contracts.stream.filter import FeedFilter, as_filter
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.intake import WAIT_SECONDS, Intake
from pragma_contracts.stream.offsets import Place
from pragma_contracts.stream.reader import Reader
from pragma_contracts.stream.record import Record
from pragma_contracts.stream.settings import Config, chosen, consumer_settings, create
from pragma_contracts.stream.stats import ConsumerStats
from pragma_contracts.stream.watch import ConsumerWatch, Registry, watch
from pragma_contracts.wire.feed import Feed

__all__ = ["Consumer", "Record"]

BATCH = 500
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
        on_error: Literal["raise", "skip", "dead_letter"] = "raise",
        max_bad_share: float = 0.5,
        unknown_ids: Literal["accept", "refuse"] = "accept",
        delivery: Literal["at_least_once", "at_most_once", "manual"] = "at_least_once",
        start: Literal["latest", "earliest"] = "latest",
        at: Point | None = None,
        until: Point | Literal["end"] | None = None,
        validate: bool = True,
        metrics: Registry = False,
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
        counts it, logs the first of its kind, and goes on; "dead_letter" also writes it to the topic `<topic>-dlq`,
        before its offset is stored. max_bad_share: the share of bad records, over a hundred or more, above which the
        consumer stops with TooManyBadRecords.
        unknown_ids: whether a schema id that is not known good, nor known foreign, is decoded or a bad record.
        delivery: "at_least_once", as said above; "at_most_once" commits a batch before it is handed out; "manual"
        leaves it to `commit`.
        start: where a group without offsets begins, or a consumer without a group. at: where the latter begins instead:
        a publish time (an aware datetime or int ns since the epoch, exact to the ms), or {(topic, partition): offset}.
        until: where the iteration ends: a publish time in the past, offsets, each the first that is not read, or "end"
        for what is there now. Neither goes with a group.
        validate: whether messages are checked against their contract.
        metrics: whether to export metrics by prometheus_client, in its default registry (True) or in a
        CollectorRegistry. Their label client is the group, or client.id where config has one.
        start_timeout: seconds to wait for the broker. config: librdkafka settings, which win over the defaults.

        Raises:
            ConfigurationError: a setting makes no sense, or metrics lack prometheus_client.
            NotAContract: a class is bound to no topic.
            RegistryError, LockError: the registry or the lock cannot be used.
            BrokerError: the broker does not answer, or lacks a topic.
        """
        wanted = as_filter(where)
        _one_of("on_error", on_error, ("raise", "skip", "dead_letter"))
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
        ids = ConsumerIds(list(found.values()), registry=registry, lock=lock)
        reader = Reader(found, ids, wanted, refuse_unknown=unknown_ids == "refuse", validate=validate)
        letters = None
        if on_error == "dead_letter":
            letters = DeadLetters(bootstrap, found, group=group or "", config=config, start_timeout=start_timeout)
        reports = BrokerReports(bootstrap)
        watching = watch(ConsumerWatch, metrics, settings["group.id"], settings)
        kafka = create(KafkaConsumer, {**settings, "error_cb": reports})
        self.intake = intake = Intake(
            kafka,
            reports,
            ids,
            reader,
            skips=on_error != "raise",
            circuit=Circuit(max_bad_share),
            delivery=delivery if group is not None else "none",
            letters=letters,
        )
        if watching is not None:
            watching.begin(intake)
        try:
            require_topics(kafka, found, start_timeout, reports)
            if group is None:
                intake.assigned = Assignment(kafka, wish, start_timeout, reports)
            else:
                kafka.subscribe(list(found), on_revoke=intake.on_revoke, on_lost=intake.on_revoke)
        except ContractError:
            intake.close()
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
        intake = self.intake
        if intake.stopped:
            raise Closed("consumer")
        check_at_least_one(max_messages)
        deadline = time.monotonic() + timeout
        intake.all_done()
        while not (records := intake.take(max_messages)):
            left = deadline - time.monotonic()
            intake.fetch(max_messages, max(left, 0.0))
            if left <= 0 or intake.ended:
                return intake.take(max_messages)
        return records

    def batches(self, max_messages: int = 500, max_wait: float = 1.0) -> Iterator[list[Record]]:
        """Batches of records, each as soon as it has `max_messages`, or `max_wait` seconds after the wait for it began.

        Asking for the next one says that the one before is processed. No batch is empty: when nothing comes, the wait
        begins again. It ends when the consumer is closed, or has read what `until` says.

        With on_error="raise" nothing is decoded before `record.message` is asked for, which raises BadRecord when the
        record cannot be used. Raises like `consume`.
        """
        if self.intake.stopped:
            raise Closed("consumer")
        check_at_least_one(max_messages)
        return self._batches(max_messages, max_wait)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Record:
        """The next record, however long it takes; the iteration ends as that of `batches` does."""
        intake = self.intake
        intake.all_done()
        while not intake.stopped:
            if record := intake.take_one():
                return record
            if intake.ended:
                break
            intake.fetch(BATCH, WAIT_SECONDS)
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
        if self.intake.delivery != "manual":
            raise ConfigurationError("delivery", 'commit() needs a group and delivery="manual"')
        if self.intake.closed:
            raise Closed("consumer")
        self.intake.commit(records)

    @property
    def stats(self) -> ConsumerStats:
        """The figures of this moment, in any thread."""
        return self.intake.stats

    @property
    def assignment(self) -> list[Place]:
        """The partitions that this consumer reads, as (topic, partition); none before it has joined its group."""
        return [(place.topic, place.partition) for place in self.intake.kafka.assignment()]

    def close(self) -> None:
        """Stores and commits the offsets of what was processed, and leaves the group.

        From a signal handler or another thread it ends the running iteration or `consume`, which then closes.
        """
        self.intake.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.intake.all_done()
        self.intake.close()

    def _batches(self, max_messages: int, max_wait: float) -> Iterator[list[Record]]:
        intake = self.intake
        while not intake.stopped:
            intake.all_done()
            if records := intake.take(max_messages, lazy=not intake.skips):
                yield records
            elif intake.ended:
                return
            else:
                intake.fetch(max_messages, max_wait, full=True)


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
    if not exact:
        problem = "'feeds' needs where= to name the feeds: a collection of Feeds, or feeds(…) with all four identifiers"
        raise ConfigurationError("assign", problem)
    return exact


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(option, f"must be {' or '.join(map(repr, allowed))}, not {value!r}")


def check_at_least_one(max_messages: int) -> None:
    """Raises ConfigurationError for a batch that could hold nothing."""
    if max_messages < 1:
        raise ConfigurationError("max_messages", f"must be at least 1, not {max_messages}")
