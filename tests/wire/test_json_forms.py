"""The JSON forms that today's contracts do not use, with a third contract in a copy of the repository."""

import math
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TRIAL = """syntax = "proto3";

package pragma.market.v1;

import "google/protobuf/timestamp.proto";
import "pragma/contracts/v1/options.proto";
import "pragma/market/v1/envelope.proto";
import "pragma/market/v1/market_depth.proto";
import "pragma/market/v1/market_type.proto";

// Trial has a field of every form.
message Trial {
  option (pragma.contracts.v1.contract) = {
    topic: "pragma-trial-v1"
    data_type: "trial"
    version: "1.0"
    key: ["market_type", "network_id", "source_id", "token_ticker"]
  };
  Envelope envelope = 1 [(pragma.contracts.v1.required) = true];
  MarketType market_type = 2 [(pragma.contracts.v1.required) = true];
  string network_id = 3 [(pragma.contracts.v1.required) = true];
  string source_id = 4 [(pragma.contracts.v1.required) = true];
  string token_ticker = 5 [(pragma.contracts.v1.required) = true];
  oneof cap {
    string cap_text = 6;
    bool uncapped = 7;
    BookSide cap_book = 8;
  }
  Node node = 9;
  map<bool, string> flags = 10;
  map<int32, string> ranks = 11;
  map<uint64, string> counts = 12;
  double ratio = 13;
  float small = 14;
  map<string, string> metadata = 15;
  optional uint32 size = 16;
  repeated int32 steps = 17;
  google.protobuf.Timestamp at = 18;

  // A tree.
  message Node {
    string note = 1;
    Node child = 2;
    map<string, Node> named = 3;
  }
}
"""

# Reads pickled objects, and answers what each of them becomes: JSON again, or an error's class and text.
SCRIPT = """
import pickle, sys
from pragma_contracts import ContractError, Trial, decode, encode, from_json, stamp, to_json

def outcome(obj):
    try:
        message = from_json(obj)
        stamp(message)
        assert decode(encode(message, 1), Trial) == message
        return list(to_json(message).items())[10:]
    except ContractError as error:
        return f"{type(error).__name__}: {error}"

objects = pickle.load(sys.stdin.buffer)
deep = {}
for _ in range(300_000):
    deep = {"child": deep}
answers = [outcome(obj) for obj in (*objects, objects[0] | {"node": deep})]
endless = Trial(market_type=1, ratio=float("inf"))
nested = Trial(market_type=1)
node = nested.node
for _ in range(3000):
    node = node.child
node.SetInParent()
for message in endless, nested:
    try:
        answers.append(to_json(message))
    except ContractError as error:
        answers.append(f"{type(error).__name__}: {error}")
sys.stdout.buffer.write(pickle.dumps(answers))
"""

BASE = {
    "event_timestamp": "2026-01-31T12:00:00.000000Z",
    "data_type": "trial",
    "market_type": "spot",
    "token_ticker": "BTC",
    "source_id": "binance",
    "network_id": "unknown",
}
ALWAYS = {"ratio": 0.0, "small": 0.0, "steps": []}


def _nodes(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"note": "innermost"}
    for _ in range(depth - 1):
        node = {"note": "", "child": node}
    return node


def _named(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"note": "innermost"}
    for _ in range(depth):
        node = {"note": "", "named": {"a": node}}
    return node


