"""Reads one Kafka message: filters on its key, decodes, and checks that key, schema id and payload agree."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import Message as KafkaMessage
from google.protobuf.message import Message

from pragma_contracts import rules
from pragma_contracts.contract import Contract
from pragma_contracts.errors import InvalidFeed, InvalidFrame, KeyMismatch
from pragma_contracts.messages import MarketType
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.record import Record
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.frame import decode_payload, split
from pragma_contracts.wire.peek import peek

# Keys come from outside: there may be any number of them, of any size.
_MAX_KEYS = 65_536
_MAX_KEY_SIZE = 256
_KNOWN = frozenset(MarketType)


class _Seen(NamedTuple):
    """What a record key says: its feed, whether that is wanted, and whether its market type is known here."""

    feed: Feed
    wanted: bool
    known: bool


class Reader:
    """Turns Kafka messages into records, and counts what is unknown but not bad."""

    def __init__(
        self,
        contracts: Mapping[str, Contract[Any]],
        ids: ConsumerIds,
        where: Callable[[Feed], bool] | None,
        *,
        refuse_unknown: bool,
        validate: bool,
    ) -> None:
        """contracts: by topic."""
        self.unknown_schema_ids = 0
        self.unknown_market_types = 0
        self._contracts = contracts
        self._ids = ids
        self._where = where
        self._refuse_unknown = refuse_unknown
        self._validate = validate
        self._seen: dict[bytes | None, _Seen] = {}

    def read(self, message: KafkaMessage) -> Record | None:
        """The record of a message, or None when the filter does not want its feed; then nothing was decoded.

        Raises:
            InvalidFrame, InvalidMessage, InvalidFeed, ForeignSchema, KeyMismatch: the record is bad.
        """
        key, frame = message.key(), message.value()
        seen = self._seen.get(key) or self._look(key, frame)
        if not seen.wanted:
            return None
        if frame is None:
            raise _tombstone()
        topic = message.topic()
        contract = self._contracts[topic]
        schema_id, start = split(frame)
        ...
