"""What buf sees and no rule of ours does is a break; and when buf cannot be asked there is no verdict."""

import sys
from pathlib import Path

import pytest

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance import buf
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.second_pair import unseen

CASE = Path(__file__).parent / "cases/field_removed"
SCHEMAS = Path(__file__).parents[2] / "schemas"


def test_what_we_do_not_see_is_unknown_and_so_a_break() -> None:
    old, new = (compile_as_it_is(CASE / side, SCHEMAS) for side in ("old", "new"))
    (found,) = unseen(old, new, [])
    assert found.rule == "UNKNOWN_DIFFERENCE"
    assert found.place == "trade.proto:11:1"
    assert "(rule FIELD_NO_DELETE of buf)" in found.change


def test_a_buf_that_fails_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    old = compile_as_it_is(CASE / "old", SCHEMAS)
    monkeypatch.setattr(buf, "_program", lambda: sys.executable)
    with pytest.raises(ConfigurationError, match="there is no verdict"):
        list(unseen(old, old, []))
