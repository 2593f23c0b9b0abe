"""Reading prices: from the bytes that came from Kafka to plain values."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

import orjson
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from pragma_contracts import MarketType, Price, decode
from pragma_contracts.testing import Stack

from benchmarks.contender import Contender, measured
from benchmarks.forms import avro, flat_json, protobuf
from benchmarks.line import Column, Line, Measures, Target
from benchmarks.market import Tick, ticks
from benchmarks.place import beside_embedded

_TOPIC = "pragma-prices-v1"

# Price text, event time in ns, market type, ticker.
Fields = tuple[str, int, int, str]


class Reading(Contender):
    """Reads the four fields of each frame."""

    encode: ClassVar[Callable[[Tick], bytes]]

    @abstractmethod
    def read(self, frame: bytes) -> Fields:
        """What a program needs of a price."""

    def prepare(self, items: Sequence[Tick]) -> list[bytes]:
        """The frames."""
        return [type(self).encode(item) for item in items]

    def run(self, work: Sequence[bytes]) -> None:
        """Reads each."""
        read = self.read
        for frame in work:
            read(frame)

    def values(self, items: Sequence[Tick]) -> list[Fields]:
        """The fields of each."""
        return [self.read(frame) for frame in self.prepare(items)]


def _fields(message: Price) -> Fields:
    event = message.envelope.event_timestamp
    return message.price, event.seconds * protobuf.NS + event.nanos, message.market_type, message.token_ticker
