"""Which partitions a consumer without a group reads, from which offset, and up to which."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer as KafkaConsumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from pragma_contracts.errors import BrokerError, ConfigurationError, shown
from pragma_contracts.stream.broker import BrokerReports
from pragma_contracts.stream.offsets import Place
from pragma_contracts.stream.record import Fetched
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.timestamps import NS, split

# A point in each partition: a publish time, or offsets by (topic, partition).
Point = datetime | int | Mapping[Place, int]

_RECOUNT_SECONDS = 30.0
_RECOUNT_TIMEOUT = 1.0
_NO_OFFSET = -1


@dataclass(frozen=True, slots=True)
class Wish:
    """What a consumer without a group was asked to read. feeds: all of what it will ever want, or None."""

    topics: Sequence[str]
    feeds: Collection[Feed] | None
    start: str
    at: Point | None
    until: Point | str | None


class Assignment:
    """Partitions that were assigned by hand, and where they end."""

    def __init__(self, kafka: KafkaConsumer, wish: Wish, timeout: float, reports: BrokerReports) -> None:
        """Assigns. Raises BrokerError, or ConfigurationError when a point makes no sense for these partitions."""
        self._kafka = kafka
        self._wish = wish
        self._timeout = timeout
        self._reports = reports
        self._counts = self._count(timeout)
        self.places = self._places()
        beginning = {"earliest": OFFSET_BEGINNING, "latest": OFFSET_END}[wish.start]
        starts = self._offsets("at", wish.at) if wish.at is not None else {}
        self._ends = self._find_ends()
        self._recount_at = time.monotonic() + _RECOUNT_SECONDS
        # A partition that has nothing before its end is not read at all.
        read = self.places if self._ends is None else self._ends
        kafka.assign([TopicPartition(*place, starts.get(place, beginning)) for place in read])

    @property
    def ended(self) -> bool:
        """Whether every partition was read up to where it ends."""
        return self._ends is not None and not self._ends

    def within(self, messages: list[Fetched]) -> list[Fetched]:
        """The messages that lie before the ends; partitions that reach theirs are read no further."""
        if self._ends is None:
            return messages
        kept = []
        for message in messages:
            place = message.topic(), message.partition()
            end = self._ends.get(place)
            if end is not None and message.offset() < end:
                kept.append(message)
            self.reached(place, message.offset() + 1)
        return kept

    def reached(self, place: Place, offset: int) -> None:
        """Takes note that a partition was read up to an offset, which may lie behind records that are gone."""
        if self._ends is not None and offset >= self._ends.get(place, offset + 1):
            del self._ends[place]
            self._kafka.pause([TopicPartition(*place)])

    def check(self) -> None:
        """Raises BrokerError when a topic is gone, of which librdkafka tells a consumer without a group nothing, or has
        got more partitions, where its feeds may be from then on. Asks seldom.
        """
        if time.monotonic() < self._recount_at:
            return
        self._recount_at = time.monotonic() + _RECOUNT_SECONDS
        try:
            counts = self._count(_RECOUNT_TIMEOUT)
        except BrokerError:
            # An outage, which librdkafka reports by itself; the partitions are counted again when it is over.
            return
        for topic, before in self._counts.items():
            count = counts.get(topic)
            if count is None:
                gone = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART).name()
                detail = f"{topic} is gone, or this client may not see it any more; there is nothing to read"
                raise BrokerError(self._reports.bootstrap, gone, detail)
            if count != before:
                detail = f"{topic} had {before} partitions and now has {count}; make a new consumer"
                raise BrokerError(self._reports.bootstrap, "_PARTITIONS_CHANGED", detail)

    def _count(self, timeout: float) -> dict[str, int]:
        try:
            known = self._kafka.list_topics(timeout=timeout).topics
        except KafkaException as error:
            raise self._reports.error(error.args[0]) from error
        return {topic: len(known[topic].partitions) for topic in self._wish.topics if topic in known}

    def _places(self) -> list[Place]:
        if self._wish.feeds is None:
            return [(topic, partition) for topic, count in self._counts.items() for partition in range(count)]
        found = {(topic, feed.partition(count)) for topic, count in self._counts.items() for feed in self._wish.feeds}
        return sorted(found)

    def _find_ends(self) -> dict[Place, int] | None:
        until = self._wish.until
        if until is None:
            return None
        if isinstance(until, Mapping) and (missing := [place for place in self.places if place not in until]):
            problem = f"has no offset for {missing[0]}; a partition without an end is never read to it"
            raise ConfigurationError("until", problem)
        ends = dict.fromkeys(self.places, OFFSET_END) if until == "end" else self._offsets("until", until)
        found = {}
        for place, end in ends.items():
            first, behind = self._watermarks(place)
            # The end of this moment: a record that may never come is not waited for.
            found[place] = behind if end == OFFSET_END else end
            if found[place] <= first:
                del found[place]
        return found

    def _offsets(self, option: str, point: object) -> dict[Place, int]:
        """The offset of a point in each partition, OFFSET_END where all records are older."""
        if isinstance(point, Mapping):
            self._check_offsets(option, point)
            return {place: offset for place, offset in point.items() if place in self.places}
        seconds, nanos = _time(option, point)
        ms = seconds * 1000 + nanos // 1_000_000
        try:
            found = self._kafka.offsets_for_times(
                [TopicPartition(*place, ms) for place in self.places], timeout=self._timeout
            )
        except KafkaException as error:
            raise self._reports.error(error.args[0]) from error
        return {(each.topic, each.partition): each.offset if each.offset > _NO_OFFSET else OFFSET_END for each in found}

    def _check_offsets(self, option: str, offsets: Mapping[Place, int]) -> None:
        for place, offset in offsets.items():
            topic, partition = place
            if not 0 <= partition < self._counts.get(topic, 0):
                raise ConfigurationError(option, f"{shown(place)} is no (topic, partition) of this consumer")
            if not isinstance(offset, int) or offset < 0:
                raise ConfigurationError(option, f"{shown(offset)} of {shown(place)} is no offset, an int from 0 on")

    def _watermarks(self, place: Place) -> tuple[int, int]:
        try:
            low, high = self._kafka.get_watermark_offsets(TopicPartition(*place), timeout=self._timeout)
        except KafkaException as error:
            raise self._reports.error(error.args[0]) from error
        return low, high


def _time(option: str, point: object) -> tuple[int, int]:
    try:
        seconds, nanos = split(point)  # type: ignore[arg-type]  # anything else is refused there
    except ConfigurationError as error:
        raise ConfigurationError(option, error.problem) from error
    if option == "until" and seconds * NS + nanos > time.time_ns():
        raise ConfigurationError(option, f"{shown(point)} is yet to come; records up to then are not there to be read")
    return seconds, nanos
