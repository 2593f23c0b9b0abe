"""How old records are when a consumer hands them out: since they were published, and since their event."""

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from confluent_kafka import TIMESTAMP_CREATE_TIME

from pragma_contracts.messages import MarketType
from pragma_contracts.stream.record import Record
from pragma_contracts.wire.timestamps import NS

# Upper bounds of the classes, in seconds.
BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
# Looking at every record would take as long as skipping it does.
_LOOKS = 20
_MS = 1_000_000
_UNKNOWN = "unknown"


class Histogram:
    """How many values are in each class, and their sum."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float, count: int) -> None:
        """Adds a value that stands for so many. A clock that is behind makes it negative: then it is 0."""
        seconds = max(seconds, 0.0)
        self.counts[bisect_left(BOUNDS, seconds)] += count
        self.sum += seconds * count

    def buckets(self) -> Iterator[tuple[str, float]]:
        """Each bound with the number of values up to it, as Prometheus wants them."""
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), [*self.counts], strict=True):
            total += count
            yield bound, total


class Freshness:
    """Looks at some of the records that are handed out, evenly, each for its neighbours; at every one of a small batch.

    Nothing is decoded for it: the publish time is the record's timestamp, and the event time is looked up when the next
    records are handed out, where the message was decoded by then.
    end_to_end: seconds from publish to hand-out. staleness: seconds from event to hand-out, by market type, and
    last_event: that of the last one, in seconds since the epoch.
    """

    def __init__(self) -> None:
        self.end_to_end = Histogram()
        self.staleness: dict[str, Histogram] = {}
        self.last_event: dict[str, float] = {}
        # How many records to let pass before the next look.
        self._pass = 0
        # What was looked at last, how many each stands for, and when that was.
        self._looked: Sequence[Record] = ()
        self._weight = self._ns = 0

    def handed_out(self, records: Sequence[Record], fetched: int) -> None:
        """Takes note of records that are handed out now, from a batch of `fetched`."""
        if self._looked:
            self._note_events()
        count, step = len(records), 1 + fetched // _LOOKS
        first = self._pass if self._pass < step else step - 1
        if first >= count:
            self._pass = first - count
            return
        self._looked, self._weight, self._ns = records[first::step], step, time.time_ns()
        self._pass = first + len(self._looked) * step - count
        self._note_publishing()

    def _note_publishing(self) -> None:
        now_ms = self._ns // _MS
        for record in self._looked:
            kind, ms = record.fetched.timestamp()
            # A topic may be set to have the broker's time instead, which says nothing about the way there.
            if kind == TIMESTAMP_CREATE_TIME:
                self.end_to_end.add((now_ms - ms) / 1000, self._weight)

    def _note_events(self) -> None:
        for record in self._looked:
            if record.decoded is not None:
                event = record.decoded.envelope.event_timestamp  # type: ignore[attr-defined]  # every contract has one
                self._note_event(record, event.seconds * NS + event.nanos)
        self._looked = ()

    def _note_event(self, record: Record, event_ns: int) -> None:
        market_type = record.feed.market_type
        # There may be any number of unknown ones.
        name = market_type.text if isinstance(market_type, MarketType) else _UNKNOWN
        self.staleness.setdefault(name, Histogram()).add((self._ns - event_ns) / NS, self._weight)
        self.last_event[name] = event_ns / NS
