"""What `pragma-contracts register` leaves alone, recognises and says of the state that it finds."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from pragma_contracts.testing import embedded

Run = Callable[..., subprocess.CompletedProcess[str]]

PRICES = "pragma-prices-v1-value"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command in a folder of the test's own."""

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("pragma-contracts")), "register", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    return call


@pytest.fixture
def schemas(root: Path, tmp_path: Path) -> Path:
    """A copy of the schemas that a test may change."""
    return shutil.copytree(root / "schemas", tmp_path / "schemas")


def _edit(schemas: Path, name: str, *changes: tuple[str, str]) -> None:
    (path,) = schemas.rglob(name)
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _level(url: str, subject: str) -> str | None:
    found = httpx.get(f"{url}/config/{quote(subject, safe='')}")
    return str(found.json()["compatibilityLevel"]) if found.is_success else None


def _versions(url: str) -> dict[str, list[int]]:
    subjects = httpx.get(f"{url}/subjects").json()
    return {subject: httpx.get(f"{url}/subjects/{quote(subject, safe='')}/versions").json() for subject in subjects}


def _lock(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "contracts.lock").read_text(encoding="utf-8"))
    (subjects,) = found["registries"].values()
    return dict(subjects)


def test_the_other_form_is_no_new_version(empty_registry: str, run: Run) -> None:
    for first, second in (("descriptor", "text"), ("text", "descriptor")):
        done = run("--registry", empty_registry, "--form", first)
        assert done.returncode == 0, done.stderr
        before = _versions(empty_registry)
        again = run("--registry", empty_registry, "--form", second)
        assert again.returncode == 0
        assert ("in another form" in again.stdout) == (first == "descriptor")
        assert _versions(empty_registry) == before


def test_a_comment_makes_no_version(empty_registry: str, run: Run, schemas: Path) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas)
    assert run(*where).returncode == 0
    before = _versions(empty_registry)
    _edit(schemas, "price.proto", ("// Price is one", "// A price is one"))
    done = run(*where)
    assert done.returncode == 0
    assert "Nothing to do: the registry has all of it." in done.stdout
    assert _versions(empty_registry) == before


def test_what_was_compared_and_what_is_kept_is_said(run: Run) -> None:
    with embedded() as running:
        first = run("--registry", running.registry_url)
        assert "Compared with" not in first.stdout
        assert "Read back: this registry keeps everything (5 subjects).\nWrote contracts.lock\n" in first.stdout
        again = run("--registry", running.registry_url)
        assert (
            "Compared with 5 live versions: pragma/contracts/v1/options.proto (1), "
            "pragma/market/v1/envelope.proto (1), pragma/market/v1/market_type.proto (1), "
            "pragma-orderbook-v1-value (1), pragma-prices-v1-value (1)\n"
        ) in again.stdout
        told = json.loads(run("--registry", running.registry_url, "--output", "json", "--dry-run").stdout)
    assert told["lost"] == []
    (_, gated) = told["verdicts"]
    assert gated["compared"][PRICES] == 1
    assert gated["not_compared"] == []


def test_an_import_is_judged_like_a_contract(run: Run, schemas: Path) -> None:
    """A swap in a shared import was registered unjudged when no contract of its own had versions."""
    with embedded() as running:
        where = ("--registry", running.registry_url, "--schemas", schemas)
        assert run(*where).returncode == 0
        for name in "price.proto", "market_depth.proto":
            (path,) = schemas.rglob(name)
            text = path.read_text(encoding="utf-8")
            path.with_name(f"other_{name}").write_text(
                text.replace("-prices-", "-other-prices-")
                .replace("-orderbook-", "-other-orderbook-")
                .replace("message Price ", "message OtherPrice ")
                .replace("message MarketDepth ", "message OtherDepth ")
                .replace('data_type: "', 'data_type: "other_')
                .replace("BookSide", "OtherSide")
                .replace("DecimalColumn", "OtherColumn"),
                encoding="utf-8",
            )
            path.unlink()
        _edit(
            schemas,
            "market_type.proto",
            ("MARKET_TYPE_SPOT = 1", "MARKET_TYPE_SPOT = 9"),
            ("MARKET_TYPE_PERPETUAL = 2", "MARKET_TYPE_PERPETUAL = 1"),
            ("MARKET_TYPE_SPOT = 9", "MARKET_TYPE_SPOT = 2"),
        )
        (schemas / "pragma/market/v1/other_market_depth.proto").unlink()
        done = run(*where)
        assert done.returncode == 1
        assert "ENUM_VALUE_SAME_NUMBER" in done.stdout
        assert "beside: pragma/market/v1/market_type.proto version 1" in done.stdout
        assert _versions(running.registry_url)["pragma/market/v1/market_type.proto"] == [1]


