"""contracts.lock beside other runs, registries and branches: no entry is lost, and what is stale is said."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pragma_contracts.errors import ConfigurationError, LockError, RegistryError
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.locking import LockState, lock_state, update_lock
from pragma_contracts.governance.plan import Plan, make_plan
from pragma_contracts.governance.pruning import prunable, prune
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.governance.sources import installed
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import targets
from pragma_contracts.registry import Reference, Registry
from pragma_contracts.stream.ids import Lock, Locked
from pragma_contracts.testing import Behaviour, embedded, registry_server

URL = "http://registry.example:8081"
PRICES = "pragma-prices-v1-value"
GONE = Locked(7, 2, "a" * 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contracts.lock"


@pytest.fixture
def plan() -> Plan:
    """The plan where everything is registered already."""
    with embedded() as running, Registry(running.registry_url) as registry:
        register_installed(running.registry_url)
        wanted = targets(installed())
        return make_plan(Reading(Holdings(registry), wanted), wanted, LevelRule())


def _entries(plan: Plan) -> dict[str, Locked]:
    return {step.target.subject: Locked(step.schema_id, step.version, step.target.fingerprint) for step in plan.steps}


def test_runs_at_once_lose_no_entry(path: Path) -> None:
    entries = {f"subject-{number}-value": Locked(number, 1, "f" * 64) for number in range(40)}

    def write(subject: str) -> None:
        update_lock(path, URL, {subject: entries[subject]})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, entries))
    assert Lock.read(path).registries == {URL: entries}
    assert [each.name for each in path.parent.iterdir()] == ["contracts.lock"]


def test_what_is_not_written_stays(path: Path) -> None:
    Lock(path, {"http://other": {PRICES: GONE}, URL: {"pragma-gone-v1-value": GONE, PRICES: GONE}}).write()
    new = Locked(8, 3, "b" * 64)
    assert update_lock(path, URL, {PRICES: new})
    assert Lock.read(path).registries == {
        "http://other": {PRICES: GONE},
        URL: {"pragma-gone-v1-value": GONE, PRICES: new},
    }
    assert not update_lock(path, URL, {PRICES: new})
    assert update_lock(path, URL, {}, pruned=("pragma-gone-v1-value",))
    assert Lock.read(path).registries[URL] == {PRICES: new}


def test_a_lock_that_agrees(path: Path, plan: Plan) -> None:
    update_lock(path, plan.registry, _entries(plan))
    state = lock_state(path, plan.registry)
    assert list(state.stale(plan)) == []
    assert state.orphans(plan) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda entry: None, "contracts.lock does not have pragma-prices-v1-value"),
        (
            lambda entry: entry._replace(fingerprint="0" * 64),
            "contracts.lock has pragma-prices-v1-value with another schema (000000000000…)",
        ),
        (
            lambda entry: entry._replace(schema_id=99),
            "contracts.lock has pragma-prices-v1-value as version 1, schema id 99, "
            "and the registry as version 1, schema id 5",
        ),
    ],
)
def test_a_stale_lock_says_how(plan: Plan, change: Callable[[Locked], Locked | None], said: str) -> None:
    entries = _entries(plan)
    changed = change(entries.pop(PRICES))
    entries |= {PRICES: changed} if changed else {}
    assert list(LockState(Path("contracts.lock"), True, entries).stale(plan)) == [said]


def test_only_orphans_are_pruned(plan: Plan) -> None:
    entries = {**_entries(plan), "pragma-gone-v1-value": GONE, "pragma/gone.proto": GONE}
    state = LockState(Path("contracts.lock"), True, entries)
    assert state.orphans(plan) == ["pragma-gone-v1-value", "pragma/gone.proto"]
    both = ("pragma/gone.proto", "pragma-gone-v1-value")
    assert prunable((*both, *both), state, plan) == both
    with pytest.raises(
        ConfigurationError, match="prune: pragma-prices-v1-value has a schema; what has none are pragma-"
    ):
        prunable((PRICES,), state, plan)
    with pytest.raises(
        ConfigurationError, match=r"prune: orders-value is not in contracts\.lock, so nothing says that"
    ):
        prunable(("orders-value",), state, plan)


def test_what_refers_to_an_import_is_pruned_before_it() -> None:
    head = 'syntax = "proto3";\n'
    texts = {"a.proto": (head, ()), "b.proto": (f'{head}import "a.proto";\n', ("a.proto",))}
    with registry_server(Behaviour.CONFLUENT) as url, Registry(url) as registry:
        for name, (text, imports) in texts.items():
            registry.register(name, text, [Reference(each, each, 1) for each in imports])
        with pytest.raises(RegistryError, match="42206"):
            prune(registry, ["a.proto"])
        prune(registry, ["a.proto", "b.proto"])
        assert registry.subjects() == []


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_merge_conflict_is_resolved_by_keeping_lines(path: Path) -> None:
    """Two branches that register a contract each conflict in the lines of these alone."""
    for number in range(1, 10):
        update_lock(path, URL, {f"pragma-{number}-v1-value": Locked(number, 1, f"{number}" * 64)})
    _git(path.parent, "init", "--quiet", "--initial-branch=main")
    _git(path.parent, "add", ".")
    _git(path.parent, "commit", "--quiet", "-m", "one")
    for branch, number in ("ours", 4), ("theirs", 8):
        _git(path.parent, "switch", "--quiet", "--create", branch, "main")
        update_lock(path, URL, {f"pragma-{number}-v1-value": Locked(20 + number, 2, "c" * 64)})
        _git(path.parent, "commit", "--quiet", "-am", branch)
    merged = _git(path.parent, "merge", "--no-edit", "ours")
    assert merged.returncode == 0, merged.stdout
    found = Lock.read(path).registries[URL]
    assert [found[f"pragma-{number}-v1-value"].version for number in (4, 8)] == [2, 2]


def test_a_conflict_that_is_left_says_what_to_do(path: Path) -> None:
    line = json.dumps("s-value") + ': {"fingerprint": "a", "schema_id": 1, "version": 1}'
    path.write_text(f"{{\n<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> theirs\n}}\n", encoding="utf-8")
    with pytest.raises(LockError, match="has a merge conflict; keep the lines of both sides") as caught:
        Lock.read(path)
    assert "remove" not in str(caught.value)


def test_a_guard_that_cannot_be_opened_is_named(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's guard in /tmp was a PermissionError, after everything had been registered."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "guards"))
    (tmp_path / "guards").mkdir()
    update_lock(path, URL, {PRICES: GONE})
    for guard in (tmp_path / "guards").iterdir():
        guard.unlink()
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    (tmp_path / "guards" / f"pragma-contracts-{name}.guard").mkdir()
    with pytest.raises(LockError, match=r"cannot be guarded \(.*\.guard\); delete that file, and run it again"):
        update_lock(path, URL, {})
