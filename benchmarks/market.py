"""The recorded sample as plain Python values, as a program that reads an exchange's feed holds them."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from pragma_contracts import Feed
from pragma_contracts.testing.sample import sample

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIDE_DIGITS = 18
# What the sample has, so that a part of it is found without reading the rest.
_COUNTS = {"price": 14_179, "market_depth": 2_358}

Rows = list[tuple[str, str]]


class Tick(NamedTuple):
    """One price: decimal text, and its event time in ns since the epoch."""

    feed: Feed
    event_ns: int
    price: str


class Snapshot(NamedTuple):
    """One order book: (price, quantity) texts, best first, and its event time in ns since the epoch."""

    feed: Feed
    event_ns: int
    bids: Rows
    asks: Rows


def ticks(share: float) -> list[Tick]:
    """The recorded prices, or the first part of them, by event time. Every call makes new values."""
    return [Tick(*_common(obj), obj["price"]) for obj in _first("price", share)]


def snapshots(share: float) -> list[Snapshot]:
    """The recorded order books, 50 + 50 levels or fewer. Every call makes new values."""
    books = _first("market_depth", share)
    return [Snapshot(*_common(obj), _rows(obj["bids"]), _rows(obj["asks"])) for obj in books]


def wide_snapshots(share: float) -> list[Snapshot]:
    """The same books with quantities as chains have them: 18 decimals, and more than 64 bits. The sample has none.

    A quantity that recurs in the sample recurs here.
    """
    return [book._replace(bids=_wide(book.bids), asks=_wide(book.asks)) for book in snapshots(share)]


def _first(data_type: str, share: float) -> Iterator[dict[str, Any]]:
    those = (obj for obj in sample() if obj["data_type"] == data_type)
    return islice(those, max(1, int(_COUNTS[data_type] * share)))


def _common(obj: dict[str, Any]) -> tuple[Feed, int]:
    feed = Feed(obj["market_type"], obj["network_id"], obj["source_id"], obj["token_ticker"])
    since = datetime.fromisoformat(obj["event_timestamp"]) - _EPOCH
    return feed, since // timedelta(microseconds=1) * 1000


def _rows(levels: list[list[str]]) -> Rows:
    return [(price, quantity) for price, quantity in levels]


def _wide(rows: Rows) -> Rows:
    return [(price, f"{10 + int(float(quantity))}.{_digits(quantity)}") for price, quantity in rows]


def _digits(text: str) -> str:
    number = int.from_bytes(hashlib.blake2s(text.encode()).digest()[:16], "big")
    return str(number % 10**_WIDE_DIGITS).zfill(_WIDE_DIGITS)
