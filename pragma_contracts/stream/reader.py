"""Reads Kafka messages: filters on their keys, decodes, and checks that key, schema id and payload agree."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError, Message

from pragma_contracts import rules
from pragma_contracts.contract import Contract
from pragma_contracts.errors import ForeignSchema, InvalidFeed, InvalidFrame, KeyMismatch
from pragma_contracts.messages import MarketType
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.record import Fetched, Seen
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.frame import frames_of, split, undecodable
from pragma_contracts.wire.glance import HEADER_SIZE, Frame
from pragma_contracts.wire.peek import peek

# Keys come from outside: there may be any number of them, of any size.
_MAX_KEYS = 65_536
_MAX_KEY_SIZE = 256
_KNOWN = frozenset(MarketType)


class _Lane(NamedTuple):
    """A topic's contract, and the headers of frames whose schema id is known good: one look instead of three."""

    contract: Contract[Any]
    headers: set[bytes]
    look: Callable[[bytes, bytes | None], Frame | None]


class Reader:
    """Turns Kafka messages into messages of the contracts, and counts what is unknown but not bad."""

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
        # What is known of keys, for whoever can save a call.
        self.seen: dict[bytes | None, Seen] = {}
        self._lanes = {
            topic: _Lane(contract, set(), frames_of(contract, often=True).payload_of)
            for topic, contract in contracts.items()
        }
        self._ids = ids
        self._where = where
        self._refuse_unknown = refuse_unknown
        self._validate = validate

    def look(self, message: Fetched) -> Seen:
        """What the key of a message says, or its frame when the key says nothing. Raises InvalidFrame, InvalidFeed."""
        key, frame = message.key(), message.value()
        foreign = False
        try:
            feed = Feed.parse(key or b"")
        except InvalidFeed:
            if frame is None:
                raise _tombstone() from None
            foreign, feed = True, peek(frame)
        seen = Seen(feed, self._where is None or self._where(feed), isinstance(feed.market_type, MarketType))
        if not foreign and len(key or b"") <= _MAX_KEY_SIZE:
            if len(self.seen) >= _MAX_KEYS:
                self.seen.clear()
            self.seen[key] = seen
        return seen

    def decode(self, message: Fetched, seen: Seen) -> Message:
        """The contract's message in a Kafka message, of whose key `seen` is known.

        Raises:
            InvalidFrame, InvalidMessage, ForeignSchema, KeyMismatch: the record is bad.
            RegistryError: unknown schema ids are refused, and the registry does not say whether this is one.
        """
        frame = message.value()
        if frame is None:
            raise _tombstone()
        contract, headers, look = self._lanes[message.topic()]
        start, known_id = HEADER_SIZE, True
        if frame[:HEADER_SIZE] not in headers:
            schema_id, start = split(frame)
            known_id = self._is_known(contract, schema_id)
            if known_id and start == HEADER_SIZE:
                headers.add(frame[:HEADER_SIZE])
        good = look(frame, message.key()) if self._validate else None
        try:
            # protobuf takes any buffer.
            decoded: Message = contract.parse(frame[start:] if good is None else good)  # type: ignore[arg-type]
        except (DecodeError, UnicodeDecodeError) as error:
            raise undecodable(contract, frame, start, error) from error
        if good is None:
            self._check(contract, message, decoded, seen.feed)
        self.unknown_schema_ids += not known_id
        self.unknown_market_types += not seen.known
        return decoded

    def ask(self, messages: Iterable[Fetched]) -> None:
        """Learns whose the schema ids of these messages are; what is wrong with any of them is told by `decode`."""
        headers = {(message.topic(), (message.value() or b"")[:HEADER_SIZE]) for message in messages}
        for topic, header in headers:
            contract, good, _ = self._lanes[topic]
            if header not in good and len(header) == HEADER_SIZE:
                with suppress(ForeignSchema):
                    self._ids.is_known(contract, int.from_bytes(header[1:5], "big"))

    def _check(self, contract: Contract[Any], message: Fetched, decoded: Message, feed: Feed) -> None:
        """Raises KeyMismatch, or InvalidMessage when messages are to be validated."""
        if not _is_of(decoded, feed):
            # What is wrong with the payload itself says more.
            if self._validate:
                contract.check(decoded)
            raise KeyMismatch((message.key() or b"").decode(errors="replace"), _payload_key(decoded))
        if self._validate:
            contract.check_body(decoded)

    def _is_known(self, contract: Contract[Any], schema_id: int) -> bool:
        known = self._ids.is_known(contract, schema_id)
        if self._refuse_unknown and not known:
            self._ids.require_registry()
            raise ForeignSchema(schema_id, contract.subject, ())
        return known


def _tombstone() -> InvalidFrame:
    return InvalidFrame("is a tombstone: the record has no value, and contracts delete nothing", 0, 0)


def _is_of(message: Any, feed: Feed) -> bool:
    """Whether a payload is of the feed that its record key names; then its identifiers are valid as the feed's are."""
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
