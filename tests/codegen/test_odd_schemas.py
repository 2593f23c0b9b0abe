"""Schemas with all that protobuf allows: what is generated from them imports, checks, round-trips and is typed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import pickle
from pragma_contracts import Everything, Side, Everything_Kind, decode, encode, from_json, stamp, to_json, validate
from pragma_contracts.errors import ContractError, InvalidMessage

rules = {
    "text": "a", "present_text": "b", "present": 0, "decimal": "1", "side": "buying", "proof": "AQI=",
}
obj = {
    "event_timestamp": "2026-01-31T12:00:00.000000Z", "data_type": "everything", "market_type": "perpetual",
    "token_ticker": "BTC", "source_id": "paradex", "network_id": "unknown",
    "type": "t", "match": 1, "camelCaseName": True, "HTTPStatus": "ok", "field_1_2": 3, "_leading": "l", "super": "s",
    "scalars": {"a_double": 1.5, "an_optional_int32": 0, "some_bytes": "AQ=="},
    "lists": {"int64s": [1, -1], "sides": ["buying", "sell"], "scalars": [{"a_bool": True}]},
    "maps": {"by_int32": {"-1": "x"}, "by_sint32": {"4": "sell"}, "by_bool": {"true": "y"}},
    "rules": rules | {"more": [rules], "named": {"a": rules}, "rules_limit": rules, "decimals": ["1.0", "2"]},
    "paid_at": "2026-01-31T16:00:00.000000Z", "shared": {"kind": "small"}, "nested": {"kind": "big"},
    "side": "sell", "second_side": "buying", "sides": ["sell"], "sides_by_name": {"a": "buying"},
    "books": [[["1", "2"], ["3", "4"]]], "columns": {"7": ["1.5"]},
    "metadata": {"a": "b"},
}
message = from_json(obj)
stamp(message)
back = decode(encode(message, 1), Everything)
assert back == message and pickle.loads(pickle.dumps(back)) == message
again = to_json(back)
assert from_json(again) == message
assert {name: again[name] for name in obj if name not in ("scalars", "lists", "maps", "rules", "shared", "nested")} == {
    name: obj[name] for name in obj if name not in ("scalars", "lists", "maps", "rules", "shared", "nested")
}, again

def refused(path, change):
    message = from_json(obj)
    change(message)
    try:
        validate(message)
    except InvalidMessage as error:
        assert error.field == path, (error.field, path)
    else:
        raise SystemExit(f"{path} was accepted")

refused("side", lambda m: setattr(m, "side", 7))
refused("second_side", lambda m: setattr(m, "second_side", 7))
refused("sides[1]", lambda m: m.sides.append(7))
refused("sides_by_name['z']", lambda m: m.sides_by_name.update(z=7))
refused("shade", lambda m: setattr(m, "shade", 9))
refused("lists.sides[2]", lambda m: m.lists.sides.append(7))
refused("rules", lambda m: m.ClearField("rules"))
refused("rules.present", lambda m: m.rules.ClearField("present"))
refused("rules.present_text", lambda m: setattr(m.rules, "present_text", ""))
refused("rules.side", lambda m: setattr(m.rules, "side", 0))
refused("rules.maybe_decimal", lambda m: setattr(m.rules, "maybe_decimal", "x"))
refused("rules.present_decimal", lambda m: setattr(m.rules, "present_decimal", ""))
refused("rules.decimals[1]", lambda m: m.rules.decimals.__setitem__(1, "1e5"))
refused("rules.decimal_limit", lambda m: setattr(m.rules, "decimal_limit", ""))
refused("rules.more[0].text", lambda m: setattr(m.rules.more[0], "text", ""))
refused("rules.named['a'].proof", lambda m: setattr(m.rules.named["a"], "proof", b""))
refused("rules.rules_limit.decimal", lambda m: setattr(m.rules.rules_limit, "decimal", "NaN"))
refused("rules.rising.prices", lambda m: m.rules.rising.CopyFrom(m.books[0]) or m.rules.rising.prices.unscaled.reverse()
        or m.rules.rising.quantities.unscaled.reverse())
refused("columns[7].scale", lambda m: setattr(m.columns[7], "scale", 99))
assert Side.from_text("b") is Side.BUY and Everything_Kind.BIG == 7
"""