def test_levels_that_are_right_or_stricter_are_left_alone(run: Run) -> None:
    with embedded() as running:
        url = running.registry_url
        httpx.put(f"{url}/config", json={"compatibility": "BACKWARD_TRANSITIVE"})
        httpx.put(f"{url}/config/{PRICES}", json={"compatibility": "FULL_TRANSITIVE"})
        httpx.put(f"{url}/config/pragma-orderbook-v1-value", json={"compatibility": "FORWARD"})
        done = run("--registry", url)
        assert done.returncode == 0, done.stderr
        assert (
            "level FULL_TRANSITIVE stays: BACKWARD_TRANSITIVE does not promise all that it does (--lower sets it)"
            in done.stdout
        )
        assert (
            "level FORWARD stays: BACKWARD_TRANSITIVE does not promise all that it does (--lower sets it)"
            in done.stdout
        )
        levels = [_level(url, subject) for subject in ("pragma/market/v1/envelope.proto", PRICES)]
        # The first has the registry's own level, which is right.
        assert levels == [None, "FULL_TRANSITIVE"]
        assert run("--registry", url, "--dry-run").returncode == 0
        assert run("--registry", url, "--lower").returncode == 0
        assert [_level(url, subject) for subject in ("pragma-orderbook-v1-value", PRICES)] == [
            "BACKWARD_TRANSITIVE"
        ] * 2


def test_keep_writes_no_level(run: Run) -> None:
    with embedded() as running:
        assert run("--registry", running.registry_url, "--compatibility", "keep").returncode == 0
        assert [_level(running.registry_url, subject) for subject in _versions(running.registry_url)] == [None] * 5


def test_check_says_whether_registry_lock_and_schemas_agree(run: Run, schemas: Path, tmp_path: Path) -> None:
    with embedded() as running:
        where = ("--registry", running.registry_url, "--schemas", schemas)
        assert run(*where, "--check").returncode == 3
        assert run(*where).returncode == 0
        agreed = run(*where, "--check")
        assert (agreed.returncode, agreed.stderr) == (0, "")
        lock = tmp_path / "contracts.lock"
        text = lock.read_text(encoding="utf-8")
        lock.write_text(text.replace('"schema_id": 5', '"schema_id": 6'), encoding="utf-8")
        stale = run(*where, "--check")
        assert stale.returncode == 3
        assert (
            "contracts.lock has pragma-prices-v1-value as version 1, schema id 6, and the registry as version 1, "
            "schema id 5\n"
        ) in stale.stdout
        assert run(*where, "--dry-run").returncode == 3, "what would be written into the lock is a change too"
        lock.unlink()
        gone = run(*where, "--check")
        assert gone.returncode == 3
        assert gone.stdout.endswith(
            "contracts.lock is not there\nThe registry has all of it; contracts.lock does not say so.\n"
        )
        lock.write_text(text, encoding="utf-8")
        _edit(schemas, "price.proto", ('"1.1"', '"1.2"'))
        assert run(*where, "--check").returncode == 3
    away = run(*where, "--check")
    assert away.returncode == 2
    assert lock.read_text(encoding="utf-8") == text