TAKEN: list[dict[str, Any]] = [
    {"cap_text": ""},
    {"uncapped": False},
    {"cap_book": []},
    {"cap_book": [["2", "1"]]},
    {"node": _nodes(100)},
    {"node": _named(49)},
    {"flags": {"false": "n", "true": "y"}},
    {"ranks": {"-2147483648": "a", "0": "b", "2147483647": "c"}},
    {"counts": {"0": "a", "18446744073709551615": "b"}},
    {"ratio": 1e300, "small": 0.5},
    {"metadata": {"": "a"}, "size": 0, "steps": [-1, 2**31 - 1], "at": "0001-01-01T00:00:00.000000Z"},
]
DEEP = "is nested more than 100 messages deep, which no protobuf parser reads"
WHOLE = "must be a whole number, not"
KEY = "has a key that is not a whole number from -2147483648 to 2147483647, written plainly"
REFUSED: list[tuple[dict[Any, Any], str]] = [
    ({"cap_text": "1", "uncapped": True}, "uncapped = True: is given beside cap_text; only one of them can be (cap)"),
    ({"cap_book": [], "cap_text": "1"}, "cap_book = []: is given beside cap_text; only one of them can be (cap)"),
    ({"cap_text": None}, "cap_text = None: must be text, not NoneType"),
    ({"cap_text": "\ud800"}, "cap_text = '\\ud800': has a lone surrogate, which has no UTF-8"),
    ({"flags": {"False": "n"}}, 'flags = \'False\': has a key that is not "true" or "false"'),
    ({"flags": {"junk": "x"}}, 'flags = \'junk\': has a key that is not "true" or "false"'),
    ({"flags": {True: "x"}}, 'flags = True: has a key that is not "true" or "false"'),
    *(({"ranks": {key: "x"}}, f"ranks = {key!r}: {KEY}") for key in ("1_000", " 7 ", "7\n", "+7", "07", "-0", "-", "")),
    *(({"ranks": {key: "x"}}, f"ranks = {key!r}: {KEY}") for key in ("2147483648", "1.5", "１", 1.5, 7, None, True)),
    ({"ranks": {"1" * 5000: "x"}}, KEY),
    ({"counts": {"-1": "x"}}, "counts = '-1': has a key that is not a whole number from 0 to 18446744073709551615"),
    ({"metadata": {None: "x"}}, "metadata = None: has a key that is not text"),
    ({"metadata": {"\ud800": "x"}}, "metadata = '\\ud800': has a key that is not text"),
    ({"ratio": 10**400}, "ratio = <int of 1329 bits>: is too large for a float of 64 bits"),
    ({"ratio": math.nan}, "ratio = nan: is no number that JSON has"),
    ({"ratio": -math.inf}, "ratio = -inf: is no number that JSON has"),
    ({"ratio": "1"}, "ratio = '1': must be a number, not str"),
    ({"ratio": True}, "ratio = True: must be a number, not bool"),
    ({"small": 1e300}, "small = 1e+300: is too large for a float of 32 bits"),
    ({"small": math.inf}, "small = inf: is no number that JSON has"),
    ({"size": -1}, "size = -1: must be 0 to 4294967295"),
    ({"size": 1.0}, f"size = 1.0: {WHOLE} float"),
    ({"steps": [1, 2**31]}, "steps[1] = 2147483648: must be -2147483648 to 2147483647"),
    ({"steps": [True]}, f"steps[0] = True: {WHOLE} bool"),
    ({"node": {"note": 1}}, "node.note = 1: must be text, not int"),
    ({"node": {"child": {"a\nb": 1}}}, "node.child.a\\nb = 1: is no field of this message"),
    ({"node": {None: 1}}, "node.None = 1: is no field of this message"),
    ({"node": {"named": {"x": {"child": 5}}}}, "node.named.x.child = 5: must be an object"),
    ({"node": _nodes(101)}, DEEP),
    ({"node": _named(50)}, DEEP),
    ({"market_type": 2**31}, "market_type = 2147483648: must be -2147483648 to 2147483647"),
]
# What the script makes by itself: it cannot be pickled, or is a message.
MADE = [("from_json of 300,000 messages", DEEP), ("infinity", "ratio = inf: is no number"), ("3,000 messages", DEEP)]


@pytest.fixture(scope="module")
def answers(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the copy with the third contract says of TAKEN, REFUSED and MADE."""
    copy = tmp_path_factory.mktemp("trial")
    for name in "schemas", "codegen", "pragma_contracts":
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "schemas/pragma/market/v1/trial.proto").write_text(TRIAL, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(copy)}
    subprocess.run([sys.executable, "-m", "codegen"], cwd=copy, env=env, capture_output=True, check=True)
    objects = [BASE | change for change in TAKEN] + [BASE | change for change, _ in REFUSED]
    script = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(script, cwd=copy, env=env, input=pickle.dumps(objects), stdout=subprocess.PIPE, check=True)
    found: list[Any] = pickle.loads(done.stdout)
    assert len(found) == len(TAKEN) + len(REFUSED) + len(MADE)
    return found


@pytest.mark.parametrize(("at", "change"), list(enumerate(TAKEN)), ids=lambda value: str(value)[:40])
def test_what_fits_comes_back(answers: list[Any], at: int, change: dict[str, Any]) -> None:
    assert dict(answers[at]) == ALWAYS | change
    assert [name for name, _ in answers[at]][-1:] == (["metadata"] if "metadata" in change else ["steps"])


@pytest.mark.parametrize(("at", "sentence"), [(at, sentence) for at, (_, sentence) in enumerate(REFUSED)])
def test_what_does_not_fit_names_the_field(answers: list[Any], at: int, sentence: str) -> None:
    answer = answers[len(TAKEN) + at]
    assert str(answer).startswith("InvalidMessage: Trial (pragma-trial-v1): ")
    assert sentence in answer


@pytest.mark.parametrize(("at", "sentence"), [(at, sentence) for at, (_, sentence) in enumerate(MADE)])
def test_messages_that_have_no_json_are_refused(answers: list[Any], at: int, sentence: str) -> None:
    answer = answers[len(TAKEN) + len(REFUSED) + at]
    assert str(answer).startswith("InvalidMessage: Trial (pragma-trial-v1): ")
    assert sentence in answer
