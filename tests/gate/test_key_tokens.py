"""Only market types stand in record keys: there alone a token that follows its text is a break of its own."""

from pathlib import Path

import pytest

from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.diff import diff

RENAMED = {"ENUM_VALUE_SAME_NAME", "ENUM_VALUE_SAME_TEXT"}


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        pytest.param("MarketType", {*RENAMED, "ENUM_VALUE_SAME_KEY_TOKEN"}, id="market-type"),
        pytest.param("OtherType", RENAMED, id="another-enum"),
    ],
)
def test_a_token_that_follows_its_text(name: str, rules: set[str], tmp_path: Path) -> None:
    for side, value in ("old", "A_B"), ("new", "A_C"):
        text = (
            f'syntax = "proto3";\npackage pragma.market.v1;\nenum {name} {{\n  A_UNSPECIFIED = 0;\n  {value} = 1;\n}}\n'
        )
        (tmp_path / side).mkdir()
        (tmp_path / side / "type.proto").write_text(text, encoding="utf-8")
    old, new = (compile_as_it_is(tmp_path / side) for side in ("old", "new"))
    assert {finding.rule for finding in diff(old, new)} == rules
