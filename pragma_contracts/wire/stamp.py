"""Completes and checks a message before it is encoded by hand; the producer does both by itself."""

import time
from datetime import datetime

import uuid_utils
from google.protobuf.message import Message

from pragma_contracts import rules
from pragma_contracts.errors import ConfigurationError, shown
from pragma_contracts.wire.lookup import contract_of
from pragma_contracts.wire.timestamps import split


def stamp(message: Message, *, event_time: datetime | int | None = None, producer: str = "pulse") -> None:
    """Fills in the envelope in place: a new message id, the publish time, the producer and the contract's version.

    event_time: an aware datetime or int ns since the epoch; None leaves the event time as it is.

    Raises:
        NotAContract: the message's type is bound to no topic.
        ConfigurationError: the event time is naive or outside the years 0001 to 9999, or the producer is no text. The
            message is unchanged.
    """
    contract = contract_of(message)
    if not rules.is_text(producer):
        raise ConfigurationError("producer", f"{shown(producer)} is no text, or has a lone surrogate")
    if event_time is not None:
        event = message.envelope.event_timestamp  # type: ignore[attr-defined]  # every contract has an envelope
        event.seconds, event.nanos = split(event_time)
    contract.stamp(message, str(uuid_utils.uuid7()), time.time_ns(), producer)


def validate(message: Message) -> None:
    """Raises InvalidMessage for what a producer must not send, NotAContract for a type that is bound to no topic."""
    contract_of(message).validate(message)
