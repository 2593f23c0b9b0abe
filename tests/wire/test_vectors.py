"""The vectors that Python and Rust share: a vector that is added is tested in both."""

import json
from pathlib import Path
from typing import Any

import pytest

import pragma_contracts
from codegen.vectors.filters import condition
from pragma_contracts import Feed, MarketType, decode, encode, from_json, peek, to_json
from pragma_contracts.errors import ContractError, InvalidDecimal
from pragma_contracts.messages import DecimalColumn
from pragma_contracts.rules import parse_decimal
from pragma_contracts.wire import column
from pragma_contracts.wire.feed import murmur2
from pragma_contracts.wire.lookup import contract_of

# Published with Kafka's Java client: org.apache.kafka.common.utils.UtilsTest.
PUBLISHED = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "abc": 479470107,
}


@pytest.fixture
def vectors(root: Path, request: pytest.FixtureRequest) -> Any:
    return json.loads((root / f"tests/vectors/{request.param}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vectors", ["keys"], indirect=True)
def test_keys(vectors: Any) -> None:
    for vector in vectors["feeds"]:
        feed = Feed(*(vector[name] for name in ("market_type", "network_id", "source_id", "token_ticker")))
        assert (feed.key, Feed.parse(vector["key"])) == (vector["key"], feed)
        assert {count: feed.partition(int(count)) for count in vector["partitions"]} == vector["partitions"]
    for vector in vectors["also_read"]:
        assert Feed.parse(vector["key"]).key == vector["canonical"]
    for vector in vectors["foreign"]:
        with pytest.raises(ContractError) as caught:
            Feed.parse(bytes.fromhex(vector["key"]))
        assert caught.value.kind == vector["kind"]
    assert {vector["data"]: vector["murmur2"] for vector in vectors["hashes"]} == {
        text: number % (1 << 32) for text, number in PUBLISHED.items()
    }
    assert all(murmur2(vector["data"].encode()) == vector["murmur2"] for vector in vectors["hashes"])


@pytest.mark.parametrize("vectors", ["decimals"], indirect=True)
def test_decimals(vectors: Any) -> None:
    for vector in vectors["valid"]:
        assert parse_decimal(vector["text"]) == (int(vector["unscaled"]), vector["scale"])
    for vector in vectors["invalid"]:
        with pytest.raises(InvalidDecimal):
            parse_decimal(vector["text"])
    for vector in vectors["columns"]:
        target = DecimalColumn()
        column.write_column(target, vector["values"])
        wide = [value.hex() for value in target.wide]
        assert (target.scale, list(map(str, target.unscaled)), wide) == (
            vector["scale"],
            vector["unscaled"],
            vector["wide"],
        )
        assert (column.texts(target), column.floats(target)) == (vector["texts"], vector["floats"])
    for vector in vectors["unreadable"]:
        wide_bytes = [bytes.fromhex(value) for value in vector.get("wide", [])]
        with pytest.raises(InvalidDecimal):
            column.texts(DecimalColumn(scale=vector["scale"], unscaled=vector.get("unscaled", []), wide=wide_bytes))


@pytest.mark.parametrize("vectors", ["frames"], indirect=True)
def test_frames(vectors: Any) -> None:
    for vector in vectors:
        message: Any = from_json(vector["json"])
        assert encode(message, vector["schema_id"]).hex() == vector["frame"]
        frame = bytes.fromhex(vector["frame"])
        assert to_json(decode(frame, getattr(pragma_contracts, vector["contract"]))) == vector["json"]
        assert peek(frame).key == vector["key"] == contract_of(message).key(message).decode()


@pytest.mark.parametrize("vectors", ["bad_frames"], indirect=True)
def test_bad_frames(vectors: Any) -> None:
    for vector in vectors:
        with pytest.raises(ContractError) as caught:
            decode(bytes.fromhex(vector["frame"]), getattr(pragma_contracts, vector["contract"]))
        assert (caught.value.kind, getattr(caught.value, "field", None)) == (vector["kind"], vector["field"])


@pytest.mark.parametrize("vectors", ["accepted_frames"], indirect=True)
def test_accepted_frames(vectors: Any) -> None:
    for vector in vectors:
        message: Any = decode(bytes.fromhex(vector["frame"]), getattr(pragma_contracts, vector["contract"]))
        assert (message.market_type, message.token_ticker) == (vector["market_type"], vector["ticker"]), vector["name"]
        feed = peek(bytes.fromhex(vector["frame"]))
        assert (feed.key if feed.market_type in list(MarketType) else None) == vector["peek"]["key"], vector["name"]


@pytest.mark.parametrize("vectors", ["filters"], indirect=True)
def test_filters(vectors: Any) -> None:
    for vector in vectors:
        accepts = condition(vector["filter"])
        assert [key for key in vector["feeds"] if accepts(Feed.parse(key))] == vector["accepts"]
