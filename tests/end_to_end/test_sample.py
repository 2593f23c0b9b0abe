"""The whole sample through a real broker and a real registry, and what stock Confluent clients make of it."""

import json
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from pragma_contracts import (
    Consumer,
    MarketDepth,
    MarketType,
    Price,
    Producer,
    decode,
    encode,
    feeds,
    from_json,
    to_json,
)
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import Stack, stack
from pragma_contracts.wire.lookup import contract_of

STAMPS = ("message_id", "publish_timestamp", "producer", "version")


@pytest.fixture(scope="module")
def registered() -> Iterator[Stack]:
    """A real stack of its own, because every message on it is counted, with the installed schemas registered.

    As descriptors: stock serializers find nothing else in an Apicurio registry.
    """
    with stack() as running:
        register_installed(running.registry_url, form="descriptor")
        yield running


def _plain(obj: dict[str, Any]) -> dict[str, Any]:
    sides = {side: [[Decimal(text) for text in row] for row in obj[side]] for side in ("bids", "asks") if side in obj}
    return {name: value for name, value in (obj | sides).items() if name not in STAMPS}


def _consume(consumer: Consumer, count: int) -> list[Any]:
    records: list[Any] = []
    while len(records) < count:
        batch = consumer.consume(timeout=30)
        assert batch, f"only {len(records)} of {count} records came"
        records += batch
    return records


def test_every_message_comes_back_equal_and_in_order(registered: Stack, recorded: list[dict[str, Any]]) -> None:
    where: dict[str, Any] = {"registry": registered.registry_url, "contracts": [Price, MarketDepth]}
    sent: dict[str, list[dict[str, Any]]] = defaultdict(list)
    # The broker may have started just now, on a busy machine.
    with Producer(registered.bootstrap, **where, config={"message.timeout.ms": 60_000}) as producer:
        for count, obj in enumerate(recorded):
            message: Any = from_json(obj)
            producer.send(message)
            sent[f"{obj['data_type']} {contract_of(message).key(message).decode()}"].append(_plain(obj))
            if count % 2000 == 1999:
                producer.flush()
        producer.flush()
        assert producer.stats.delivered == len(recorded)
    with Consumer(registered.bootstrap, **where, group="everything", start="earliest") as consumer:
        got: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in _consume(consumer, len(recorded)):
            obj = to_json(record.message)
            assert (obj["producer"], obj["version"]) == ("pulse", "1.1")
            assert record.partition == record.feed.partition(4)
            got[f"{obj['data_type']} {record.feed.key}"].append(_plain(obj))
    assert got == sent
    assert len(got) == len({json.dumps(key) for key in sent})
    perpetuals = sum(obj["market_type"] == "perpetual" for obj in recorded)
    wanted = feeds(market_type=MarketType.PERPETUAL)
    with Consumer(registered.bootstrap, **where, group="perps", start="earliest", where=wanted) as consumer:
        records = _consume(consumer, perpetuals)
        assert {record.message.market_type for record in records} == {MarketType.PERPETUAL}
        assert consumer.stats.decoded == perpetuals


def _message(recorded: list[dict[str, Any]], data_type: str) -> Any:
    # Without metadata: the stock serializer writes the entries of a map in any order.
    message: Any = from_json(next(obj for obj in recorded if obj["data_type"] == data_type and "metadata" not in obj))
    message.envelope.version = "1.1"
    return message


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: str(contract.name))
def test_a_stock_serializer_finds_the_schema_and_writes_our_bytes(
    registered: Stack, recorded: list[dict[str, Any]], contract: Any
) -> None:
    settings = {"auto.register.schemas": False, "subject.name.strategy.type": "TOPIC"}
    context = SerializationContext(contract.topic, MessageField.VALUE)
    message = _message(recorded, contract.data_type)
    schema_id = producer_ids([contract], registry=registered.registry_url)[contract]
    with SchemaRegistryClient({"url": registered.registry_url}) as client:
        frame = ProtobufSerializer(contract.message, client, settings)(message, context)
    assert frame == encode(message, schema_id)
    assert decode(frame, contract.message) == message
    reader = ProtobufDeserializer(contract.message)
    assert reader(encode(message, schema_id), context) == message


def test_a_stock_deserializer_with_this_registry_fails_as_documented(
    registered: Stack, recorded: list[dict[str, Any]]
) -> None:
    """Apicurio 3.3.3 answers `?format=serialized` with 500 for what was registered as a descriptor."""
    (contract,) = (contract for contract in CONTRACTS if contract.data_type == "price")
    frame = encode(_message(recorded, "price"), producer_ids([contract], registry=registered.registry_url)[contract])
    with SchemaRegistryClient({"url": registered.registry_url, "max.retries": 0}) as client:
        reader = ProtobufDeserializer(Price, {"subject.name.strategy.type": "TOPIC"}, client)
        with pytest.raises(SchemaRegistryError) as caught:
            reader(frame, SerializationContext(contract.topic, MessageField.VALUE))
    assert caught.value.http_status_code == 500


def test_the_examples_run(registered: Stack, root: Path, tmp_path: Path) -> None:
    where = ["--bootstrap", registered.bootstrap, "--registry", registered.registry_url]
    pulse = [sys.executable, "examples/pulse.py", *where, "--speed", "1000", "--limit", "200"]
    done = subprocess.run(pulse, cwd=root, capture_output=True, text=True, check=True, timeout=120)
    assert "sent=200, delivered=200" in done.stdout
    store = tmp_path / "ticks.sqlite"
    chosen = ["--store", str(store), "--market-type", "perpetual", "--limit", "50"]
    ingestor = [sys.executable, "examples/ingestor.py", *where, *chosen]
    done = subprocess.run(ingestor, cwd=root, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "50 records stored\n"
    with closing(sqlite3.connect(store)) as ticks:
        feeds = [feed for (feed,) in ticks.execute("SELECT feed FROM ticks")]
    assert feeds
    assert all(feed.startswith("perp-unknown-") for feed in feeds)
