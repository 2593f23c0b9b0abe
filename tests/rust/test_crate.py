"""The Rust crate as a product: it builds from its own package, on the Rust version that it promises."""

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def crate(root: Path) -> Path:
    return root / "rust/pragma-contracts"


def _cargo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["cargo", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_it_builds_from_its_own_package(crate: Path, tmp_path: Path) -> None:
    _cargo(crate, "package", "--locked", "--allow-dirty", "--quiet", "--target-dir", str(tmp_path))
    (package,) = (tmp_path / "package").glob("*.crate")
    listed = subprocess.run(["tar", "-tzf", str(package)], capture_output=True, text=True, check=True).stdout
    assert "src/generated/contracts.rs" in listed
    assert "README.md" in listed
    assert "BENCHMARKS.md" in listed
    assert "tests/" not in listed


def test_no_dependency_needs_a_newer_rust_than_the_crate_promises(crate: Path) -> None:
    """There is no older toolchain at hand; clippy's incompatible_msrv looks at the crate's own code."""
    arguments = ("metadata", "--locked", "--format-version", "1", "--all-features")
    metadata: dict[str, Any] = json.loads(_cargo(crate, *arguments).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    (start,) = [found for found, package in packages.items() if package["name"] == "pragma-contracts"]
    promised = _version(packages[start]["rust_version"])
    waiting, seen = [start], set()
    while waiting:
        found = waiting.pop()
        if found in seen:
            continue
        seen.add(found)
        needed = packages[found]["rust_version"]
        assert needed is None or _version(needed) <= promised, f"{packages[found]['name']} needs Rust {needed}"
        waiting += [
            dependency["pkg"]
            for dependency in nodes[found]["deps"]
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
        ]
    assert len(seen) > 5


def test_crate_package_and_changelog_have_one_version(root: Path, crate: Path) -> None:
    python = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    rust = tomllib.loads((crate / "Cargo.toml").read_text(encoding="utf-8"))["package"]["version"]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert python == rust
    assert f"\n## [{python}] - " in changelog


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")[:2]))
