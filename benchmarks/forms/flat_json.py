"""The user's flat JSON form, written and read with orjson."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from benchmarks.forms.protobuf import NS, PRODUCER, VERSION, new_id
from benchmarks.market import Snapshot, Tick
from pragma_contracts import Feed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def price(tick: Tick) -> bytes:
    """A price."""
    return orjson.dumps({**_common(tick.feed, tick.event_ns, "price"), "price": tick.price}, option=orjson.OPT_UTC_Z)


def book(book: Snapshot) -> bytes:
    """An order book."""
    sides = {"bids": book.bids, "asks": book.asks}
    return orjson.dumps({**_common(book.feed, book.event_ns, "market_depth"), **sides}, option=orjson.OPT_UTC_Z)


def _common(feed: Feed, event_ns: int, data_type: str) -> dict[str, Any]:
    return {
        "message_id": new_id(),
        "event_timestamp": datetime.fromtimestamp(event_ns / NS, UTC),
        "publish_timestamp": datetime.fromtimestamp(time.time(), UTC),
        "producer": PRODUCER,
        "version": VERSION,
        "data_type": data_type,
        "market_type": feed.market_type.text,  # type: ignore[union-attr]  # a known one
        "token_ticker": feed.token_ticker,
        "source_id": feed.source_id,
        "network_id": feed.network_id,
    }


def event_ns(obj: dict[str, Any]) -> int:
    """The event time in ns since the epoch."""
    return (datetime.fromisoformat(obj["event_timestamp"]) - _EPOCH) // _MICROSECOND * 1000


def is_stamped(obj: dict[str, Any]) -> bool:
    """Whether it has what every message must carry beside its content."""
    return (len(obj["message_id"]), obj["producer"], obj["version"], len(obj["publish_timestamp"]) >= 20) == (
        36,
        PRODUCER,
        VERSION,
        True,
    )