FRAME = (
    SCRIPT.partition("back = decode")[0]
    + """
import json
message.every.seconds = 60
message.scalars.some_bytes = bytes(range(7))
message.lists.doubles.extend([1.5, -0.25])
message.maps.by_fixed64[5].inners.add().number = 4
print(encode(message, 1).hex())
print(json.dumps(to_json(message), separators=(",", ":"), ensure_ascii=False))
message.rules.more[0].decimal = "x"
print(encode(message, 1, validate=False).hex())
"""
)

PROGRAM = """
//! Prints the JSON of frames of `Everything`, or why there is none.
use pragma_contracts::{Contract, Everything, Frame, decode};

fn main() {
    for hex in std::env::args().skip(1) {
        let bytes = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap());
        let bytes: Vec<u8> = bytes.collect();
        match decode::<Everything>(&bytes) {
            Ok(message) => {
                let view = Frame::parse(&bytes).unwrap().view::<Everything>().unwrap();
                assert_eq!(view.to_owned().unwrap(), message);
                println!("{}", message.to_json().unwrap());
            }
            Err(error) => {
                assert_eq!(Frame::parse(&bytes).unwrap().view::<Everything>().unwrap_err(), error);
                println!("{error}");
            }
        }
    }
}
"""


@pytest.fixture(scope="module")
def generated(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the odd schemas beside the real ones, and the code that is generated from both."""
    folder = tmp_path_factory.mktemp("odd")
    for name in "schemas", "codegen", "pragma_contracts":
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "tests/schemas", folder / "schemas", dirs_exist_ok=True)
    shutil.copy(root / "pyproject.toml", folder)
    for name in "Cargo.toml", "Cargo.lock", "pragma-contracts", "conformance", "native":
        source, target = root / "rust" / name, folder / "rust" / name
        target.parent.mkdir(exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    subprocess.run([sys.executable, "-m", "codegen"], cwd=folder, check=True)
    return folder


def test_what_is_generated_works(generated: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(generated)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=generated, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_generated_is_typed(generated: Path) -> None:
    command = [sys.executable, "-m", "mypy", "pragma_contracts/messages"]
    done = subprocess.run(command, cwd=generated, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_code_generation_repairs_what_it_wrote(generated: Path) -> None:
    """It must not import what it generates: a merge leaves conflict markers there, and a bad schema leaves nonsense."""
    init = generated / "pragma_contracts/messages/__init__.py"
    text = init.read_text(encoding="utf-8")
    init.write_text("<<<<<<< HEAD\n" + text, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "codegen"], cwd=generated, check=True)
    assert init.read_text(encoding="utf-8") == text


def test_rust_reads_what_python_wrote(root: Path, generated: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(generated), "CARGO_TARGET_DIR": str(root / "rust/target")}
    written = subprocess.run(
        [sys.executable, "-c", FRAME], cwd=generated, env=environment, capture_output=True, text=True, check=True
    )
    frame, json, broken = written.stdout.splitlines()
    examples = generated / "rust/pragma-contracts/examples"
    examples.mkdir(exist_ok=True)
    (examples / "odd.rs").write_text(PROGRAM, encoding="utf-8")
    # The whole workspace with all features, as `make test` does, so that no dependency is built anew.
    build = ["cargo", "build", "--quiet", "--locked", "--workspace", "--features", "full", "--example", "odd"]
    built = subprocess.run(build, cwd=generated / "rust", env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    program = root / "rust/target/debug/examples/odd"
    done = subprocess.run([program, frame, broken], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        json,
        'Everything (odd-everything-v1): rules.more[0].decimal = "x": is not a plain decimal of at most 38 digits; '
        "write digits with an optional minus and point, such as '65432.10'",
    ]
