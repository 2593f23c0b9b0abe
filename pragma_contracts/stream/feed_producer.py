"""The fast path into Kafka: everything that is the same for all messages of a feed is made once."""

from collections.abc import Callable, Mapping, Set
from dataclasses import fields as fields_of
from datetime import datetime
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Generic

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from pragma_contracts.contract import M
from pragma_contracts.errors import ConfigurationError, InvalidDecimal, InvalidFeed, shown
from pragma_contracts.messages import DecimalColumn, MarketType
from pragma_contracts.rules import Where
from pragma_contracts.stream.lane import Lane
from pragma_contracts.wire.column import Texts, write_column
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.json_fields import is_repeated
from pragma_contracts.wire.timestamps import NS, to_ns

Setter = Callable[..., None]

_IDENTIFIERS = tuple(field.name for field in fields_of(Feed))


class FeedProducer(Generic[M]):
    """Sends the messages of one feed, from their payload alone. Made by `Producer.feed`; not for several threads."""

    def __init__(self, lane: Lane[M], feed: Feed) -> None:
        """Raises InvalidFeed: its market type is unknown to this version; ConfigurationError: it is no Feed."""
        if not isinstance(feed, Feed):
            problem = f"{shown(feed)} is no Feed; write Feed(…), or Feed.parse(key)"
            raise ConfigurationError("feed", problem)
        if not isinstance(feed.market_type, MarketType):
            raise InvalidFeed("market_type", feed.market_type, "is not known to this version, so it cannot be produced")
        contract = lane.contract
        self.feed = feed
        self._lane = lane
        # One message for all, in which everything that is the same for all messages of the feed is set once.
        self._message = contract.message(**{name: getattr(feed, name) for name in _IDENTIFIERS})
        contract.stamp(self._message, "", 0, lane.producer)
        self._event = self._message.envelope.event_timestamp  # type: ignore[attr-defined]  # every contract has one
        self._event.SetInParent()
        self._key = contract.key(self._message)
        texts = Texts()
        self._setters = {
            name: partial(setter, texts) if setter is _write_rows else setter
            for name, setter in _setters(contract.message.DESCRIPTOR).items()
        }
        self._filled: Set[str] = frozenset()
        self._where = Where(contract.name, contract.topic)

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
        message, event, setters = self._message, self._event, self._setters
        event.seconds, event.nanos = divmod(to_ns(event_time), NS)
        if self._filled != fields.keys():
            self._clear(fields)
        for name, value in fields.items():
            if value is None:
                message.ClearField(name)
                continue
            try:
                setters[name](message, name, value)
            except InvalidDecimal as error:
                raise self._where.error(name, error.value, error.problem) from error
            except (TypeError, ValueError) as error:
                problem = f"is of type {type(value).__name__}, which does not fit the field: {error}"
                raise self._where.error(name, value, problem) from error
        self._lane.send_payload(message, self._key)

    def _clear(self, fields: Mapping[str, Any]) -> None:
        """Takes out what the message before it had and this one does not."""
        for name, value in fields.items():
            if name not in self._setters:
                known = f"is no payload field of this contract; it has {', '.join(self._setters)}"
                raise self._where.error(name, value, known)
        for name in self._filled - fields.keys():
            self._message.ClearField(name)
        self._filled = frozenset(fields)


@cache
def _setters(descriptor: Descriptor) -> Mapping[str, Setter]:
    """How each payload field is set, by its name."""
    own = ("envelope", *_IDENTIFIERS)
    return MappingProxyType({field.name: _setter(field) for field in descriptor.fields if field.name not in own})


def _setter(field: FieldDescriptor) -> Setter:
    message_type = field.message_type
    if message_type is not None and message_type.GetOptions().map_entry:
        return _update
    if is_repeated(field):
        return _extend
    if message_type is None:
        return setattr
    if message_type.fields and all(column.message_type is DecimalColumn.DESCRIPTOR for column in message_type.fields):
        return _write_rows
    return _copy


def _update(message: Any, name: str, value: Any) -> None:
    message.ClearField(name)
    getattr(message, name).update(value)


def _extend(message: Any, name: str, value: Any) -> None:
    message.ClearField(name)
    getattr(message, name).extend(value)


def _copy(message: Any, name: str, value: Any) -> None:
    getattr(message, name).CopyFrom(value)


def _write_rows(known: Texts, message: Any, name: str, value: Any) -> None:
    table = getattr(message, name)
    if isinstance(value, Message):
        table.CopyFrom(value)
        return
    rows = [tuple(row) for row in value]
    names = [field.name for field in table.DESCRIPTOR.fields]
    for column, values in zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True):
        write_column(getattr(table, column), values, known)
