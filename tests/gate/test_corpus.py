"""Each case is a change: folders with the old and the new .proto files, and the whole text that the gate prints."""

import datetime
from pathlib import Path

import pytest

from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.bases import Base
from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.waivers import read_waivers
from pragma_contracts.governance.printing.forms import FORMS
from pragma_contracts.governance.verdict import Verdict

HERE = Path(__file__).parent
SCHEMAS = HERE.parents[1] / "schemas"
CASES = sorted(path.name for path in (HERE / "cases").iterdir())
TODAY = datetime.date(2026, 11, 23)


def verdict_on(case: Path) -> Verdict:
    old, new = (compile_as_it_is(case / side, SCHEMAS) for side in ("old", "new"))
    told = Path("CHANGELOG.md")
    changes = told if told.exists() else HERE / "every_version.md"
    waivers = read_waivers(case / "gate-waivers.toml")
    return judge("old", [Base("old", old, new)], changes=changes, waivers=waivers, today=TODAY)


@pytest.mark.parametrize("name", CASES)
def test_the_gate_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = HERE / "cases" / name
    monkeypatch.chdir(case)
    said = "\n".join(FORMS["text"](verdict_on(case))) + "\n"
    assert said == (case / "expected.txt").read_text(encoding="utf-8")
