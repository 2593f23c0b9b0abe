"""A feed: the four identifiers of an instrument's stream, and the record key that they make."""

from dataclasses import dataclass
from typing import Self

from pragma_contracts import rules
from pragma_contracts.errors import ConfigurationError, InvalidFeed, shown
from pragma_contracts.messages import MarketType

_LAYOUT = "is no key of the form {market_type}-{network_id}-{source_id}-{token_ticker}"


@dataclass(frozen=True, slots=True)
class Feed:
    """One instrument on one source: order is kept within a feed, and only there.

    market_type is a MarketType (or its text, "perp" or "perpetual"). A newer producer's feed may have one that is not
    known here: then it is the number of the payload or the token of the record key, and equals no MarketType.

    Raises:
        InvalidFeed: a component is empty or has control characters, or the market type is unspecified.
    """

    market_type: MarketType | int | str
    network_id: str
    source_id: str
    token_ticker: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "market_type", _known_or_unknown(self.market_type))
        _check_component("network_id", self.network_id)
        _check_component("source_id", self.source_id)
        _check_component("token_ticker", self.token_ticker)

    @property
    def key(self) -> str:
        """The record key, such as "perp-unknown-paradex-BTC".

        `-` and `%` are written %2D and %25, but not in token_ticker, which is last and stays as it is.

        Raises:
            InvalidFeed: the market type is a number that this version has no key token for.
        """
        market_type = self.market_type
        if isinstance(market_type, MarketType):
            token = market_type.key_token
        elif isinstance(market_type, str):
            token = rules.escape(market_type)
        else:
            raise InvalidFeed("market_type", market_type, "is a number that this version has no key token for")
        return f"{token}-{rules.escape(self.network_id)}-{rules.escape(self.source_id)}-{self.token_ticker}"

    @classmethod
    def parse(cls, key: str | bytes) -> Self:
        """The feed of a record key: the exact inverse of `key`, which also takes "perpetual" for "perp".

        Raises:
            InvalidFeed: the key is foreign: it was not written by these rules.
        """
        if isinstance(key, bytes):
            try:
                text = key.decode()
            except UnicodeDecodeError as error:
                raise InvalidFeed("key", key, "is not UTF-8") from error
        else:
            text = key
        parts = text.split("-", 3)
        if len(parts) != 4:
            raise InvalidFeed("key", key, _LAYOUT)
        market_type, network_id, source_id = (_unescape(part, key) for part in parts[:3])
        return cls(market_type, network_id, source_id, parts[3])

    def partition(self, count: int) -> int:
        """The partition of this feed's records in a topic of `count` partitions, as Kafka's Java client chooses it.

        Raises:
            ConfigurationError: the count is no int above zero.
            InvalidFeed: the feed has no key, as its market type is a number that this version does not know.
        """
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ConfigurationError("count", f"a topic has at least one partition, an int, not {shown(count)}")
        return (murmur2(self.key.encode()) & 0x7FFFFFFF) % count


def murmur2(data: bytes) -> int:
    """The 32-bit murmur2 hash, unsigned, that Kafka's Java client partitions by (seed 0x9747b28c).

    Source: org.apache.kafka.common.utils.Utils.murmur2.
    """
    mixer, mask = 0x5BD1E995, 0xFFFFFFFF
    whole = len(data) & ~3
    value = 0x9747B28C ^ len(data)
    for at in range(0, whole, 4):
        block = int.from_bytes(data[at : at + 4], "little") * mixer & mask
        block = (block ^ block >> 24) * mixer & mask
        value = value * mixer & mask ^ block
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * mixer & mask
    value = (value ^ value >> 13) * mixer & mask
    return value ^ value >> 15


def _known_or_unknown(market_type: MarketType | int | str) -> MarketType | int | str:
    if isinstance(market_type, str):
        known = MarketType.from_text(market_type)
        if known is None:
            _check_component("market_type", market_type)
        return market_type if known is None else known
    if not isinstance(market_type, int) or isinstance(market_type, bool):
        raise InvalidFeed("market_type", market_type, "must be a MarketType or its text")
    if market_type == MarketType.UNSPECIFIED:
        raise InvalidFeed("market_type", "UNSPECIFIED", "is mandatory; a feed is of one market")
    if market_type in _NUMBERS:
        return MarketType(market_type)
    if not -_INT32 <= market_type < _INT32:
        raise InvalidFeed("market_type", market_type, "is no number of an enum: those have 32 bits")
    return market_type


_NUMBERS = frozenset(MarketType)
_INT32 = 1 << 31


def _check_component(name: str, value: str) -> None:
    if not isinstance(value, str) or not rules.is_component(value):
        raise InvalidFeed(name, value, rules.BAD_COMPONENT)


def _unescape(part: str, key: str | bytes) -> str:
    if "%" not in part:
        return part
    plain = part.replace("%2D", "-").replace("%25", "%")
    if rules.escape(plain) != part:
        raise InvalidFeed("key", key, "has a % that begins neither %2D nor %25")
    return plain
