"""What a registry only writes in another order means the same, and raises no version."""

import pytest

from pragma_contracts.governance.compiler import compile_texts
from pragma_contracts.governance.gate.versions import versions
from pragma_contracts.governance.meaning import meanings
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.targets import compiled

TRADE = "test/v1/trade.proto"
HEAD = """syntax = "proto3";
package test.v1;
import "pragma/contracts/v1/options.proto";
message Trade {
  option (pragma.contracts.v1.contract) = { topic: "pragma-trade-v1", data_type: "trade", version: "1.0" };
"""


def _schemas(body: str) -> Schemas:
    return compile_texts({TRADE: f"{HEAD}{body}\n}}\n".encode()})


@pytest.mark.parametrize(
    ("body", "rewritten"),
    [
        (
            "message Fee { string price = 1; } Fee fee = 1; map<string, string> notes = 2;",
            "Fee fee = 1; map<string, string> notes = 2; message Fee { string price = 1; }",
        ),
        (
            "oneof cap { string price = 1; string ratio = 2; } string note = 3;",
            "string note = 3; oneof cap { string price = 1; string ratio = 2; }",
        ),
    ],
    ids=["a message before a map", "a oneof before a field"],
)
def test_another_order_means_the_same(body: str, rewritten: str) -> None:
    ours, theirs = _schemas(body), _schemas(rewritten)
    assert compiled(ours) != compiled(theirs)
    assert meanings(compiled(ours)) == meanings(compiled(theirs))
    assert list(versions(theirs, ours)) == []


def test_another_field_is_another_meaning() -> None:
    old, new = _schemas("string note = 3;"), _schemas("string note = 3; string price = 4;")
    assert meanings(compiled(old)) != meanings(compiled(new))
    (found,) = versions(old, new)
    assert found.change == f"version of Trade is 1.0, but {TRADE} changed"
