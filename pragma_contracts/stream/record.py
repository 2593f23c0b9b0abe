"""A consumed record: a message with its feed and its place in Kafka; and what it is read from."""

from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import Message

from pragma_contracts.wire.feed import Feed


@dataclass(slots=True, eq=False)
class Record:
    """One message as it was consumed. `timestamp` is its publish time in ms since the epoch; the event time is in the
    message's envelope.
    """

    message: Message
    feed: Feed
    topic: str
    partition: int
    offset: int
    schema_id: int
    timestamp: int


class Fetched(Protocol):
    """What confluent_kafka's Message has when it is no error: a place in Kafka. Its timestamp is (kind, ms)."""

    def key(self) -> bytes | None: ...  # noqa: D102
    def value(self) -> bytes | None: ...  # noqa: D102
    def topic(self) -> str: ...  # noqa: D102
    def partition(self) -> int: ...  # noqa: D102
    def offset(self) -> int: ...  # noqa: D102
    def timestamp(self) -> tuple[int, int]: ...  # noqa: D102
