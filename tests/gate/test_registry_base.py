"""A change against every live version of a real registry: the verdict holds for messages of any age."""

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pragma_contracts.governance.apply import apply
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.finding import Level
from pragma_contracts.governance.gate.bases import Base
from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.registry_base import Live, registry_bases
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.plan import make_plan
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import Form, targets
from pragma_contracts.governance.verdict import Verdict
from pragma_contracts.registry import Registry

PRICE = "pragma/market/v1/price.proto"
TODAY = datetime.date(2026, 11, 23)


@pytest.fixture
def registry(empty_registry: str) -> Iterator[Registry]:
    with Registry(empty_registry) as asked:
        yield asked


def version(root: Path, folder: Path, number: str, *changes: tuple[str, str]) -> Path:
    """A folder with the project's schemas in which Price has this version and these changes."""
    shutil.copytree(root / "schemas", folder)
    text = (folder / PRICE).read_text(encoding="utf-8").replace('version: "1.1"', f'version: "{number}"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / PRICE).write_text(text, encoding="utf-8")
    return folder


def register(registry: Registry, folder: Path, form: Form = "text") -> None:
    wanted = targets(compile_as_it_is(folder), form)
    reading = Reading(Holdings(registry), wanted)
    assert not apply(reading, make_plan(reading, wanted, LevelRule("NONE"))).refused


def live(registry: Registry, new: Schemas) -> Live:
    wanted = targets(new)
    return registry_bases(Reading(Holdings(registry), wanted), new, wanted)


def verdict(registry: Registry, folder: Path) -> Verdict:
    changelog = folder / "CHANGELOG.md"
    changelog.write_text("Price 1.2, 1.3, 1.5\n", encoding="utf-8")
    bases = live(registry, compile_as_it_is(folder)).bases
    return judge(registry.url, bases, changes=changelog, waivers=[], today=TODAY)


def test_every_live_version_is_compared_with(registry: Registry, root: Path, tmp_path: Path) -> None:
    assert live(registry, compile_as_it_is(root / "schemas")) == Live((), (), ())
    one = version(root, tmp_path / "one", "1.1")
    note = ("string price = 6", "string note = 7;\n  string price = 6")
    register(registry, one)
    register(registry, version(root, tmp_path / "two", "1.2", note))
    # Somebody else's, which is none of ours.
    registry.register("theirs-value", 'syntax = "proto3"; message Theirs { string name = 1; }')
    assert verdict(registry, version(root, tmp_path / "three", "1.3", note)).of(Level.BREAKING) == []
    # The last version has the field and the first has not: what takes its number breaks with the last alone.
    other = ("string price = 6", "bytes blob = 7;\n  string price = 6")
    found = verdict(registry, version(root, tmp_path / "four", "1.3", other)).of(Level.BREAKING)
    assert {(finding.rule, finding.bases) for finding in found} == {
        (rule, ("pragma-prices-v1-value version 2",)) for rule in ("FIELD_SAME_NAME", "FIELD_SAME_TYPE")
    }
    # Every version has the price.
    renamed = version(root, tmp_path / "five", "1.3", ("string price = 6", "string last = 6"))
    found = verdict(registry, renamed).of(Level.BREAKING)
    (same_name,) = [finding for finding in found if finding.rule == "FIELD_SAME_NAME"]
    assert same_name.bases == ("pragma-prices-v1-value version 2", "pragma-prices-v1-value version 1")


@pytest.mark.parametrize("form", ["descriptor", "text"])
def test_a_contract_that_left_its_topic_is_found_where_it_was(
    registry: Registry, root: Path, tmp_path: Path, form: Form
) -> None:
    register(registry, version(root, tmp_path / "one", "1.1"), form)
    moved = version(root, tmp_path / "two", "1.2", ("pragma-prices-v1", "pragma-price-v1"))
    rules = {finding.rule for finding in verdict(registry, moved).of(Level.BREAKING)}
    assert rules == {"CONTRACT_SAME_TOPIC"}


@pytest.mark.parametrize("form", ["descriptor", "text"])
def test_a_contract_that_is_gone_is_found_where_it_was(
    registry: Registry, root: Path, tmp_path: Path, form: Form
) -> None:
    register(registry, version(root, tmp_path / "one", "1.1"), form)
    without = version(root, tmp_path / "two", "1.1")
    (without / "pragma/market/v1/market_depth.proto").unlink()
    found = verdict(registry, without).of(Level.BREAKING)
    assert {(finding.rule, finding.file) for finding in found} == {
        ("FILE_NO_DELETE", "pragma/market/v1/market_depth.proto"),
        ("CONTRACT_NO_DELETE", "pragma/market/v1/market_depth.proto"),
    }


def test_a_topic_is_not_given_to_another_contract(registry: Registry, root: Path, tmp_path: Path) -> None:
    register(registry, version(root, tmp_path / "one", "1.1"))
    other = version(root, tmp_path / "two", "1.1")
    text = (other / PRICE).read_text(encoding="utf-8").replace("message Price ", "message Quote ")
    (other / "pragma/market/v1/quote.proto").write_text(text.replace('"price"', '"quote"'), encoding="utf-8")
    (found,) = [each for each in verdict(registry, other).breaks if each.rule != "CHANGELOG_ENTRY"]
    assert (found.rule, found.symbol) == ("CONTRACT_NO_REUSE", "pragma.market.v1.Quote")


def test_what_was_registered_as_text_is_compiled(registry: Registry, root: Path, tmp_path: Path) -> None:
    register(registry, version(root, tmp_path / "one", "1.1"), "text")
    renamed = version(root, tmp_path / "two", "1.2", ("string price = 6", "string last = 6"))
    rules = {finding.rule for finding in verdict(registry, renamed).of(Level.BREAKING)}
    assert rules == {"FIELD_SAME_NAME"}


def test_a_number_that_was_removed_long_ago_is_not_used_again(registry: Registry, root: Path, tmp_path: Path) -> None:
    note = ("string price = 6", "string note = 7;\n  string price = 6")
    other = ("string price = 6", "string other = 8;\n  string price = 6")
    for number, changes in (("1.1", [note]), ("1.2", [note]), ("1.3", []), ("1.4", [other])):
        register(registry, version(root, tmp_path / number, number, *changes))
    blob = ("string price = 6", "string other = 8;\n  bytes blob = 7;\n  string price = 6")
    folder = version(root, tmp_path / "1.5", "1.5", blob)
    # Beside the last version it is a new field like any other.
    last = Base("1.4", compile_as_it_is(tmp_path / "1.4"), compile_as_it_is(folder))
    assert judge("1.4", [last], changes=None, waivers=[], today=TODAY).breaks == []
    found = verdict(registry, folder)
    assert {(finding.rule, finding.bases) for finding in found.breaks} == {
        (rule, ("pragma-prices-v1-value version 2", "pragma-prices-v1-value version 1"))
        for rule in ("FIELD_SAME_NAME", "FIELD_SAME_TYPE")
    }


def test_a_break_between_live_versions_is_history(registry: Registry, root: Path, tmp_path: Path) -> None:
    note = ("string price = 6", "string note = 7;\n  string price = 6")
    register(registry, version(root, tmp_path / "one", "1.1", note))
    register(registry, version(root, tmp_path / "two", "1.2"))
    found = verdict(registry, version(root, tmp_path / "three", "1.3"))
    # The removal of the note, and that it is not reserved.
    assert (found.refused, found.history) == (False, 2)
