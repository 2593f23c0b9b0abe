"""A Go program and this package on one real broker: each reads exactly what the other wrote."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from pragma_contracts import Consumer, MarketDepth, MarketType, Price, Producer, Record, book
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.testing import Stack, stack
from pragma_contracts.wire.lookup import contract_of

Go = Callable[..., list[list[str]]]

# Too long for 64 bits.
WIDE = "12345678901234567890.12345678"
EVENT_NS = 1_700_000_000_123_456_789


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """A real stack of its own, because topics are read from the beginning."""
    with stack() as running:
        register_installed(running.registry_url)
        yield running


@pytest.fixture(scope="module")
def go(root: Path, running: Stack, tmp_path_factory: pytest.TempPathFactory) -> Go:
    """Runs the Go program; gives the partition, the key and the JSON of each record that it read."""
    program = root / ".venv/interop-go"
    if not program.exists():
        pytest.skip("the Go program is not built: make .venv/interop-go")
    descriptors = tmp_path_factory.mktemp("descriptors") / "contracts.binpb"
    command = ["schemas", "--form", "descriptor-set", "--out", str(descriptors)]
    subprocess.run([Path(sys.executable).parent / "pragma-contracts", *command], capture_output=True, check=True)
    where = ["-bootstrap", running.bootstrap, "-registry", running.registry_url, "-descriptors", str(descriptors)]

    def run(*arguments: str) -> list[list[str]]:
        done = subprocess.run([program, *where, *arguments], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return [line.split("\t", 2) for line in done.stdout.splitlines()]

    return run


def _prices() -> list[Any]:
    fields: Any = {"network_id": "unknown", "source_id": "binance", "metadata": {"city": "Zürich\t😀", "empty": ""}}
    return [
        Price(market_type=market, token_ticker=ticker, price=price, **fields)
        for market in (MarketType.SPOT, MarketType.PERPETUAL)
        for ticker, price in (("BTC", "65432.10"), ("SKL-GBP", "-0.000"), ("ÅÄÖ", WIDE))
    ]


def _books() -> list[Any]:
    messages: list[Any] = []
    for market in MarketType.SPOT, MarketType.PERPETUAL:
        for ticker in "BTC", "ETH", "SKL-GBP":
            message: Any = MarketDepth(
                market_type=market, network_id="ethereum", source_id="a-dex", token_ticker=ticker
            )
            book.write(message.bids, [(WIDE, "1.50"), ("0.5", WIDE)])
            book.write(message.asks, [("99.5", "2"), ("100", "0")])
            assert message.bids.prices.wide
            assert message.asks.prices.unscaled
            messages.append(message)
    return messages


def _consume(where: dict[str, Any], count: int) -> list[Record]:
    records: list[Record] = []
    with Consumer(**where, unknown_ids="refuse", start="earliest") as consumer:
        while len(records) < count:
            batch = consumer.consume(timeout=30)
            assert batch, f"only {len(records)} of {count} records came"
            records += batch
    return records


@pytest.mark.parametrize("make", [_prices, _books])
def test_go_reads_what_we_write_and_we_read_what_go_writes(running: Stack, go: Go, make: Callable[[], Any]) -> None:
    messages = make()
    contract, count = contract_of(messages[0]), len(messages)
    where: dict[str, Any] = {
        "bootstrap": running.bootstrap,
        "registry": running.registry_url,
        "contracts": [contract.message],
    }
    # The broker has started just now, on a busy machine.
    with Producer(**where, config={"message.timeout.ms": 60_000}) as producer:
        for message in messages:
            producer.send(message, event_time=EVENT_NS)
        producer.flush()
    ours = {record.feed.key: record for record in _consume(where, count)}
    assert {key: record.message for key, record in ours.items()} == {
        contract.key(message).decode(): message for message in messages
    }
    assert len({record.partition for record in ours.values()}) > 1

    lines = go("-topic", contract.topic, "-count", str(count), "-write")
    assert len(lines) == count
    assert {key: (int(partition), json.loads(text)) for partition, key, text in lines} == {
        key: (record.partition, MessageToDict(record.message)) for key, record in ours.items()
    }

    # Those that Go wrote are the later ones.
    records = _consume(where, 2 * count)
    assert len(records) == 2 * count
    theirs = {record.feed.key: record for record in sorted(records, key=lambda record: record.offset)}
    for key, record in theirs.items():
        assert record.offset > ours[key].offset
        assert record.partition == ours[key].partition
        assert record.schema_id == ours[key].schema_id
        assert record.message == ours[key].message
