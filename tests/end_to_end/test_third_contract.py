"""Adding a data type is adding one .proto file: a third contract in a copy of the repository, with no other edit."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

FUNDING_RATE = """syntax = "proto3";

package pragma.market.v1;

import "google/protobuf/timestamp.proto";
import "pragma/contracts/v1/options.proto";
import "pragma/market/v1/envelope.proto";
import "pragma/market/v1/market_type.proto";

// FundingRate is what longs pay shorts.
message FundingRate {
  option (pragma.contracts.v1.contract) = {
    topic: "pragma-funding-v1"
    data_type: "funding_rate"
    version: "1.0"
    key: ["market_type", "network_id", "source_id", "token_ticker"]
  };
  Envelope envelope = 1 [(pragma.contracts.v1.required) = true];
  MarketType market_type = 2 [(pragma.contracts.v1.required) = true];
  string network_id = 3 [(pragma.contracts.v1.required) = true];
  string source_id = 4 [(pragma.contracts.v1.required) = true];
  string token_ticker = 5 [(pragma.contracts.v1.required) = true];
  // The rate of one interval.
  string rate = 6 [(pragma.contracts.v1.required) = true, (pragma.contracts.v1.decimal) = true];
  // Where the rate comes from.
  Origin origin = 7;
  // Rates before this one, the newest first.
  repeated Past past = 8;
  // When the rate is paid.
  google.protobuf.Timestamp paid_at = 9;
  optional int64 interval_s = 10;
  bytes proof = 11;
  oneof cap { string cap_text = 12 [(pragma.contracts.v1.decimal) = true]; bool uncapped = 13; }
  map<string, string> metadata = 15;

  // Who made the rate.
  enum Origin {
    ORIGIN_UNSPECIFIED = 0;
    ORIGIN_EXCHANGE = 1;
  }
  // A rate that was.
  message Past {
    string rate = 1 [(pragma.contracts.v1.decimal) = true];
    Past before = 2;
  }
}
"""

SCRIPT = """
import sys
import json
from pragma_contracts import Consumer, Feed, FundingRate, Producer, encode, feeds, from_json, to_json
from pragma_contracts.errors import InvalidMessage
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.testing import embedded

obj = {
    "event_timestamp": "2026-01-31T12:00:00.000000Z", "data_type": "funding_rate", "market_type": "perpetual",
    "token_ticker": "BTC", "source_id": "paradex", "network_id": "unknown", "rate": "0.0001", "origin": "exchange",
    "past": [{"rate": "0.0002", "before": {"rate": "0.1"}}], "paid_at": "2026-01-31T16:00:00.000000Z",
    "interval_s": 28800, "proof": "AQI=", "cap_text": "0.05", "metadata": {"a": "b"},
}
with embedded() as running:
    assert register_installed(running.registry_url) == 6
    where = {"registry": running.registry_url, "contracts": [FundingRate]}
    with Producer(running.bootstrap, **where) as producer:
        for market_type in "perpetual", "options":
            producer.send(from_json(obj | {"market_type": market_type}))
        producer.feed(FundingRate, Feed("perp", "unknown", "paradex", "ETH")).send(event_time=1, rate="0.5")
        for bad in ({"rate": "1e5"}, {"past": [{"rate": "x"}]}, {"cap_text": "y"}, {"origin": 7}):
            try:
                producer.send(from_json(obj | bad))
            except InvalidMessage as error:
                print(error)
            else:
                raise SystemExit(f"{bad} was accepted")
    wanted = feeds(market_type="perpetual")
    with Consumer(running.bootstrap, **where, group="g", start="earliest", where=wanted) as consumer:
        records = [next(consumer), next(consumer)]
    got = {record.feed.token_ticker: to_json(record.message) for record in records}
    stamps = ("message_id", "publish_timestamp", "producer", "version")
    assert {name: value for name, value in got["BTC"].items() if name not in stamps} == obj, got["BTC"]
    assert got["BTC"]["version"] == "1.0"
    assert got["ETH"]["rate"] == "0.5"
    for record in records:
        print(encode(record.message, record.schema_id).hex())
        print(json.dumps(to_json(record.message), separators=(",", ":")))
print("done")
"""

READER = """//! Prints the JSON form of frames, which are given in hex.

fn main() -> pragma_contracts::Result<()> {
    for hex in std::env::args().skip(1) {
        let frame: Vec<u8> = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let message = pragma_contracts::AnyMessage::decode("pragma-funding-v1", &frame)?;
        println!("{}", serde_json::to_string(&message.to_json()?).unwrap());
    }
    Ok(())
}
"""


def test_a_third_contract_needs_one_file_and_nothing_else(root: Path, tmp_path: Path) -> None:
    for name in "schemas", "codegen", "pragma_contracts", "rust":
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "target"))
    (tmp_path / "schemas/pragma/market/v1/funding_rate.proto").write_text(FUNDING_RATE, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(tmp_path)}

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)

    generated = python("-m", "codegen")
    assert generated.returncode == 0, generated.stderr
    assert "funding_rate_pb2.py" in generated.stdout
    done = python("-c", SCRIPT)
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    assert last == "done"
    refusals, produced = lines[:4], lines[4:]
    assert [line.split(":")[1].partition("=")[0].strip() for line in refusals] == [
        "rate",
        "past[0].rate",
        "cap_text",
        "origin",
    ]
    typed = python("-m", "mypy", "--strict", "pragma_contracts/messages")
    assert typed.returncode == 0, typed.stdout
    # What Python produced, read by Rust.
    (tmp_path / "rust/pragma-contracts/examples/reader.rs").write_text(READER, encoding="utf-8")
    options = ["--locked", "--quiet", "--package", "pragma-contracts", "--features", "full", "--example", "reader"]
    command = ["cargo", "run", *options, "--", *produced[::2]]
    # The dependencies are built there already. Under another version, or cargo would take one crate for the other.
    for name in "pragma-contracts/Cargo.toml", "Cargo.lock":
        manifest = tmp_path / "rust" / name
        text = manifest.read_text(encoding="utf-8")
        ours = re.search(r'name = "pragma-contracts"\nversion = "[^"]+"', text)
        assert ours is not None
        changed = text.replace(ours[0], 'name = "pragma-contracts"\nversion = "0.0.0"')
        manifest.write_text(changed, encoding="utf-8")
    target = {"CARGO_TARGET_DIR": str(root / "rust/target")}
    read = subprocess.run(
        command, cwd=tmp_path / "rust", env=env | target, capture_output=True, text=True, check=False, timeout=600
    )
    assert read.returncode == 0, read.stderr
    assert read.stdout.splitlines() == produced[1::2]
