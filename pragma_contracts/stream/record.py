"""A consumed record: a place in Kafka with its feed, and the message that is decoded when it is first asked for."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from google.protobuf.message import Message

from pragma_contracts.errors import BadRecord
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.frame import split


class Fetched(Protocol):
    """What confluent_kafka's Message has when it is no error: a place in Kafka. Its timestamp is (kind, ms)."""

    def key(self) -> bytes | None: ...  # noqa: D102
    def value(self) -> bytes | None: ...  # noqa: D102
    def topic(self) -> str: ...  # noqa: D102
    def partition(self) -> int: ...  # noqa: D102
    def offset(self) -> int: ...  # noqa: D102
    def timestamp(self) -> tuple[int, int]: ...  # noqa: D102


class Seen(NamedTuple):
    """What a record key says: its feed, whether that is wanted, and whether its market type is known here."""

    feed: Feed
    wanted: bool
    known: bool


class Record:
    """One record as it was consumed. Nothing but `message` decodes anything, and that once."""

    __slots__ = ("_bad", "_decode", "_message", "_seen", "feed", "fetched")

    def __init__(
        self, fetched: Fetched, seen: Seen, message: Message | None, decode: Callable[[Fetched, Seen], Message]
    ) -> None:
        """message: when it was decoded already; decode: what to ask for it when it was not."""
        self.fetched = fetched
        self.feed = seen.feed
        self._seen = seen
        self._message = message
        self._bad: BadRecord | None = None
        self._decode = decode

    @property
    def message(self) -> Message:
        """The message, checked against its contract.

        Raises BadRecord when it cannot be used: only a record of `batches` that was not decoded before can be such.
        """
        if self._message is None:
            if self._bad is not None:
                raise self._bad
            try:
                self._message = self._decode(self.fetched, self._seen)
            except BadRecord as bad:
                self._bad = bad
                raise
        return self._message

    @property
    def decoded(self) -> Message | None:
        """The message when it has been decoded; nothing is done for it."""
        return self._message

    @property
    def topic(self) -> str:
        """The topic it was read from."""
        return self.fetched.topic()

    @property
    def partition(self) -> int:
        """The partition it was read from."""
        return self.fetched.partition()

    @property
    def offset(self) -> int:
        """Its offset in the partition."""
        return self.fetched.offset()

    @property
    def timestamp(self) -> int:
        """Its publish time, in ms since the epoch; the event time is in the message's envelope."""
        return self.fetched.timestamp()[1]

    @property
    def schema_id(self) -> int:
        """The schema id of its frame. Raises InvalidFrame when it has none."""
        return split(self.fetched.value() or b"")[0]

    def __repr__(self) -> str:
        return f"<Record {self.topic} [{self.partition}] at offset {self.offset}: {self.feed!r}>"
