"""What a real registry says to a change beside our verdict: agreement, disagreement, and no opinion."""

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pragma_contracts.governance.apply import apply
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.bases import Base
from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.second_opinion import second_opinions
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.plan import make_plan
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import Target, compiled, targets
from pragma_contracts.governance.verdict import SecondOpinion
from pragma_contracts.registry import Registry
from pragma_contracts.testing.server import free_port

OLD = 'syntax = "proto3";\npackage test.v1;\nmessage Plain {\n  string name = 1;\n}\n'
SUBJECT = "plain-value"
TODAY = datetime.date(2026, 11, 23)


@pytest.fixture
def registry(empty_registry: str) -> Iterator[Registry]:
    with Registry(empty_registry) as asked:
        asked.register(SUBJECT, OLD)
        asked.set_level(SUBJECT, "BACKWARD")
        yield asked


def opinion(registry: Registry, folder: Path, text: str) -> SecondOpinion:
    """What the registry says to another text of a schema without imports, which it can judge."""
    for name, content in ("old", OLD), ("new", text):
        (folder / name).mkdir()
        (folder / name / "plain.proto").write_text(content, encoding="utf-8")
    old, new = compile_as_it_is(folder / "old"), compile_as_it_is(folder / "new")
    verdict = judge("old", [Base("old", old, new)], changes=None, waivers=[], today=TODAY)
    target = Target(SUBJECT, "plain.proto", True, text, compiled(new))
    (said,) = second_opinions(Reading(Holdings(registry), [target]), [target], new, verdict)
    return said


def test_both_find_it_compatible(registry: Registry, tmp_path: Path) -> None:
    said = opinion(registry, tmp_path, OLD.replace("}", "  string more = 2;\n}"))
    assert (said.level, said.compatible, said.refused_by, said.disagrees) == ("BACKWARD", True, (), False)


def test_both_refuse_it(registry: Registry, tmp_path: Path) -> None:
    said = opinion(registry, tmp_path, OLD.replace("string name", "int64 name"))
    assert (said.compatible, said.refused_by, said.disagrees) == (False, ("FIELD_SAME_TYPE",), False)
    assert said.words


def test_a_disagreement_has_both_sides(registry: Registry, tmp_path: Path) -> None:
    registry.set_level(SUBJECT, "NONE")
    said = opinion(registry, tmp_path, OLD.replace("string name", "int64 name"))
    assert (said.level, said.compatible, said.refused_by, said.disagrees) == ("NONE", True, ("FIELD_SAME_TYPE",), True)


def test_a_registry_that_cannot_judge_has_no_opinion(registry: Registry, root: Path, tmp_path: Path) -> None:
    schemas = compile_as_it_is(root / "schemas")
    changed = shutil.copytree(root / "schemas", tmp_path / "schemas")
    price = changed / "pragma/market/v1/price.proto"
    price.write_text(price.read_text(encoding="utf-8").replace('"1.1"', '"1.2"'), encoding="utf-8")
    reading = Reading(Holdings(registry), targets(schemas))
    assert not apply(reading, make_plan(reading, targets(schemas), LevelRule("FULL"))).refused
    new = compile_as_it_is(changed)
    verdict = judge("old", [Base("old", schemas, new)], changes=None, waivers=[], today=TODAY)
    (said,) = second_opinions(Reading(Holdings(registry), targets(new)), targets(new), new, verdict)
    assert (said.subject, said.compatible, said.disagrees) == ("pragma-prices-v1-value", None, False)
    assert "422" in said.words[0]


def test_a_registry_that_is_not_there_has_no_opinion(root: Path) -> None:
    new = compile_as_it_is(root / "schemas")
    verdict = judge("old", [Base("old", new, new)], changes=None, waivers=[], today=TODAY)
    with Registry(f"http://127.0.0.1:{free_port()}", tries=1) as nobody:
        (said,) = second_opinions(Reading(Holdings(nobody), targets(new)), targets(new), new, verdict)
    assert (said.subject, said.compatible) == ("every subject", None)
    assert "no answer in 1 try" in said.words[0]
