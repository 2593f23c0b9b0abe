"""A book as most schemas have it: levels as nested messages of two texts, beside the contract's own header fields."""

import time
from decimal import Decimal
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field, FileDescriptorProto
from google.protobuf.message_factory import GetMessageClass

from benchmarks.forms import protobuf
from benchmarks.market import Rows, Snapshot
from pragma_contracts import MarketDepth

TOPIC = "nested-levels-v1"
_FILE = "benchmarks/nested_depth.proto"
_IMPORTS = ("pragma/market/v1/envelope.proto", "pragma/market/v1/market_type.proto")
_LAST_HEADER_FIELD = 5


def _file() -> FileDescriptorProto:
    """The schema, in the form that protoc would give."""
    file = FileDescriptorProto(name=_FILE, package="benchmarks", syntax="proto3", dependency=_IMPORTS)
    depth, level = file.message_type.add(name="NestedDepth"), file.message_type.add(name="BookLevel")
    contract = FileDescriptorProto()
    MarketDepth.DESCRIPTOR.file.CopyToProto(contract)
    for field in contract.message_type[0].field:
        if field.number <= _LAST_HEADER_FIELD:
            field.ClearField("options")
            depth.field.append(field)
    for number, name in enumerate(("bids", "asks"), _LAST_HEADER_FIELD + 1):
        levels: dict[str, Any] = {"label": Field.LABEL_REPEATED, "type": Field.TYPE_MESSAGE}
        depth.field.add(name=name, number=number, type_name=".benchmarks.BookLevel", **levels)
    for number, name in enumerate(("price", "quantity"), 1):
        level.field.add(name=name, number=number, label=Field.LABEL_OPTIONAL, type=Field.TYPE_STRING)
    return file


descriptor_pool.Default().AddSerializedFile(_file().SerializeToString())
NestedDepth: Any = GetMessageClass(descriptor_pool.Default().FindMessageTypeByName("benchmarks.NestedDepth"))


def build(book: Snapshot) -> Any:
    """The message of a book, by the fastest way that protobuf has for nested levels."""
    message = NestedDepth()
    protobuf.fresh(message, book.feed, book.event_ns, time.time_ns())
    _add(message.bids, book.bids)
    _add(message.asks, book.asks)
    return message


def frame_by_keywords(book: Snapshot) -> bytes:
    """The frame of the same message as protobuf's documentation writes it: `add` with the fields of a level."""
    message = NestedDepth()
    protobuf.fresh(message, book.feed, book.event_ns, time.time_ns())
    for side, rows in (message.bids, book.bids), (message.asks, book.asks):
        for price, quantity in rows:
            side.add(price=price, quantity=quantity)
    return protobuf.HEADER + bytes(message.SerializeToString())


def frame(book: Snapshot) -> bytes:
    """The frame of a book."""
    return protobuf.HEADER + bytes(build(book).SerializeToString())


def _add(side: Any, rows: Rows) -> None:
    add = side.add
    for price, quantity in rows:
        level = add()
        level.price = price
        level.quantity = quantity


def decimals(message: Any) -> list[list[tuple[Decimal, Decimal]]]:
    """Both sides of a message."""
    return [
        [(Decimal(level.price), Decimal(level.quantity)) for level in side] for side in (message.bids, message.asks)
    ]
