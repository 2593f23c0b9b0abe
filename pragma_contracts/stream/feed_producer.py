"""The fast path into Kafka: everything that is the same for all messages of a feed is made once."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any, Generic

from pragma_contracts.contract import M
from pragma_contracts.errors import ConfigurationError, InvalidFeed, shown
from pragma_contracts.messages import MarketType
from pragma_contracts.stream.lane import Lane
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.framer import framer

_IDENTIFIERS = tuple(field.name for field in fields_of(Feed))


class FeedProducer(Generic[M]):
    """Sends the messages of one feed, from their payload alone. Made by `Producer.feed`; not for several threads."""

    def __init__(self, lane: Lane[M], feed: Feed, scales: Mapping[str, int] | None = None) -> None:
        """Raises InvalidFeed: its market type is unknown to this version; ConfigurationError: it is no Feed, or a
        scale makes no sense.
        """
        if not isinstance(feed, Feed):
            problem = f"{shown(feed)} is no Feed; write Feed(…), or Feed.parse(key)"
            raise ConfigurationError("feed", problem)
        if not isinstance(feed.market_type, MarketType):
            raise InvalidFeed("market_type", feed.market_type, "is not known to this version, so it cannot be produced")
        contract = lane.contract
        self.feed = feed
        self._topic = contract.topic
        self._put = lane.outbox.put
        identifiers = contract.message(**{name: getattr(feed, name) for name in _IDENTIFIERS})
        self._key = contract.key(identifiers)
        self._frame = framer(contract, identifiers, lane.header, lane.producer, scales).frame

    def send(self, /, *, event_time: datetime | int, **fields: Any) -> None:
        """Sends one message of the feed, with the payload given by field name; None leaves a field out.

        event_time: an aware datetime or int ns since the epoch. A field that is a message takes one, and is copied; one
        that is a table of decimal columns (a side of a book) also takes its rows: [(price, quantity), …].

        Raises:
            InvalidMessage: a field is not of the contract or not of its type, or the message breaks the contract.
            ConfigurationError: the event time is naive, or outside the years 0001 to 9999.
            Closed: the producer has been closed.
            BrokerError: Kafka will never take it.
        """
        frame, now = self._frame(event_time, fields)
        self._put(self._topic, self._key, frame, now)
