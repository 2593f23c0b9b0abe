"""The SQL for ClickHouse, run in ClickHouse: its Kafka table reads our frames, and every value arrives exactly."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from confluent_kafka import Producer

from pragma_contracts import MarketDepth, Price, book, encode, from_json, stamp, to_json
from pragma_contracts.governance.export.clickhouse import clickhouse
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.words import snake
from pragma_contracts.testing import embedded
from tests.export.conftest import Contract, fill

Rows = Callable[[str, Sequence[bytes]], list[dict[str, Any]]]

HEADER = bytes(6)
WIDE = ("99999999999999999999999999999999999999", "-99999999999999999999999999999999999999", "0")
FINE = tuple(f"{sign}0.{digits}" for sign in ("", "-") for digits in ("9" * 38, f"{'0' * 37}1"))
TEXTS = (*WIDE, *FINE, "1.50", "-0", "0.000", "123456789012345678901234567890.12345678")


@pytest.fixture
def rows(root: Path, schemas: Schemas, contract: Contract, tmp_path: Path) -> Iterator[Rows]:
    """What is in the table of a contract when these frames were written to its topic, in the order of message ids."""
    package = root / ".venv/clickhouse"
    if not (package / "ready").exists():
        pytest.skip("ClickHouse in a process is not there: make .venv/clickhouse/ready")

    with embedded() as running:

        def read(name: str, frames: Sequence[bytes]) -> list[dict[str, Any]]:
            for file, text in clickhouse(schemas, contract(name)).items():
                (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / file).write_text(text, encoding="utf-8")
            option = contract(name).contract
            assert option is not None
            producer = Producer({"bootstrap.servers": running.bootstrap})
            for frame in frames:
                producer.produce(option.topic, frame)
            assert producer.flush(20) == 0
            del producer
            program = Path(__file__).with_name("clickhouse_session.py")
            arguments = [tmp_path, snake(name), running.bootstrap, len(frames)]
            done = subprocess.run(
                [sys.executable, program, *map(str, arguments)],
                cwd=tmp_path,
                env=os.environ | {"PYTHONPATH": str(package)},
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            assert done.returncode == 0, done.stderr
            return [json.loads(line) for line in done.stdout.splitlines() if line]

        yield read


def _time(text: str) -> str:
    """A time as JSON has it, as ClickHouse writes it."""
    return f"{text.removesuffix('Z').replace('T', ' '):0<29}"


def _side(levels: list[list[str]]) -> dict[str, list[Decimal]]:
    return {name: [Decimal(level[at]) for level in levels] for at, name in enumerate(("prices", "quantities"))}


def _decimals(side: dict[str, list[str]]) -> dict[str, list[Decimal]]:
    return {name: [Decimal(text) for text in column] for name, column in side.items()}


def test_prices_arrive_as_their_json_has_them(rows: Rows, recorded: list[dict[str, Any]]) -> None:
    some = [obj for obj in recorded if obj["data_type"] == "price"][:200]
    messages: list[Any] = [from_json(obj) for obj in some]
    messages += [from_json(some[0] | {"price": text}) for text in TEXTS]
    for message in messages:
        stamp(message)
    found = rows("Price", [encode(message, 300) for message in messages])
    expected = sorted((to_json(message) for message in messages), key=lambda obj: str(obj["message_id"]))
    for row, obj in zip(found, expected, strict=True):
        times = {name: _time(str(obj[name])) for name in ("event_timestamp", "publish_timestamp")}
        del obj["data_type"]
        assert row | {"price": Decimal(row["price"])} == obj | times | {
            "price": Decimal(str(obj["price"])),
            "metadata": obj.get("metadata", {}),
        }


def test_books_arrive_exactly(rows: Rows, recorded: list[dict[str, Any]]) -> None:
    some = [obj for obj in recorded if obj["data_type"] == "market_depth"][:50]
    messages: list[Any] = [from_json(obj) for obj in some]
    for bids in ([], [(text, text) for text in WIDE], [(text, text) for text in FINE], [("1.5", str(1 << 63))]):
        message = MarketDepth(market_type="MARKET_TYPE_OPTIONS", network_id="n", source_id="s", token_ticker="BTC")
        book.write(message.bids, bids)
        messages.append(message)
    for message in messages:
        stamp(message, event_time=None if message.envelope.HasField("event_timestamp") else -1)
    found = rows("MarketDepth", [encode(message, 1, validate=False) for message in messages])
    messages.sort(key=lambda message: str(message.envelope.message_id))
    for row, message in zip(found, messages, strict=True):
        for name in "bids", "asks":
            levels = book.levels(getattr(message, name))
            assert _decimals(row[name]) == {
                "prices": [price for price, _ in levels],
                "quantities": [quantity for _, quantity in levels],
            }


def test_what_is_unknown_or_missing_stops_nothing(rows: Rows) -> None:
    """A newer producer's market type is its number, a price that is none is NULL, a column that is none is empty."""
    price = Price(market_type=9, network_id="n", source_id="s", token_ticker="t", price="a lot")
    (row,) = rows("Price", [HEADER + price.SerializeToString()])
    assert (row["market_type"], row["price"], row["publish_timestamp"]) == ("9", None, None)
    depth = MarketDepth(network_id="n")
    depth.bids.prices.scale, depth.bids.quantities.scale = 1 << 31, 38
    depth.bids.prices.unscaled.append(1)
    depth.bids.quantities.unscaled.append(-1)
    depth.asks.prices.wide.append(bytes(17))
    depth.asks.quantities.wide.append(b"")
    (row,) = rows("MarketDepth", [HEADER + depth.SerializeToString()])
    assert row["bids"] == {"prices": [], "quantities": [f"-0.{'0' * 37}1"]}
    assert row["asks"] == {"prices": [], "quantities": []}


