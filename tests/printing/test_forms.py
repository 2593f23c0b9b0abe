"""One verdict in every form: the whole text, which people and programs rely on."""

import datetime
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pragma_contracts.governance.finding import Finding, Level
from pragma_contracts.governance.gate.rules import RULES
from pragma_contracts.governance.model import Place
from pragma_contracts.governance.printing.forms import FORMS
from pragma_contracts.governance.verdict import Compared, SecondOpinion, Verdict, Waiver

EXPECTED = Path(__file__).parent / "expected"


def finding(rule: str, line: int, symbol: str, change: str, **facts: str) -> Finding:
    return RULES[rule].finding(Place("schemas/a,b.proto", line, 3 if line else 0), symbol, change, **facts)


BROKEN = finding(
    "FIELD_SAME_TYPE",
    7,
    "a.v1.B.c",
    "type of field c = 6 changed from string to bytes",
    name="c",
    before="string",
    misread="may read another value",
)
# What a schema says may look like markup, like a workflow command, and like a mention.
NASTY = finding(
    "FIELD_SAME_MEANING",
    8,
    "a.v1.B.d",
    "(unit) of field d = 7 changed from <b>|`@team` to 100%\n::error::",
    name="d",
    before="(unit) = <b>|`@team`",
)
WAIVED = finding("FIELD_NO_DELETE", 0, "a.v1.B.e", "field string e = 8 of a.v1.B was removed", name="e", zero="absent")
WAIVER = Waiver("FIELD_NO_DELETE", "a.v1.B.e", "nobody reads [it]", datetime.date(2027, 1, 31))
ADDED = finding("ENUM_VALUE_ADDED", 9, "a.v1.S.T", "+ enum value T = 3 of a.v1.S", name="T")
NEW = finding("FIELD_ADDED", 10, "a.v1.B.f", "+ field string f = 9 of a.v1.B")
VERSIONS = tuple(f"b-value version {number}" for number in (5, 4, 2, 1))
VERDICT = Verdict(
    command="gate",
    about="main",
    findings=(replace(BROKEN, bases=VERSIONS), NASTY, ADDED, NEW),
    waived=((WAIVED, WAIVER),),
    problems=("the waiver of FIELD_NO_DELETE on a.v1.B.z is not needed; remove it",),
    history=2,
    opinions=(
        SecondOpinion("agrees-value", "FULL", False, ("FIELD_TYPE_CHANGED at /6",), ("FIELD_SAME_TYPE",)),
        SecondOpinion("differs-value", None, True, (), ("FIELD_SAME_TYPE",)),
        SecondOpinion("stricter-value", "FULL", False, ("it said so",), ()),
        SecondOpinion("silent-value", None, None, ("422",), ()),
    ),
    compared=(Compared("pragma-a-v1-value", 3), Compared("a/b.proto", 1)),
    unseen=("options of pragma-a-v1-value version 1: the registry has lost them",),
)
PASSED = Verdict("lint", "schemas", ())
WRONG = Verdict("lint", "schemas", (Finding("a.proto", 1, 1, "COMMENT_FIELD", "a.proto", "no comment", Level.WRONG),))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "verdict"), [("refused", VERDICT), ("passed", PASSED), ("wrong", WRONG)])
def test_a_form_says(form: str, name: str, verdict: Verdict) -> None:
    said = "\n".join(FORMS[form](verdict)) + "\n"
    assert said == (EXPECTED / f"{name}.{form}").read_text(encoding="utf-8")


def test_programs_can_read_theirs() -> None:
    (run,) = json.loads("".join(FORMS["sarif"](VERDICT)))["runs"]
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "note", "error", "error"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"] if "ruleId" in result)
    suite = ElementTree.fromstring("\n".join(FORMS["junit"](VERDICT)))
    counts = {name: len(suite.findall(f"testcase/{name}")) for name in ("failure", "skipped")}
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "3", "1")
    assert counts == {"failure": 3, "skipped": 1}


def test_an_annotation_is_one_line_whatever_a_schema_says() -> None:
    lines = list(FORMS["github"](VERDICT))
    assert [line[:7] for line in lines[:-1]] == [
        "::error",
        "::error",
        "::notic",
        "::warni",
        "::error",
        "::warni",
        "::warni",
        "::warni",
    ]
    assert all("\n" not in line for line in lines)


def test_a_terminal_has_colours_and_the_same_words(root: Path) -> None:
    command = [str(Path(sys.executable).with_name("pragma-contracts")), "lint"]
    plain = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "20"}
    environment.pop("NO_COLOR", None)
    subprocess.run(command, cwd=root, env=environment, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "\x1b[32m" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n") == plain
