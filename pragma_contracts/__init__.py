"""Typed contracts for market data on Kafka: messages, frames, keys, a producer and a consumer.

Every public name is loaded when it is first used, so that a program loads only what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __all__: list[str]

    from pragma_contracts.errors import ContractError as ContractError
    from pragma_contracts.messages import *  # noqa: F403
    from pragma_contracts.stream.aio import AsyncConsumer as AsyncConsumer, AsyncProducer as AsyncProducer
    from pragma_contracts.stream.consumer import Consumer as Consumer, Record as Record
    from pragma_contracts.stream.filter import FeedFilter as FeedFilter, feeds as feeds
    from pragma_contracts.stream.loss import Loss as Loss
    from pragma_contracts.stream.producer import Producer as Producer
    from pragma_contracts.wire import book as book
    from pragma_contracts.wire.feed import Feed as Feed
    from pragma_contracts.wire.frame import decode as decode, encode as encode
    from pragma_contracts.wire.json import from_json as from_json, to_json as to_json
    from pragma_contracts.wire.native import NATIVE as NATIVE
    from pragma_contracts.wire.peek import peek as peek
    from pragma_contracts.wire.stamp import stamp as stamp, validate as validate

# Where the names live that are not generated.
MODULES = {
    "AsyncConsumer": "stream.aio",
    "AsyncProducer": "stream.aio",
    "Consumer": "stream.consumer",
    "ContractError": "errors",
    "Feed": "wire.feed",
    "FeedFilter": "stream.filter",
    "Loss": "stream.loss",
    "NATIVE": "wire.native",
    "Producer": "stream.producer",
    "Record": "stream.consumer",
    "decode": "wire.frame",
    "encode": "wire.frame",
    "feeds": "stream.filter",
    "from_json": "wire.json",
    "peek": "wire.peek",
    "stamp": "wire.stamp",
    "to_json": "wire.json",
    "validate": "wire.stamp",
}


def __getattr__(name: str) -> object:
    # Generated code too is loaded late: generating it must work when it is damaged or gone.
    if name == "book":
        value: object = import_module("pragma_contracts.wire.book")
    elif name in MODULES:
        value = getattr(import_module(f"pragma_contracts.{MODULES[name]}"), name)
    elif name == "__all__":
        value = sorted([*MODULES, *_generated(), "book"])
    elif not name.startswith("_") and name in _generated():
        value = getattr(import_module("pragma_contracts.messages"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__getattr__("__all__")]  # type: ignore[misc]


def _generated() -> list[str]:
    return list(import_module("pragma_contracts.messages").__all__)
