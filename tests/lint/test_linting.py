"""The linter, by one change of a schema that is right: which rule finds it, and where."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.finding import Finding, Level
from pragma_contracts.governance.lint.linting import lint
from pragma_contracts.governance.lint.rules import RULES
from pragma_contracts.governance.sources import installed

TRADE = """syntax = "proto3";

package test.v1;

import "google/protobuf/descriptor.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "pragma/contracts/v1/options.proto";
import "pragma/market/v1/envelope.proto";
import "pragma/market/v1/market_depth.proto";
import "pragma/market/v1/market_type.proto";

// Trade is what was bought or sold.
message Trade {
  option (pragma.contracts.v1.contract) = {
    topic: "pragma-trades-v1"
    data_type: "trade"
    version: "1.0"
    key: ["market_type", "network_id", "source_id", "token_ticker"]
  };
  // Common fields.
  pragma.market.v1.Envelope envelope = 1 [(pragma.contracts.v1.required) = true];
  // Kind of market.
  pragma.market.v1.MarketType market_type = 2 [(pragma.contracts.v1.required) = true];
  // Network.
  string network_id = 3 [(pragma.contracts.v1.required) = true];
  // Source.
  string source_id = 4 [(pragma.contracts.v1.required) = true];
  // Ticker.
  string token_ticker = 5 [(pragma.contracts.v1.required) = true];
  // Price.
  string price = 6 [(pragma.contracts.v1.decimal) = true];
  // Side.
  Side side = 7;
  // Fills.
  Fills fills = 8;
}

// Fills are the parts of a trade.
message Fills {
  option (pragma.contracts.v1.columns) = true;
  // Prices.
  pragma.market.v1.DecimalColumn prices = 1;
}

