"""Runs the benchmarks and writes their table into the Rust crate, whose documentation shows it."""

import datetime
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any, TypedDict

HERE = Path(__file__).parent
PAGE = HERE.parent / "pragma-contracts/BENCHMARKS.md"
# The crates whose versions are told.
CONTENDERS = ("prost", "buffa", "schema_registry_converter", "schema-registry-client")

INTRODUCTION = """\
<!-- Written by `make bench`: do not edit. -->
# Benchmarks

What a call costs, against what one would use instead on the same bytes. The ratio is what counts: it is the time of a
call by the time that bare prost takes to decode the payload. The nanoseconds are those of one machine.
"""

METHOD = """\
- All run in one process, in 60 rounds in which each has a turn of at least 10 ms; the median of the rounds is shown.
- Bare prost and buffa are given the payload, all others the frame around it.
- Before anything is timed, all of them are seen to give the same values. Dropping what a call returns is timed too.
- "Checked" means that the message keeps its contract: only this crate looks. The other decoders take anything that is
  protobuf.
- Those that ask a schema registry have its answers already, and run in an async runtime that is entered once a turn.
- Allocations are counted in a second run, because counting takes time.
"""


class Contender(TypedDict):
    """One row, in nanoseconds per call."""

    name: str
    median: float
    minimum: float


class Group(TypedDict):
    """One table: the contenders on one message, of which the first is the unit."""

    name: str
    bytes: int
    contenders: list[Contender]


def main() -> None:
    """Measures everything, and writes the page."""
    groups: list[Group] = json.loads(_cargo("bench", "--locked", "--bench", "ratios"))
    allocations: list[list[int]] = json.loads(_cargo("bench", "--locked", "--bench", "allocations"))
    tables = [_table(group, counts) for group, counts in zip(groups, allocations, strict=True)]
    PAGE.write_text("\n".join([INTRODUCTION, _circumstances(), METHOD, *tables]), encoding="utf-8")


def _cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments], cwd=HERE, check=True, stdout=subprocess.PIPE, text=True).stdout


def _circumstances() -> str:
    rustc = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[1]
    metadata: dict[str, Any] = json.loads(_cargo("metadata", "--locked", "--format-version", "1"))
    versions = ", ".join(f"{name} {_version(name, metadata)}" for name in CONTENDERS)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"Measured on {today} on {_processor()} with {os.cpu_count()} cores: Rust {rustc}, {versions}.\n"


def _version(name: str, metadata: dict[str, Any]) -> str:
    """The newest version among the dependencies: an older prost is there for a contender that needs it."""
    versions: list[str] = [package["version"] for package in metadata["packages"] if package["name"] == name]
    return max(versions, key=lambda version: tuple(map(int, version.split("."))))


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _table(group: Group, allocations: list[int]) -> str:
    unit = group["contenders"][0]["median"]
    rows = [
        f"| {row['name']} | {_nanoseconds(row['median'])} | {_ratio(row['median'] / unit)} | {count} |"
        for row, count in zip(group["contenders"], allocations, strict=True)
    ]
    title = f"## {group['name']}, a frame of {group['bytes']} bytes"
    return "\n".join([title, "", "| | ns | ratio | allocations |", "|---|---:|---:|---:|", *rows, ""])


def _nanoseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


if __name__ == "__main__":
    main()