def test_a_third_contract_has_a_table(rows: Rows, message_class: Callable[[str], Any]) -> None:
    rate = message_class("FundingRate")()
    rate.rate, rate.origin, rate.interval_s, rate.proof, rate.cap_text = "0.0001", 1, 0, b"\x01", "0.05"
    rate.past.add(rate="0.2").before.rate = "0.3"
    rate.past.add()
    rate.paid_at.nanos = 5
    rate.metadata["a"] = "b"
    rate.market_type = 2
    (row,) = rows("FundingRate", [HEADER + rate.SerializeToString()])
    assert {name: row[name] for name in ("rate", "origin", "past", "paid_at", "interval_s", "proof", "cap_text")} == {
        "rate": "0.0001",
        "origin": "exchange",
        # What a message of the past has before it is left out: no column holds itself.
        "past": [{"rate": "0.2"}, {"rate": None}],
        "paid_at": "1970-01-01 00:00:00.000000005",
        "interval_s": 0,
        "proof": "\x01",
        "cap_text": "0.05",
    }
    assert (row["market_type"], row["uncapped"], row["metadata"]) == ("perpetual", None, {"a": "b"})


def test_a_contract_with_everything_has_a_table(rows: Rows, message_class: Callable[[str], Any]) -> None:
    messages: list[Any] = []
    for seed in range(30):
        message = message_class("Everything")()
        fill(message, Random(seed))
        message.envelope.event_timestamp.seconds, message.envelope.message_id = seed, f"{seed:02}"
        for column in message.columns.values():
            column.Clear()
            column.unscaled.append(seed)
        messages.append(message)
    found = rows("Everything", [HEADER + message.SerializeToString() for message in messages])
    for row, message in zip(found, messages, strict=True):
        assert row["HTTPStatus"] == message.HTTPStatus
        assert row["match"] == message.match
        assert row["sides"] == [("", "buying", "sell")[side] if side < 3 else str(side) for side in message.sides]
        assert row["lists"]["int64s"] == list(message.lists.int64s)
        assert row["maps"]["by_sfixed32"] == {str(key): value for key, value in message.maps.by_sfixed32.items()}
        assert row["columns"] == {str(key): [str(column.unscaled[0])] for key, column in message.columns.items()}
