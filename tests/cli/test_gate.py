"""The command gate as a user runs it: what it prints in each form, and its exit codes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("pragma-contracts"))


WAIVER = """[[waiver]]
rule = "FIELD_SAME_NAME"
path = "pragma.market.v1.Price.last_price"
reason = "nobody reads it"
expires = 2999-01-01
"""


def gate(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, "gate", *arguments]
    env = os.environ | variables
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def changed(root: Path, tmp_path: Path) -> Path:
    """A folder with our schemas as `old`, and as `schemas` after one change that breaks and one that does not."""
    shutil.copytree(root / "schemas", tmp_path / "old")
    shutil.copytree(root / "schemas", tmp_path / "schemas")
    price = tmp_path / "schemas/pragma/market/v1/price.proto"
    text = price.read_text(encoding="utf-8").replace("string price = 6", "bytes note = 7;\n  string last_price = 6")
    price.write_text(text.replace('version: "1.1"', 'version: "1.2"'), encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text("- `Price` 1.2: a note.\n", encoding="utf-8")
    return tmp_path


def test_a_break_is_refused_with_who_breaks_and_what_to_do(changed: Path) -> None:
    done = gate(changed, "--against", "old")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "schemas/pragma/market/v1/price.proto:36:3: FIELD_SAME_NAME pragma.market.v1.Price.last_price"
    assert lines[1] == "  name of field last_price = 6 changed from price to last_price"
    assert lines[2].startswith("  breaks generated code: code that reads price does not compile any more")
    assert lines[3].startswith("  instead: leave the name;")
    assert "  + field bytes note = 7 of pragma.market.v1.Price" in lines
    assert lines[-1] == "Refused: 1 breaking change against old."


def test_the_readme_shows_what_it_says(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "schemas", tmp_path / "old")
    shutil.copytree(root / "schemas", tmp_path / "schemas")
    price = tmp_path / "schemas/pragma/market/v1/price.proto"
    price.write_text(price.read_text(encoding="utf-8").replace("string price = 6", "string last_price = 6"), "utf-8")
    said = gate(tmp_path, "--against", "old").stdout.replace("against old.", "against origin/main.")
    assert f"```\n{said}```\n" in (root / "README.md").read_text(encoding="utf-8")


def test_the_other_forms_say_the_same(changed: Path) -> None:
    whole = json.loads(gate(changed, "--against", "old", "--output", "json").stdout)
    assert (whole["about"], whole["refused"]) == ("old", True)
    rules = {finding["rule"]: finding["level"] for finding in whole["findings"]}
    assert rules == {"FIELD_SAME_NAME": "breaking", "FIELD_ADDED": "compatible", "VERSION_RAISED": "compatible"}
    first, *_, last = gate(changed, "--against", "old", "--output", "github").stdout.splitlines()
    assert first.startswith(
        "::error file=schemas/pragma/market/v1/price.proto,line=36,col=3,title=FIELD_SAME_NAME::name of"
    )
    assert "%0Ainstead: leave the name" in first
    assert last == "Refused: 1 breaking change against old."


def test_a_waiver_names_what_the_gate_prints(changed: Path) -> None:
    first, *_ = gate(changed, "--against", "old").stdout.splitlines()
    _, rule, path = first.split()
    assert f'rule = "{rule}"\npath = "{path}"' in WAIVER
    (changed / "gate-waivers.toml").write_text(WAIVER, encoding="utf-8")
    done = gate(changed, "--against", "old")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"{first} (waived until 2999-01-01: nobody reads it)"


def test_what_is_compatible_passes(changed: Path) -> None:
    price = changed / "schemas/pragma/market/v1/price.proto"
    price.write_text(price.read_text(encoding="utf-8").replace("last_price", "price"), encoding="utf-8")
    done = gate(changed, "--against", "old")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Passed: 2 changes against old.")


def test_what_cannot_be_judged_is_no_pass(changed: Path, tmp_path: Path) -> None:
    (changed / "misspelt.toml").write_text(WAIVER.replace("SAME_NAME", "SAMENAME"), encoding="utf-8")
    for arguments, problem in (
        ((), "against: is missing"),
        # What a script has in a variable that is not set.
        (("--against", ""), "against: is missing"),
        (("--against", "schemas"), "against: schemas has the very schemas that are judged"),
        (("--against", "old", "--waivers", "none.toml"), "there is no file 'none.toml'"),
        (("--against", "old", "--waivers", "misspelt.toml"), "did you mean FIELD_SAME_NAME?"),
        (("--against", "old", "--changelog", "old"), "File 'old' is a directory"),
        (("--against", "old", "--output", "yaml"), "'yaml' is not one of text, json"),
        (("--against", "no-such-ref"), "is no folder and no wheel"),
        (("--against", "old", "--schemas", "nowhere"), "'nowhere' does not exist"),
        (("--explain", "NO_RULE"), "'NO_RULE' is not one of"),
    ):
        done = gate(changed, *arguments)
        assert done.returncode == 2, arguments
        assert problem in done.stderr
        assert "Traceback" not in done.stderr
    (changed / "schemas/pragma/market/v1/price.proto").write_text("nonsense", encoding="utf-8")
    done = gate(changed, "--against", "old")
    assert done.returncode == 2
    assert done.stderr.startswith("error: pragma/market/v1/price.proto:1")


def test_a_rule_is_explained_with_an_example(changed: Path) -> None:
    done = gate(changed, "--explain", "FIELD_NOT_RESERVED")
    assert done.returncode == 0
    first, *_, fix, last = done.stdout.splitlines()
    assert first == (
        "FIELD_NOT_RESERVED (breaking): Number and name of a removed field, and the number that a field left, "
        "are reserved in the same change."
    )
    assert fix == "  instead: reserve number and name in the message; what is missing is `…`"
    assert last == "  It cannot be waived."


def test_a_registry_is_compared_with_and_asked_for_its_opinion(changed: Path, empty_registry: str) -> None:
    there = ("--registry", empty_registry)
    done = gate(changed, "--against", "registry")
    assert (done.returncode, done.stdout) == (2, "")
    assert "with --against registry, name one with --registry" in done.stderr
    done = gate(changed, "--against", "registry", *there)
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds a contract; before the first one there is nothing to compare" in done.stderr
    register = [PROGRAM, "register", "--schemas", "old", *there]
    subprocess.run(register, cwd=changed, capture_output=True, check=True)
    done = gate(changed, "--against", "registry", *there)
    assert (done.returncode, done.stderr) == (1, "")
    opinion, last = done.stdout.splitlines()[-2:]
    # This registry judges no schema with imports.
    assert opinion.startswith("Second opinion: pragma-prices-v1-value (level BACKWARD_TRANSITIVE): no opinion: ")
    assert last == f"Refused: 1 breaking change against {empty_registry}."
    beside = gate(changed, "--against", "old", PRAGMA_CONTRACTS_REGISTRY=empty_registry)
    assert beside.stdout.splitlines()[-2:] == [opinion, "Refused: 1 breaking change against old."]
