"""Reads one Kafka message: filters on its key, decodes, and checks that key, schema id and payload agree."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pragma_contracts import rules
from pragma_contracts.contract import Contract
from pragma_contracts.errors import ForeignSchema, InvalidFeed, InvalidFrame, KeyMismatch
from pragma_contracts.messages import MarketType
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.record import Fetched, Record
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

    def read(self, message: Fetched) -> Record | None:
        """The record of a message, or None when the filter does not want its feed; then nothing was decoded.

        Raises:
            InvalidFrame, InvalidMessage, InvalidFeed, ForeignSchema, KeyMismatch: the record is bad.
            RegistryError: the registry refuses to say whose the schema id is; the record may be good.
        """
        key = message.key()
        seen = self._seen.get(key) or self._look(key, message.value())
        if not seen.wanted:
            return None
        frame = message.value()
        if frame is None:
            raise _tombstone()
        topic, feed = message.topic(), seen.feed
        contract = self._contracts[topic]
        schema_id, start = split(frame)
        known_id = self._ids.is_known(contract, schema_id)
        if self._refuse_unknown and not known_id:
            raise ForeignSchema(schema_id, contract.subject, ())
        decoded = decode_payload(frame, start, contract, validate=self._validate)
        if not _is_of(decoded, feed):
            raise KeyMismatch((key or b"").decode(errors="replace"), _payload_key(decoded))
        self.unknown_schema_ids += not known_id
        self.unknown_market_types += not seen.known
        return Record(decoded, feed, topic, message.partition(), message.offset(), schema_id, message.timestamp()[1])

    def _look(self, key: bytes | None, frame: bytes | None) -> _Seen:
        """What a key says that was not seen before."""
        foreign = False
        try:
            feed = Feed.parse(key or b"")
        except InvalidFeed:
            if frame is None:
                raise _tombstone() from None
            foreign, feed = True, peek(frame)
        seen = _Seen(feed, self._where is None or self._where(feed), isinstance(feed.market_type, MarketType))
        if not foreign and len(key or b"") <= _MAX_KEY_SIZE:
            if len(self._seen) >= _MAX_KEYS:
                self._seen.clear()
            self._seen[key] = seen
        return seen


def _tombstone() -> InvalidFrame:
    return InvalidFrame("is a tombstone: the record has no value, and contracts delete nothing", 0, 0)


def _is_of(message: Any, feed: Feed) -> bool:
    """Whether a payload is of the feed that its record key names."""
    market_type = message.market_type
    return (
        # The token of a market type that is not known here says nothing about its number, but that it is not known.
        (market_type == feed.market_type or (isinstance(feed.market_type, str) and market_type not in _KNOWN))
        and message.network_id == feed.network_id
        and message.source_id == feed.source_id
        and message.token_ticker == feed.token_ticker
    )


def _payload_key(message: Any) -> str:
    number = message.market_type
    token = MarketType(number).key_token or "unspecified" if number in _KNOWN else str(number)
    return f"{token}-{rules.escape(message.network_id)}-{rules.escape(message.source_id)}-{message.token_ticker}"
