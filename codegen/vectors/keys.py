"""Vectors of record keys, their parsing, partitions and hashes."""

from typing import Any

from codegen.vectors.kinds import kind
from pragma_contracts import Feed
from pragma_contracts.wire.feed import murmur2

_FEEDS = [
    ("perp", "unknown", "paradex", "BTC"),
    ("spot", "ethereum", "ekubo", "ETH"),
    ("options", "unknown", "deribit", "BTC-27DEC24-100000-C"),
    ("spot", "unknown", "coinbase", "SKL-GBP"),
    ("spot", "base-mainnet", "uni-v3%", "A-B%2D"),
    ("spot", "größe", "源", "\U0001f980"),
    ("prediction", "unknown", "polymarket", "X"),
]
_OTHER_KEYS = ["perpetual-unknown-paradex-BTC", "spot-a%2Db-c%25-d-e"]
_FOREIGN_KEYS = [
    *(
        "",
        "BTC",
        "perp-unknown-paradex",
        "perp-unknown-paradex-",
        "-a-b-c",
        "perp--b-c",
        "perp-a%-b-c",
        "perp-a%2d-b-c",
    ),
    *("perp-a%41-b-c", "perp-a\n-b-c", "perp-a-b-c\x85", "perp%2Da-b-c"),
]
_MURMUR2 = ["21", "foobar", "a-little-bit-long-string", "a-little-bit-longer-string", "abc"]


def keys() -> Any:
    """Feeds with their keys and partitions, other keys that are read, and keys that are not."""

    def vector(parts: tuple[str, str, str, str]) -> Any:
        feed = Feed(*parts)
        return {
            **dict(zip(("market_type", "network_id", "source_id", "token_ticker"), parts, strict=True)),
            "key": feed.key,
            "partitions": {str(count): feed.partition(count) for count in (1, 4, 6, 12, 100)},
        }

    canonical = [{"key": key, "canonical": Feed.parse(key).key} for key in _OTHER_KEYS]
    foreign = [{"key": key.encode().hex(), "kind": kind(Feed.parse, key)} for key in _FOREIGN_KEYS]
    foreign.append({"key": "ff2d612d622d63", "kind": kind(Feed.parse, bytes.fromhex("ff2d612d622d63"))})
    hashes = [{"data": text, "murmur2": murmur2(text.encode())} for text in _MURMUR2]
    return {"feeds": [vector(parts) for parts in _FEEDS], "also_read": canonical, "foreign": foreign, "hashes": hashes}
