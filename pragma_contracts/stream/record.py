"""A consumed record: a message with its feed and its place in Kafka."""

from dataclasses import dataclass

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
