"""What buf sees and no rule of ours does is a break; and when buf cannot be asked there is no verdict."""

import sys
from pathlib import Path

import pytest

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance import buf
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.rules import RULES
from pragma_contracts.governance.gate.second_pair import unseen
from pragma_contracts.governance.model import Place

CASES = Path(__file__).parent / "cases"
CASE = CASES / "field_removed"
SCHEMAS = Path(__file__).parents[2] / "schemas"


def test_what_we_do_not_see_is_unknown_and_so_a_break() -> None:
    old, new = (compile_as_it_is(CASE / side, SCHEMAS) for side in ("old", "new"))
    (found,) = unseen(old, new, [])
    assert found.rule == "UNKNOWN_DIFFERENCE"
    assert found.place == "trade.proto:11:1"
    assert "(rule FIELD_NO_DELETE of buf)" in found.change


def test_a_buf_that_fails_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (compile_as_it_is(CASE / side, SCHEMAS) for side in ("old", "new"))
    monkeypatch.setattr(buf, "_program", lambda: sys.executable)
    with pytest.raises(ConfigurationError, match="there is no verdict"):
        list(unseen(old, new, []))


def test_a_buf_that_does_not_say_what_it_found_is_no_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "buf"
    silent.write_text("#!/bin/sh\nexit 100\n", encoding="utf-8")
    silent.chmod(0o755)
    old, new = (compile_as_it_is(CASE / side, SCHEMAS) for side in ("old", "new"))
    monkeypatch.setattr(buf, "_program", lambda: str(silent))
    with pytest.raises(ConfigurationError, match="there is no verdict: exit code 100, 0 findings"):
        list(unseen(old, new, []))


@pytest.mark.parametrize(
    ("case", "rule", "symbol", "change"),
    [
        pytest.param("field_type_changed", "FIELD_SAME_TYPE", "test.v1.Trade.price", "type", id="another-field"),
        pytest.param("field_type_changed", "FIELD_SAME_TYPE", "test.v1.Venue.side", "type", id="another-message"),
        pytest.param(
            "unknown_field_option",
            "UNKNOWN_DIFFERENCE",
            "test.v1.Venue.rows",
            "option ctype of field test.v1.Venue.rows changed",
            id="an-option-of-another-field",
        ),
        pytest.param(
            "unknown_field_option",
            "UNKNOWN_DIFFERENCE",
            "test.v1.Venue.name",
            "option lazy of field test.v1.Venue.name changed",
            id="another-option",
        ),
        pytest.param(
            "unknown_field_option",
            "UNKNOWN_DIFFERENCE",
            "test.v1.Venue.name",
            "option (test.v1.ctype) of field test.v1.Venue.name changed",
            id="an-option-of-our-own-with-that-name",
        ),
        pytest.param(
            "unknown_file_option",
            "UNKNOWN_DIFFERENCE",
            "other.proto",
            "option java_package of file other.proto changed",
            id="an-option-of-another-file",
        ),
    ],
)
def test_what_we_say_of_something_else_hides_nothing(case: str, rule: str, symbol: str, change: str) -> None:
    old, new = (compile_as_it_is(CASES / case / side, SCHEMAS) for side in ("old", "new"))
    facts = {"name": "n", "before": "b", "misread": "m"}
    ours = RULES[rule].finding(Place("trade.proto", 1, 1), symbol, change, **facts)
    (found,) = unseen(old, new, [ours])
    assert "of buf)" in found.change
