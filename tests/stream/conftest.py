"""What the tests of the streams share: stacks with registered schemas, raw records, and waiting for what must come."""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pytest
from confluent_kafka import Producer as KafkaProducer
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

from pragma_contracts import Consumer, Feed, Price, Record, encode, stamp
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.registry import Reference, Registry
from pragma_contracts.testing import Stack, embedded
from pragma_contracts.wire.lookup import contract_of
from tests.stream.letters import DEAD, make_topic

PRICES = contract_of(Price)
_DEADLINE_S = 30.0

Write = Callable[..., None]
Read = Callable[[Consumer, int], list[Record]]


class FrameOf(Protocol):
    """Makes the frame of a price, with an event of some seconds ago; every field may be given."""

    def __call__(self, schema_id: int = 1, *, event_age_s: int = 0, **fields: Any) -> bytes: ...


@contextmanager
def prepared() -> Iterator[Stack]:
    """An embedded stack with the schemas of every contract."""
    with embedded() as running:
        register_all(running.registry_url)
        yield running


@pytest.fixture
def kafka() -> Iterator[Stack]:
    """An embedded stack for one test."""
    with prepared() as running:
        yield running


@pytest.fixture
def dead(kafka: Stack) -> Stack:
    """The embedded stack, with a dead letter topic."""
    make_topic(kafka, DEAD)
    return kafka


@pytest.fixture(scope="session")
def shared() -> Iterator[Stack]:
    """An embedded stack for all tests that read nothing from it."""
    with prepared() as running:
        yield running


@pytest.fixture
def ending() -> Callable[[], AbstractContextManager[Stack]]:
    """Starts an embedded stack that the test itself ends."""
    return prepared


@pytest.fixture(scope="session")
def real(pragma_stack: Stack) -> Stack:
    """The real stack with the schemas of every contract."""
    register_all(pragma_stack.registry_url)
    return pragma_stack


@pytest.fixture
def read() -> Read:
    """Consumes exactly so many records, or fails after 30 s."""

    def read(consumer: Consumer, count: int) -> list[Record]:
        records: list[Record] = []
        deadline = time.monotonic() + _DEADLINE_S
        while len(records) < count:
            assert time.monotonic() < deadline, f"{len(records)} of {count} records, {consumer.stats}"
            records += consumer.consume(count - len(records), timeout=1.0)
        return records

    return read


@pytest.fixture
def write() -> Write:
    """Writes (key, value) pairs to the prices topic, or another one, in order and into one partition."""

    def write(stack: Stack, *pairs: tuple[bytes | None, bytes | None], topic: str = PRICES.topic) -> None:
        client = KafkaProducer({"bootstrap.servers": stack.bootstrap})
        for key, value in pairs:
            client.produce(topic, value, key, partition=0)
        assert client.flush(_DEADLINE_S) == 0

    return write


@pytest.fixture
def frame_of() -> FrameOf:
    """Makes frames that no producer would."""

    def frame_of(schema_id: int = 1, *, event_age_s: int = 0, **fields: Any) -> bytes:
        identifiers = {"market_type": 2, "network_id": "unknown", "source_id": "paradex", "token_ticker": "BTC"}
        message = Price(**{**identifiers, "price": "65432.10", **fields})
        stamp(message, event_time=time.time_ns() - event_age_s * 10**9)
        return encode(message, schema_id, validate=False)

    return frame_of


@pytest.fixture
def register_newer() -> Callable[[Stack], int]:
    """Registers a price schema with one more field, and gives its id."""

    def register_newer(stack: Stack) -> int:
        file = FileDescriptorProto.FromString(PRICES.serialized)
        string, optional = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.LABEL_OPTIONAL
        file.message_type[0].field.add(name="note", number=14, type=string, label=optional)
        schema = base64.b64encode(file.SerializeToString()).decode()
        with Registry(stack.registry_url) as registry:
            return registry.register(PRICES.subject, schema, _references(registry, Price.DESCRIPTOR.file))

    return register_newer


@pytest.fixture
def perp() -> Feed:
    return Feed("perp", "unknown", "paradex", "BTC")


def register_all(url: str) -> None:
    """Registers every contract as `pragma-contracts register` does."""
    with Registry(url) as registry:
        for contract in CONTRACTS:
            schema = base64.b64encode(contract.serialized).decode()
            references = _references(registry, contract.message.DESCRIPTOR.file)
            registry.register(contract.subject, schema, references)


def _references(registry: Registry, file: Any) -> list[Reference]:
    references = []
    for dependency in file.dependencies:
        if not dependency.name.startswith("google/protobuf/"):
            schema = base64.b64encode(dependency.serialized_pb).decode()
            inner = _references(registry, dependency)
            registry.register(dependency.name, schema, inner)
            found = registry.look_up(dependency.name, schema, inner)
            assert found is not None
            references.append(Reference(dependency.name, dependency.name, found.version))
    return references