// Side is who took.
enum Side {
  // Not known.
  SIDE_UNSPECIFIED = 0;
  // Bought.
  SIDE_BUY = 1;
}
"""
REQUIRED = " [(pragma.contracts.v1.required) = true]"
DECIMAL = " [(pragma.contracts.v1.decimal) = true]"
EXTEND = "// Options.\nextend google.protobuf.FieldOptions {\n  // Unit.\n  string unit = %d;\n}\n"
"""An option of somebody else, to be written with a number."""
CASES = [
    ("SYNTAX_PROTO3", 'syntax = "proto3";', 'edition = "2023";', 1, "is written in editions"),
    ("CONTRACT_FIRST", "// Trade is", "// A.\nmessage A {}\n// Trade is", 16, "must be the first message"),
    ("CONTRACT_TOPIC", "pragma-trades-v1", "pragma trades", 14, "is no Kafka topic name"),
    ("CONTRACT_TOPIC_CONVENTION", "pragma-trades-v1", "pragma-trades-v2", 14, "is not named pragma-…-v1"),
    ("CONTRACT_TOPIC_CONVENTION", "pragma-trades-v1", "trades-v1", 14, "is not named pragma-…-v1"),
    ("CONTRACT_TOPIC_CONVENTION", "package test.v1;", "package test;", 14, "package 'test' has no major version"),
    ("CONTRACT_DATA_TYPE", 'data_type: "trade"', 'data_type: "Trade"', 14, "must be lower_snake_case"),
    ("CONTRACT_VERSION", 'version: "1.0"', 'version: "1"', 14, "must be 'major.minor'"),
    (
        "CONTRACT_KEY",
        '"market_type", "network_id"',
        '"network_id", "market_type"',
        14,
        "the record key of every contract",
    ),
    ("CONTRACT_KEY", '"token_ticker"]', '"ticker"]', 14, "which is no field of the message"),
    ("CONTRACT_HEADER", "string network_id = 3", "bytes network_id = 3", 14, "needs the field 'string network_id = 3'"),
    ("CONTRACT_HEADER", f"network_id = 3{REQUIRED}", "network_id = 3", 26, "must have the option (required)"),
    ("CONTRACT_METADATA", "Side side = 7", "Side side = 15", 34, "number 15 is for 'map<string, string> metadata'"),
    ("CONTRACT_FIELD_NAME", "Side side = 7", "Side version = 7", 34, "is the name of a common field"),
    ("CONTRACT_PARTS", "Side side = 7", "google.protobuf.Struct side = 7", 34, "has no JSON form here"),
    ("CONTRACT_UNIQUE", "pragma-trades-v1", "pragma-prices-v1", 14, "already that of pragma.market.v1.Price"),
    ("MESSAGE_COLUMNS", "prices = 1;", "prices = 1; // A.\n string note = 2;", 44, "single DecimalColumn fields only"),
    ("FIELD_DECIMAL", "string price = 6", "int64 price = 6", 32, "(decimal) is for a string"),
    ("FIELD_REQUIRED", "Side side = 7", f"repeated Side side = 7{REQUIRED}", 34, "an empty list cannot be told"),
    ("FIELD_REQUIRED", f"string price = 6{DECIMAL}", f"int32 price = 6{REQUIRED}", 32, "needs 'optional'"),
    (
        "FIELD_ORDER",
        "fills = 8",
        "fills = 8; // A.\n string a = 9 [(pragma.contracts.v1.order) = ORDER_ASCENDING]",
        37,
        "(order)",
    ),
    ("FIELD_NO_FLOAT", f"string price = 6{DECIMAL}", "double price = 6", 32, "is of double"),
    ("FIELD_NO_FLOAT", "Side side = 7", "google.protobuf.FloatValue side = 7", 34, "is of google.protobuf.FloatValue"),
    ("FIELD_NO_FLOAT", "Side side = 7", "map<string, double> side = 7", 34, "Trade.side: is of double"),
    (
        "CONTRACT_PARTS",
        "Side side = 7",
        "map<string, google.protobuf.Struct> side = 7",
        34,
        "Trade.side: google.protobuf",
    ),
    (
        "CONTRACT_HEADER",
        "string network_id = 3",
        "optional string network_id = 3",
        14,
        "needs the field 'string network_id",
    ),
    (
        "ENUM_TEXT",
        "SIDE_BUY = 1",
        'SIDE_BUY = 1 [(pragma.contracts.v1.text) = "Buy"]',
        51,
        "lower_snake_case, not 'Buy'",
    ),
    ("OPTION_NUMBER", "// Side is", EXTEND % 73550 + "// Side is", 49, "(unit) has the number 73550"),
    ("OPTION_NUMBER", "// Side is", EXTEND % 1000 + "// Side is", 49, "allowed are 50000 to 99999, without 73541 to"),
    (
        "OPTION_NUMBER",
        "  // Price.\n",
        "  extend google.protobuf.FieldOptions {\n    // Unit.\n    string unit = 73550;\n  }\n  // Price.\n",
        33,
        "option (Trade.unit) has the number 73550",
    ),
    (
        "OPTION_USE",
        "SIDE_BUY = 1",
        'SIDE_BUY = 1 [(pragma.contracts.v1.key_token) = "b"]',
        51,
        "no record key holds a Side",
    ),
    ("COMMENT_FIELD", "  // Price.\n", "", 31, 'Field "price" should have a non-empty comment'),
    (
        "COMMENT_MESSAGE",
        "// Trade is what was bought or sold.\n",
        "",
        13,
        'Message "Trade" should have a non-empty comment',
    ),
    ("COMMENT_ENUM_VALUE", "  // Bought.\n", "", 50, 'Enum value "SIDE_BUY" should have a non-empty comment'),
    ("ENUM_ZERO_VALUE_SUFFIX", "SIDE_UNSPECIFIED", "SIDE_NONE", 49, 'should be suffixed with "_UNSPECIFIED"'),
    ("PACKAGE_VERSION_SUFFIX", "package test.v1;", "package test;", 3, "should be suffixed with a correctly formed"),
]


def linted(root: Path, folder: Path, text: str) -> tuple[Finding, ...]:
    shutil.copytree(root / "schemas", folder, dirs_exist_ok=True)
    (folder / "test/v1").mkdir(parents=True)
    (folder / "test/v1/trade.proto").write_text(text, encoding="utf-8")
    return lint(compile_as_it_is(folder), "schemas").findings


def test_what_is_right_passes(root: Path, tmp_path: Path) -> None:
    assert linted(root, tmp_path, TRADE) == ()


def test_what_a_contract_imports_of_this_package_need_not_be_copied(tmp_path: Path) -> None:
    (tmp_path / "test/v1").mkdir(parents=True)
    (tmp_path / "test/v1/trade.proto").write_text(TRADE, encoding="utf-8")
    schemas = compile_as_it_is(tmp_path)
    assert [message.name for _, message, _ in schemas.contracts()] == ["MarketDepth", "Trade"]
    assert lint(schemas, "schemas").findings == ()


@pytest.mark.parametrize(("rule", "old", "new", "line", "change"), CASES)
def test_one_change_is_found(root: Path, tmp_path: Path, rule: str, old: str, new: str, line: int, change: str) -> None:
    assert old in TRADE
    findings = linted(root, tmp_path, TRADE.replace(old, new))
    found, *more = [finding for finding in findings if finding.rule == rule]
    assert more == []
    assert (found.file, found.line, found.level) == ("test/v1/trade.proto", line, Level.WRONG)
    assert change in found.change
    assert rule not in RULES or found.fix


def test_every_rule_has_a_case() -> None:
    # Of the known messages see below: they are not of a file that a test writes.
    assert {rule for rule, *_ in CASES} >= RULES.keys() - {"MESSAGE_KNOWN"}


def test_the_messages_that_the_code_knows_keep_their_fields(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "schemas", tmp_path, dirs_exist_ok=True)
    envelope = tmp_path / "pragma/market/v1/envelope.proto"
    text = envelope.read_text(encoding="utf-8")
    envelope.write_text(text.replace("string producer = 4", "bytes producer = 4"), encoding="utf-8")
    (found,) = lint(compile_as_it_is(tmp_path), "schemas").findings
    assert (found.rule, found.file) == ("MESSAGE_KNOWN", "pragma/market/v1/envelope.proto")
    assert "'string producer = 4', which the code fills in" in found.change


def test_everything_is_found_at_once(root: Path, tmp_path: Path) -> None:
    text = TRADE
    for _, old, new, *_ in CASES[2:14]:
        text = text.replace(old, new)
    rules = {finding.rule for finding in linted(root, tmp_path, text)}
    assert {"CONTRACT_TOPIC", "CONTRACT_DATA_TYPE", "CONTRACT_VERSION", "CONTRACT_KEY", "CONTRACT_HEADER"} < rules


def test_the_installed_schemas_pass() -> None:
    assert lint(installed(), "the installed schemas").findings == ()


def test_the_command(root: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("pragma-contracts")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(program), "lint", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)

    shutil.copytree(root / "schemas", tmp_path / "schemas")
    done = run()
    assert (done.returncode, done.stdout) == (0, "Passed: nothing is wrong in schemas.\n")
    price = tmp_path / "schemas/pragma/market/v1/price.proto"
    text = price.read_text(encoding="utf-8").replace('"pragma-prices-v1"', '"prices"')
    price.write_text(text, encoding="utf-8")
    done = run("--output", "text", "--output", "json=found.json")
    assert (done.returncode, done.stdout) == (
        1,
        "schemas/pragma/market/v1/price.proto:10:1: CONTRACT_TOPIC_CONVENTION\n"
        "  Price: topic 'prices' of package pragma.market.v1 is not named pragma-…-v1\n"
        "  instead: rename the topic before anything is on it; a topic that is in use keeps its name, and its package "
        "too\n"
        "Refused: 1 finding in schemas.\n",
    )
    assert '"rule": "CONTRACT_TOPIC_CONVENTION"' in (tmp_path / "found.json").read_text(encoding="utf-8")
    done = run("--explain", "FIELD_NO_FLOAT")
    assert (done.returncode, done.stdout) == (
        0,
        "FIELD_NO_FLOAT (wrong): No contract holds a float or a double, at any depth: market data is exact.\n"
        "  wrong:  double price = 6;\n"
        "  right:  string price = 6 [(decimal) = true];\n"
        "  instead: use a string with the option (decimal), DecimalColumn for many values, or an integer with its "
        "unit\n"
        "  It cannot be waived.\n",
    )
    for arguments, problem in (
        (("--output", "xml"), "'xml' is not one of text, json, github, junit, sarif, markdown"),
        (("--output", "json="), "'json=' names no file"),
        (("--output", "json=no/such/folder"), "error: output: no/such/folder cannot be written"),
        (("--schemas", "none"), "Directory 'none' does not exist"),
    ):
        done = run(*arguments)
        assert done.returncode == 2
        assert re.search(re.escape(problem), done.stderr), done.stderr
