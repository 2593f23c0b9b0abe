"""The messages as Avro records without a schema beside them, as a registry has them, written and read with fastavro."""

import io
import time
from typing import Any

import fastavro

from benchmarks.forms.protobuf import HEADER, PRODUCER, VERSION, new_id
from benchmarks.market import Snapshot, Tick
from pragma_contracts import Feed

# Avro's frame is magic byte and schema id, without message indexes.
_HEADER = HEADER[:5]

_COMMON = [
    {"name": "message_id", "type": "string"},
    {"name": "event_ns", "type": "long"},
    {"name": "publish_ns", "type": "long"},
    {"name": "producer", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "market_type", "type": "int"},
    {"name": "network_id", "type": "string"},
    {"name": "source_id", "type": "string"},
    {"name": "token_ticker", "type": "string"},
]
_LEVELS = {"type": "array", "items": {"type": "array", "items": "string"}}


def _schema(name: str, *content: dict[str, Any]) -> Any:
    return fastavro.parse_schema({"type": "record", "name": name, "fields": [*_COMMON, *content]})


PRICE = _schema("Price", {"name": "price", "type": "string"})
BOOK = _schema("MarketDepth", {"name": "bids", "type": _LEVELS}, {"name": "asks", "type": _LEVELS})


def price(tick: Tick) -> bytes:
    """The frame of a price."""
    return _frame(PRICE, {**_common(tick.feed, tick.event_ns), "price": tick.price})


def book(book: Snapshot) -> bytes:
    """The frame of an order book."""
    return _frame(BOOK, {**_common(book.feed, book.event_ns), "bids": book.bids, "asks": book.asks})


def read(schema: Any, frame: bytes) -> dict[str, Any]:
    """The record in a frame."""
    buffer = io.BytesIO(frame)
    buffer.seek(len(_HEADER))
    record: Any = fastavro.schemaless_reader(buffer, schema, None)
    return dict(record) if not isinstance(record, dict) else record


def is_stamped(record: dict[str, Any]) -> bool:
    """Whether it has what every message must carry beside its content."""
    stamps = len(record["message_id"]), record["producer"], record["version"], record["publish_ns"] > 0
    return stamps == (36, PRODUCER, VERSION, True)


def _common(feed: Feed, event_ns: int) -> dict[str, Any]:
    return {
        "message_id": new_id(),
        "event_ns": event_ns,
        "publish_ns": time.time_ns(),
        "producer": PRODUCER,
        "version": VERSION,
        "market_type": feed.market_type,
        "network_id": feed.network_id,
        "source_id": feed.source_id,
        "token_ticker": feed.token_ticker,
    }


def _frame(schema: Any, record: dict[str, Any]) -> bytes:
    buffer = io.BytesIO(_HEADER)
    buffer.seek(len(_HEADER))
    fastavro.schemaless_writer(buffer, schema, record)
    return buffer.getvalue()
