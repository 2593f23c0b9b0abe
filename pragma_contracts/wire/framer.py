"""Frames of one feed's messages, from their payload alone: everything that is the same for all of them is made once."""

import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import uuid_utils

from pragma_contracts.contract import Contract, M
from pragma_contracts.errors import InvalidMessage
from pragma_contracts.rules import NS
from pragma_contracts.wire.json_fields import is_repeated
from pragma_contracts.wire.native import Native, native
from pragma_contracts.wire.payload import Payload
from pragma_contracts.wire.setters import Setter, setters, tables_of
from pragma_contracts.wire.table import columns_of
from pragma_contracts.wire.timestamps import ns_of, split


class PlainFramer(Payload[M]):
    """Makes frames with protobuf."""

    def __init__(
        self, contract: Contract[M], feed: M, header: bytes, producer: str, scales: Mapping[str, int] | None
    ) -> None:
        """feed: a message with the four identifiers, and no more. header: what stands before a message in its frame.

        Raises ConfigurationError: a scale makes no sense.
        """
        self._header = header
        self._validate = contract.validate_payload
        constant = contract.message()
        constant.CopyFrom(feed)
        contract.stamp(constant, "", 0, producer)
        super().__init__(contract, constant, setters(contract.message, scales))

    def renew(self) -> None:
        """Makes the message for the next ones."""
        super().renew()
        # Parts of it, which cost as much to look up as to use.
        self._envelope: Any = self.message.envelope  # type: ignore[attr-defined]  # every contract has one
        self._event = self._envelope.event_timestamp
        self._event.SetInParent()
        self._publish = self._envelope.publish_timestamp

    def frame(self, event_time: datetime | int, fields: Mapping[str, Any]) -> tuple[bytes, int]:
        """The frame of a new message with these payload fields, and its publish time in ns since the epoch.

        Raises:
            InvalidMessage: a field is not of the contract or not of its type, or the message breaks the contract.
            ConfigurationError: the event time is naive, or outside the years 0001 to 9999.
        """
        self.fill(fields)
        event, publish = self._event, self._publish
        event.seconds, event.nanos = split(event_time)
        self._validate(self.message)
        now = time.time_ns()
        publish.seconds, publish.nanos = divmod(now, NS)
        self._envelope.message_id = str(uuid_utils.uuid7())
        return self._header + self.serialize(), now


class NativeFramer(Payload[M]):
    """Makes the same frames with compiled code, which writes envelope and tables, and checks the whole."""

    def __init__(
        self,
        compiled: Native,
        contract: Contract[M],
        feed: M,
        header: bytes,
        producer: str,
        scales: Mapping[str, int] | None,
    ) -> None:
        """As for a PlainFramer."""
        self._plain = PlainFramer(contract, feed, header, producer, scales)
        known: Any = contract.message.DESCRIPTOR.fields_by_name
        tables = sorted(tables_of(contract.message).items(), key=lambda table: known[table[0]].number)
        columns = [(known[name].number, columns_of(table, scales or {})) for name, table in tables]
        self._frame = compiled.Framer(contract.topic, header, producer, columns, Decimal).frame
        # What was given for each table, in the order of their numbers.
        self._rows: dict[str, Any] = dict.fromkeys(name for name, _ in tables)
        own = self._plain._setters | dict.fromkeys(self._rows, self._keep)
        own |= {name: _rereadable(set_) for name, set_ in own.items() if is_repeated(known[name])}
        super().__init__(contract, feed, own)

    def frame(self, event_time: datetime | int, fields: Mapping[str, Any]) -> tuple[bytes, int]:
        """The frame of a new message; see `PlainFramer`, which has the word on what is not taken here."""
        try:
            self.fill(fields)
        except InvalidMessage:
            # Tables are not read by then, and one of them may be what is wrong first.
            return self._plain.frame(event_time, fields)
        now = time.time_ns()
        event_ns = event_time if type(event_time) is int else ns_of(event_time)
        frame = self._frame(event_ns, now, tuple(self._rows.values()), self.serialize())
        if frame is None:
            return self._plain.frame(event_time, fields)
        return frame, now

    def leave_out(self, name: str) -> None:
        """Unsets a field."""
        super().leave_out(name)
        if name in self._rows:
            self._rows[name] = None

    def _keep(self, _: M, name: str, rows: Any) -> None:
        self._rows[name] = rows


def _rereadable(set_: Setter) -> Setter:
    """Sets a list or a map from what can be read again, as Python reads it again when the message is refused here."""

    def set_rereadable(message: Any, name: str, value: Any) -> None:
        if not isinstance(value, (dict, list, tuple)):
            raise TypeError
        set_(message, name, value)

    return set_rereadable


def framer(
    contract: Contract[M], feed: M, header: bytes, producer: str, scales: Mapping[str, int] | None
) -> PlainFramer[M] | NativeFramer[M]:
    """The faster framer of those there are; raises ConfigurationError as a PlainFramer does."""
    if native is not None:
        return NativeFramer(native, contract, feed, header, producer, scales)
    return PlainFramer(contract, feed, header, producer, scales)
