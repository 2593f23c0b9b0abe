"""What contenders that read have in common: each has its own form of the same messages, as Kafka gives their bytes."""

import struct
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.message import Message

from benchmarks.contender import Contender
from pragma_contracts.testing import Stack


class Reading(Contender):
    """Reads values out of frames."""

    @staticmethod
    @abstractmethod
    def encode(item: Any, /) -> bytes:
        """A frame of its form."""

    @abstractmethod
    def read(self, frame: bytes) -> object:
        """What a program needs of one frame."""

    def prepare(self, items: Sequence[Any]) -> list[bytes]:
        """The frames."""
        return [self.encode(item) for item in items]

    def run(self, work: Sequence[bytes]) -> None:
        """Reads each."""
        read = self.read
        for frame in work:
            read(frame)

    def values(self, items: Sequence[Any]) -> list[Any]:
        """What was read of each."""
        return [self.read(frame) for frame in self.prepare(items)]


class Stock:
    """Confluent's deserializer, which keeps what the registry answered for the first frame.

    header: what stands before a message in a frame, with the schema id that the registry gave.
    """

    def __init__(self, place: Stack, contract: type[Message], topic: str) -> None:
        registry = SchemaRegistryClient({"url": place.registry_url})
        # The cheapest strategy; the one by default asks for associations at every message.
        options = {"subject.name.strategy.type": "TOPIC"}
        self._deserialize = ProtobufDeserializer(contract, options, registry)
        self._context = SerializationContext(topic, MessageField.VALUE)
        self.header = struct.pack(">xIx", registry.get_latest_version(f"{topic}-value").schema_id)

    def __call__(self, frame: bytes | None) -> Any:
        """The message in a frame."""
        return self._deserialize(frame, self._context)