def test_what_no_schema_belongs_to_is_shown_and_pruned_by_name(
    empty_registry: str, run: Run, schemas: Path, tmp_path: Path
) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas)
    assert run(*where).returncode == 0
    (depth,) = schemas.rglob("market_depth.proto")
    depth.unlink()
    subject = "pragma-orderbook-v1-value"
    left = run(*where)
    assert left.returncode == 0
    assert (
        f"contracts.lock has {subject}, which no schema belongs to any more: left alone; "
        f"--prune {subject} soft-deletes it\n"
    ) in left.stdout
    assert subject in _lock(tmp_path)
    assert run(*where, "--check").returncode == 3
    assert run(*where, "--dry-run").returncode == 0
    wrong = run(*where, "--prune", PRICES)
    assert (wrong.returncode, wrong.stderr) == (
        2,
        f"error: prune: {PRICES} has a schema; what has none are {subject}\n",
    )
    assert run(*where, "--prune", subject, "--dry-run").returncode == 3
    assert subject in _versions(empty_registry)
    assert run(*where, "--prune", subject).returncode == 0
    assert subject not in _versions(empty_registry)
    assert subject not in _lock(tmp_path)
    assert run(*where, "--check").returncode == 0


def test_a_version_of_ours_that_cannot_be_read_is_no_pass(run: Run) -> None:
    with embedded() as running:
        url = f"{running.registry_url}/subjects/{PRICES}/versions"
        httpx.post(url, json={"schema": "no schema", "schemaType": "PROTOBUF"}).raise_for_status()
        done = run("--registry", running.registry_url)
        assert done.returncode == 2
        assert done.stderr.startswith("error: registry: pragma-prices-v1-value version 1 is no protobuf schema")
        assert len(done.stderr.splitlines()) == 1
        assert list(_versions(running.registry_url)) == [PRICES]


def test_a_subject_of_ours_without_a_contract_is_no_pass(run: Run) -> None:
    with embedded() as running:
        url = f"{running.registry_url}/subjects/{PRICES}/versions"
        text = 'syntax = "proto3";\npackage orders.v1;\nmessage Order {\n  string id = 1;\n}\n'
        httpx.post(url, json={"schema": text, "schemaType": "PROTOBUF"}).raise_for_status()
        done = run("--registry", running.registry_url)
    assert done.returncode == 2
    assert done.stderr == (
        "error: registry: pragma-prices-v1-value version 1 holds no contract, so that nothing can be compared with it; "
        "if it is not what producers of this topic write, delete it there\n"
    )


def test_an_import_that_older_versions_need_is_no_orphan(run: Run, schemas: Path, tmp_path: Path) -> None:
    """No registry deletes what a live version refers to, so that --check said 3 for ever."""
    extra = "pragma/market/v1/extra.proto"
    (schemas / extra).write_text(
        'syntax = "proto3";\npackage pragma.market.v1;\n// One.\nmessage Extra {\n  // Two.\n  string a = 1;\n}\n',
        encoding="utf-8",
    )
    imports = 'import "pragma/market/v1/envelope.proto";\n'
    field = "  // Anything else"
    with_extra = f"  // Three.\n  Extra extra = 7;\n{field}"
    _edit(schemas, "price.proto", (imports, f'{imports}import "{extra}";\n'), (field, with_extra))
    (tmp_path / "gate-waivers.toml").write_text(
        '[[waiver]]\nrule = "FIELD_NO_DELETE"\npath = "pragma.market.v1.Price.extra"\n'
        'reason = "nobody ever wrote it"\nexpires = 2099-01-31\n',
        encoding="utf-8",
    )
    with embedded() as running:
        where = ("--registry", running.registry_url, "--schemas", schemas)
        assert run(*where).returncode == 0
        without = f'  reserved 7;\n  reserved "extra";\n{field}'
        _edit(schemas, "price.proto", (f'import "{extra}";\n', ""), (with_extra, without), ('"1.1"', '"1.2"'))
        done = run(*where)
        assert done.returncode == 0, done.stdout
        assert extra in _lock(tmp_path)
        assert "no schema belongs to" not in done.stdout
        assert run(*where, "--check").returncode == 0
        refused = run(*where, "--prune", extra)
        assert refused.returncode == 2
        assert f"live versions of contracts still import {extra}; what can be deleted is none" in refused.stderr
