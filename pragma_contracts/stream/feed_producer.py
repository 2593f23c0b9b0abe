"""The fast path into Kafka: everything that is the same for all messages of a feed is made once."""

import time
from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any, Generic

import uuid_utils
from google.protobuf.message import Message

from pragma_contracts.contract import M
from pragma_contracts.errors import ConfigurationError, InvalidDecimal, InvalidFeed, shown
from pragma_contracts.messages import DecimalColumn, MarketType
from pragma_contracts.rules import Where
from pragma_contracts.stream.lane import Lane
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.json_fields import is_repeated
from pragma_contracts.wire.table import TableWriter
from pragma_contracts.wire.timestamps import NS, split

Setter = Callable[[Any, str, Any], None]

# upb frees what a message has held only with the message: texts and columns that were overwritten stay.
_MESSAGE_USES = 100

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
        self._header = lane.header
        self._topic = contract.topic
        self._validate = contract.validate_payload
        self._put = lane.outbox.put
        self._template = contract.message(**{name: getattr(feed, name) for name in _IDENTIFIERS})
        contract.stamp(self._template, "", 0, lane.producer)
        self._key = contract.key(self._template)
        self._renew()
        self._setters = _setters(contract.message, scales)
        self._filled: tuple[str, ...] = ()
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
        event, publish = self._event, self._publish
        event.seconds, event.nanos = split(event_time)
        if self._filled != tuple(fields):
            self._clear(fields)
        message, setters = self._message, self._setters
        for name, value in fields.items():
            try:
                setters[name](message, name, value)
            except (InvalidDecimal, TypeError, ValueError) as error:
                self._unset(name, value, error)
        self._validate(message)
        now = time.time_ns()
        publish.seconds, publish.nanos = divmod(now, NS)
        self._envelope.message_id = str(uuid_utils.uuid7())
        frame = self._header + self._serialize()
        self._uses -= 1
        if not self._uses:
            self._renew()
        self._put(self._topic, self._key, frame, now)

    def _renew(self) -> None:
        """Makes the message for the next ones, in which everything that is the same for all of the feed is set once."""
        self._message = message = type(self._template)()
        message.CopyFrom(self._template)
        # Parts and methods of it, which cost as much to look up as to use.
        self._envelope = message.envelope  # type: ignore[attr-defined]  # every contract has one
        self._event = self._envelope.event_timestamp
        self._event.SetInParent()
        self._publish = self._envelope.publish_timestamp
        self._serialize = message.SerializeToString
        self._uses = _MESSAGE_USES

    def _clear(self, fields: Mapping[str, Any]) -> None:
        """Takes out what the message before it had and this one does not."""
        for name, value in fields.items():
            if name not in self._setters:
                known = f"is no payload field of this contract; it has {', '.join(self._setters)}"
                raise self._where.error(name, value, known)
        for name in self._filled:
            if name not in fields:
                self._message.ClearField(name)
        self._filled = tuple(fields)

    def _unset(self, name: str, value: Any, error: Exception) -> None:
        """Leaves out a field whose value is None, which no setter takes, and refuses any other."""
        if value is None:
            self._message.ClearField(name)
            return
        if isinstance(error, InvalidDecimal):
            raise self._where.error(name, error.value, error.problem) from error
        problem = f"is of type {type(value).__name__}, which does not fit the field: {error}"
        raise self._where.error(name, value, problem) from error


def _setters(contract: type[Message], scales: Mapping[str, int] | None) -> dict[str, Setter]:
    """How each payload field is set, by its name. Tables remember what they wrote, so they are made for each feed."""
    setters: dict[str, Setter] = {}
    tables = False
    fields: Any = contract.DESCRIPTOR.fields
    for field in fields:
        if field.name == "envelope" or field.name in _IDENTIFIERS:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            setters[field.name] = _update
        elif is_repeated(field):
            setters[field.name] = _extend
        elif field.message_type is None:
            setters[field.name] = setattr
        elif _is_table(part := type(getattr(contract(), field.name))):
            setters[field.name], tables = _Rows(part, scales).set, True
        else:
            setters[field.name] = _copy
    if scales and not tables:
        raise ConfigurationError("scales", f"{contract.__name__} has no decimal columns; leave it out")
    return setters


def _is_table(part: type[Message]) -> bool:
    columns = part.DESCRIPTOR.fields
    return bool(columns) and all(column.message_type is DecimalColumn.DESCRIPTOR for column in columns)


def _update(message: Any, name: str, value: Any) -> None:
    message.ClearField(name)
    getattr(message, name).update(value)


def _extend(message: Any, name: str, value: Any) -> None:
    message.ClearField(name)
    getattr(message, name).extend(value)


def _copy(message: Any, name: str, value: Any) -> None:
    getattr(message, name).CopyFrom(value)


class _Rows:
    """Sets a table of decimal columns from its rows."""

    def __init__(self, table: type[Message], scales: Mapping[str, int] | None) -> None:
        self._writer = TableWriter(table, scales)

    def set(self, message: Any, name: str, value: Any) -> None:
        if isinstance(value, Message):
            getattr(message, name).CopyFrom(value)
        else:
            self._writer.write(getattr(message, name), value)
