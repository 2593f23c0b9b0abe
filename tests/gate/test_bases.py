"""What a change is compared with: a git ref, a folder, a wheel; and the errors that say how to name another."""

import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.gate.bases import read_base

PROTO = """syntax = "proto3";

package test.v1;

// Plain is no contract.
message Plain {
  string name = 1;
}
"""


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit has schemas in a folder of their own; the second one has none."""
    root = tmp_path / "repository"
    (root / "contracts/schemas").mkdir(parents=True)
    git(root, "init", "--initial-branch", "main")
    (root / "contracts/schemas/plain.proto").write_text(PROTO, encoding="utf-8")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    git(root, "tag", "v1")
    git(root, "rm", "contracts/schemas/plain.proto")
    git(root, "commit", "-m", "none")
    (root / "contracts/schemas").mkdir(parents=True, exist_ok=True)
    return root


def test_a_git_ref_is_the_same_folder_at_that_commit(repository: Path) -> None:
    for ref in "v1", "main~1", "HEAD^":
        assert list(read_base(ref, repository / "contracts/schemas").messages) == ["test.v1.Plain"]


def test_a_folder_is_taken_as_it_is_or_as_what_holds_one(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "old/schemas").mkdir(parents=True)
    (tmp_path / "old/schemas/plain.proto").write_text(PROTO, encoding="utf-8")
    for folder in tmp_path / "old", tmp_path / "old/schemas":
        assert list(read_base(str(folder), repository).messages) == ["test.v1.Plain"]


def test_a_wheel_is_read_without_being_installed(tmp_path: Path) -> None:
    wheel = tmp_path / "pragma_contracts-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("pragma_contracts/schemas/plain.proto", PROTO)
        packed.writestr("pragma_contracts/__init__.py", "")
    assert list(read_base(str(wheel), tmp_path).messages) == ["test.v1.Plain"]


def refused(against: str, folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_base(against, folder)
    return str(caught.value)


def test_a_base_that_is_not_there_is_an_error_that_says_what_to_do(repository: Path, tmp_path: Path) -> None:
    schemas = repository / "contracts/schemas"
    assert "git does not know 'v9' here; fetch it (`git fetch origin`)" in refused("v9", schemas)
    assert "git does not know '--all' here" in refused("--all", schemas)
    assert "main has no .proto file in contracts/schemas" in refused("main", schemas)
    assert "is no folder and no wheel" in refused("v1", tmp_path)
    assert "is no wheel that can be read" in refused(str(tmp_path / "none.whl"), tmp_path)
    empty = tmp_path / "empty.whl"
    zipfile.ZipFile(empty, "w").close()
    assert "is it a wheel of pragma-contracts?" in refused(str(empty), tmp_path)


def test_a_shallow_clone_is_told_to_fetch_its_history(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--depth", "1", repository.as_uri(), str(clone))
    assert re.search(r"this clone is shallow: .*fetch-depth: 0", refused("v1", clone))


def test_a_base_that_does_not_compile_is_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/plain.proto").write_text(PROTO.replace("string name", "strin name"), encoding="utf-8")
    said = refused(str(tmp_path / "old"), tmp_path)
    assert re.search(
        r"the schemas of .*old do not compile, so there is nothing to compare with: plain\.proto:7: ", said
    )


def test_a_folder_is_not_compared_with_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/plain.proto").write_text(PROTO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for against in "schemas", ".", "schemas/../schemas":
        assert "has the very schemas that are judged" in refused(against, Path("schemas"))
    (tmp_path / "empty").mkdir()
    assert "no .proto file under empty" in refused("empty", Path("schemas"))


def test_what_a_repository_keeps_out_of_its_archives_is_compared_with(repository: Path) -> None:
    (repository / ".gitattributes").write_text("contracts export-ignore\n", encoding="utf-8")
    (repository / "contracts/schemas/kept.proto").write_text(PROTO, encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "kept")
    for folder in "contracts/schemas", "contracts", ".":
        assert list(read_base("main", repository / folder).messages) == ["test.v1.Plain"]


def test_a_hook_of_the_repository_changes_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert list(read_base("v1", repository / "contracts/schemas").messages) == ["test.v1.Plain"]


def test_git_itself_says_why_it_does_not_look(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    # Where somebody trusts every folder.
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    assert "git says: fatal: detected dubious ownership" in refused("v1", repository / "contracts/schemas")


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    wheel = tmp_path / "evil.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("pragma_contracts/schemas/../../evil.proto", PROTO)
    assert "it leads out of the folder of the schemas" in refused(str(wheel), tmp_path)
