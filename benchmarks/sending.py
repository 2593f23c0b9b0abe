"""What contenders that send have in common: they queue messages for Kafka, which are read back to prove them."""

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from confluent_kafka import SerializingProducer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import StringSerializer
from google.protobuf.message import Message

from benchmarks.contender import Contender
from benchmarks.forms import protobuf
from benchmarks.kafka import SETTINGS, TopicEnd, flush, raw_producer
from pragma_contracts import Producer
from pragma_contracts.testing import Stack

_MS = 1_000_000
# Settings that our producer takes in config=, the others being its own already.
_OURS = {name: SETTINGS[name] for name in ("linger.ms", "message.timeout.ms")}


class Sent(NamedTuple):
    """What a sent message comes to. stamped: whether it has an id, a publish time, its producer and a version."""

    key: str
    event_ns: int
    content: Any
    stamped: bool = True


class Sending(Contender):
    """A contender whose messages arrive in `topic`."""

    topic: str

    def __init__(self, place: Stack) -> None:
        super().__init__(place)
        self._bytes: float | None = None

    @abstractmethod
    def read(self, value: bytes) -> tuple[int, Any, bool]:
        """Event time, content, and whether it is stamped, of a record's value."""

    def prepare(self, items: Sequence[Any]) -> Sequence[Any]:
        """The values as they are."""
        return items

    def values(self, items: Sequence[Any]) -> list[Sent]:
        """The records that came out of Kafka, sorted."""
        end = TopicEnd(self.place.bootstrap, self.topic)
        self.run(self.prepare(items))
        self.rest()
        records = end.read(len(items))
        self._bytes = sum(len(value) for _, value in records) / len(records)
        return sorted(Sent(key.decode(), *self.read(value)) for key, value in records)

    def bytes(self) -> float | None:
        """Bytes of an average value."""
        return self._bytes


class Ours(Sending):
    """Sends with our producer."""

    contract: type[Message]

    def __init__(self, place: Stack) -> None:
        super().__init__(place)
        self.producer = Producer(
            place.bootstrap, registry=place.registry_url, contracts=[self.contract], config=dict(_OURS)
        )

    def rest(self) -> None:
        """Waits until everything was delivered."""
        self.producer.flush()
        stats = self.producer.stats
        if stats.delivered != stats.sent or stats.dropped:
            raise AssertionError(f"messages were lost: {stats}")

    def close(self) -> None:
        """Ends the producer."""
        self.producer.close()


class Raw(Sending):
    """Encodes a value itself and hands the bytes to librdkafka."""

    @staticmethod
    @abstractmethod
    def encode(item: Any, /) -> bytes:
        """The value of a record."""

    def __init__(self, place: Stack) -> None:
        super().__init__(place)
        self.kafka = raw_producer(place.bootstrap)

    def run(self, work: Sequence[Any]) -> None:
        """Builds, encodes, makes the key, queues."""
        produce, topic, encode, key_of = self.kafka.produce, self.topic, self.encode, protobuf.key
        for item in work:
            value = encode(item)
            # By place: names cost a third of the call.
            produce(topic, value, key_of(item.feed), -1, None, None, time.time_ns() // _MS)

    def rest(self) -> None:
        """Waits until everything was delivered."""
        flush(self.kafka)


class Ready(Raw):
    """Hands bytes to librdkafka that somebody else made: what no encoder can beat."""

    def prepare(self, items: Sequence[Any]) -> Sequence[Any]:
        """Keys and values."""
        return [(protobuf.key(item.feed).encode(), self.encode(item)) for item in items]

    def run(self, work: Sequence[Any]) -> None:
        """Queues."""
        produce, topic = self.kafka.produce, self.topic
        for key, value in work:
            produce(topic, value, key, -1, None, None, time.time_ns() // _MS)


class Stock(Sending):
    """Builds a message and sends it with Confluent's serializing producer, whose registry look-ups are cached."""

    message: type[Message]
    # The cheapest strategy; the one by default asks for associations at every message.
    options: Mapping[str, str] = MappingProxyType({"subject.name.strategy.type": "TOPIC"})

    @staticmethod
    @abstractmethod
    def build(item: Any, /) -> Any:
        """The message."""

    def __init__(self, place: Stack) -> None:
        super().__init__(place)
        registry = SchemaRegistryClient({"url": place.registry_url})
        serializers = {
            "key.serializer": StringSerializer("utf_8"),
            "value.serializer": ProtobufSerializer(self.message, registry, self.options),
        }
        self.kafka = SerializingProducer({**SETTINGS, "bootstrap.servers": place.bootstrap, **serializers})

    def run(self, work: Sequence[Any]) -> None:
        """Builds, serializes, makes the key, queues."""
        produce, topic, build, key_of = self.kafka.produce, self.topic, self.build, protobuf.key
        for item in work:
            produce(topic, key=key_of(item.feed), value=build(item), timestamp=time.time_ns() // _MS)

    def rest(self) -> None:
        """Waits until everything was delivered."""
        flush(self.kafka)
