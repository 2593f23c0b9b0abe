"""A rule that crashes is no pass and no refusal: there is no verdict, and the rule is named."""

import datetime
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from pragma_contracts.cli.main import main
from pragma_contracts.errors import RuleCrashed
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate import diff, fields, judging
from pragma_contracts.governance.gate.bases import Base
from pragma_contracts.governance.gate.judging import differences

CASE = Path(__file__).parent / "cases/field_added"
SCHEMAS = Path(__file__).parents[2] / "schemas"


def crash(*_: Any, **__: Any) -> Any:
    raise KeyError("what nobody thought of")


def test_the_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (compile_as_it_is(CASE / side, SCHEMAS) for side in ("old", "new"))
    readings = [(rule, what, crash if rule == "FIELD_SAME_ONEOF" else read) for rule, what, read in fields._READINGS]
    monkeypatch.setattr(fields, "_READINGS", readings)
    with pytest.raises(
        RuleCrashed, match=r"rule FIELD_SAME_ONEOF crashed on [a-z.]*v1[A-Za-z.]*, so there is no verdict"
    ):
        differences(old, new)
    monkeypatch.undo()
    monkeypatch.setattr(judging, "versions", crash)
    with pytest.raises(RuleCrashed, match="rule CONTRACT_VERSION_RAISED crashed"):
        differences(old, new)
    monkeypatch.undo()
    monkeypatch.setattr(fields, "_added_field", crash)
    with pytest.raises(RuleCrashed, match=r"rule FIELD_ADDED crashed on test.v1.Trade"):
        differences(old, new)
    monkeypatch.undo()
    readings = [(rule, what, crash if rule == "CONTRACT_SAME_KEY" else read) for rule, what, read in diff._READINGS]
    monkeypatch.setattr(diff, "_READINGS", readings)
    with pytest.raises(RuleCrashed, match=r"rule CONTRACT_SAME_KEY crashed on [a-z.]*v1[A-Za-z.]*"):
        differences(old, new)
    monkeypatch.undo()
    monkeypatch.setattr(diff, "reserved", crash)
    with pytest.raises(RuleCrashed, match=r"rule RESERVED_NO_DELETE crashed on [a-z.]*v1[A-Za-z.]*"):
        differences(old, new)
    monkeypatch.undo()
    monkeypatch.setattr(judging, "changelog", crash)
    with pytest.raises(RuleCrashed, match="rule CHANGELOG_ENTRY crashed"):
        judging.judge("old", [Base("old", old, new)], changes=Path(), waivers=[], today=datetime.date(2026, 11, 23))


@pytest.mark.parametrize("place", ["governance.gate.judging.versions", "cli.gate.judge"])
def test_the_command_could_not_run(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    shutil.copytree(root / "schemas", tmp_path / "old")
    monkeypatch.setattr(f"pragma_contracts.{place}", crash)
    monkeypatch.setattr(
        sys, "argv", ["pragma-contracts", "gate", "--against", f"{tmp_path}/old", "--schemas", f"{root}/schemas"]
    )
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "what nobody thought of" in capsys.readouterr().err
