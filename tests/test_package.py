"""The package as others get it: the wheel in an environment of its own, and every supported protobuf."""

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import google.protobuf
import pytest

ROUND_TRIP = """
import pickle, sys
import google.protobuf
assert google.protobuf.__version__.startswith(sys.argv[1]), google.protobuf.__version__
from pragma_contracts import MarketType, MarketDepth, Price, book, decode, encode, from_json, peek, stamp, to_json

price = Price(market_type=MarketType.SPOT, network_id="unknown", source_id="x", token_ticker="BTC", price="1.50")
depth = MarketDepth(market_type="MARKET_TYPE_PERPETUAL", network_id="unknown", source_id="x", token_ticker="BTC")
book.write(depth.bids, [("2", "18446744073709551616"), ("1.5", "1")])
for message in price, depth:
    stamp(message, event_time=1)
    frame = encode(message, 7)
    assert decode(frame, type(message)) == message
    assert from_json(to_json(message)) == message
    assert pickle.loads(pickle.dumps(message)) == message
    assert peek(frame).token_ticker == "BTC"
print(encode(depth, 7).hex()[-60:])
"""


def _run(cwd: Path, *command: object, path: str = "") -> str:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path:
        env["PYTHONPATH"] = path
    words = [str(word) for word in command]
    done = subprocess.run(words, env=env, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("which", ["oldest", "newest"])
def test_messages_work_under_every_supported_protobuf(root: Path, tmp_path: Path, which: str) -> None:
    oldest = root / ".venv/protobuf-oldest"
    newest = google.protobuf.__version__
    assert newest.startswith("7.")
    version, path = ("5.29", f"{oldest}{os.pathsep}{root}") if which == "oldest" else (newest, str(root))
    assert _run(tmp_path, sys.executable, "-c", ROUND_TRIP, version, path=path)


SOURCES = """
import pragma_contracts
from pragma_contracts.governance.compiler import compile_folder
from pragma_contracts.governance.shipped import schemas_folder
print(len(compile_folder(schemas_folder()).files), pragma_contracts.__file__)
"""


def test_the_wheel_works_outside_the_repository(root: Path, tmp_path: Path) -> None:
    _run(tmp_path, sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, root)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert "pragma_contracts/schemas/pragma/market/v1/price.proto" in names
    assert "pragma_contracts/messages/contracts.binpb" in names
    assert "pragma_contracts/py.typed" in names
    assert not [name for name in names if name.startswith(("codegen", "tests", "pragma/"))]
    venv.create(tmp_path / "env", with_pip=True)
    program = tmp_path / "env/bin/python"
    pinned = ("--constraint", root / "constraints.txt")
    _run(tmp_path, program, "-m", "pip", "install", "--quiet", f"{wheel}[governance]", *pinned)
    assert _run(tmp_path, program, "-c", ROUND_TRIP, "7")
    count, _, where = _run(tmp_path, program, "-c", SOURCES).strip().partition(" ")
    assert count == "5"
    assert where.startswith(str(tmp_path))
    command = (tmp_path / "env/bin/pragma-contracts", "schemas", "--form", "flat-proto", "--contract", "Price")
    assert "message Price {" in _run(tmp_path, *command)
    figures = json.loads(_run(tmp_path, tmp_path / "env/bin/pragma-contracts", "demo", "--json"))
    assert (figures["consumed"], figures["skipped_without_decoding"], figures["not_confirmed"]) == (4687, 11850, 0)


def test_the_compiled_hot_paths_have_the_version_that_the_extra_asks_for(root: Path) -> None:
    package, native = (_table(root / path)["project"] for path in ("pyproject.toml", "rust/native/pyproject.toml"))
    crate = _table(root / "rust/native/Cargo.toml")["package"]
    assert native["name"] == crate["name"] == "pragma-contracts-native"
    assert package["version"] == native["version"] == crate["version"]
    assert package["optional-dependencies"]["native"] == [f"{native['name']}=={package['version']}"]
    assert package["requires-python"] == native["requires-python"]


def _table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
