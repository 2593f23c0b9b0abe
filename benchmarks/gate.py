"""Times the gate beside `buf breaking` on the same change, on this repository and on up to 300 contracts."""

import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_suffix(".md")
ROUNDS = 7
SIZES = (1, 10, 30, 100, 300)
# A rename that both of them refuse: exit codes of the gate and of buf.
REFUSED = {"gate": 1, "buf": 100}

INTRODUCTION = """\
<!-- Written by `make bench`: do not edit. -->
# What the gate costs

Wall time of whole commands, `pragma-contracts gate` beside `buf breaking` on the same two folders, of which one has a
field renamed; both refuse it. buf runs inside the gate too, as its second pair of eyes. The ratio is what counts.
"""


class Times(NamedTuple):
    """Seconds of each round."""

    gate: list[float]
    buf: list[float]


def main() -> None:
    """Measures, prints and writes the page."""
    rows = [
        "| schemas | gate, ms (spread) | buf, ms (spread) | gate / buf | gate, ms per contract |",
        "|---|---:|---:|---:|---:|",
    ]
    print(*rows, sep="\n")
    with tempfile.TemporaryDirectory() as scratch:
        rows.append(_row("this repository", 2, _measured(_repository(Path(scratch) / "repository"))))
        print(rows[-1], flush=True)
        for size in SIZES:
            rows.append(_row(f"{size} contracts", size, _measured(_many(Path(scratch) / str(size), size))))
            print(rows[-1], flush=True)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    buf = subprocess.run([_program("buf"), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    machine = f"{platform.machine()} with {os.cpu_count()} cores"
    method = (
        f"Measured on {today} on {machine}: Python {platform.python_version()}, buf {buf}; median of {ROUNDS} rounds."
    )
    PAGE.write_text("\n".join([INTRODUCTION, method, "", *rows, ""]), encoding="utf-8")


def _repository(folder: Path) -> Path:
    for side in "old", "new":
        shutil.copytree(ROOT / "schemas", folder / side)
    _rename(folder / "new/pragma/market/v1/price.proto")
    return folder


def _many(folder: Path, size: int) -> Path:
    """As many contracts as `size`, each a copy of Price in a package of its own, of which one has a field renamed."""
    price = (ROOT / "schemas/pragma/market/v1/price.proto").read_text(encoding="utf-8")
    for side in "old", "new":
        shutil.copytree(ROOT / "schemas", folder / side)
        for number in range(size - 1):
            text = price.replace("package pragma.market.v1;", f"package bench{number}.v1;")
            text = text.replace('"pragma-prices-v1"', f'"pragma-bench{number}-v1"').replace(
                '"price"', f'"bench{number}"'
            )
            for name in "Envelope envelope", "MarketType market_type":
                text = text.replace(f"  {name}", f"  pragma.market.v1.{name}")
            path = folder / side / f"bench{number}/v1/price.proto"
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
    _rename(folder / "new/pragma/market/v1/price.proto")
    return folder


def _rename(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("string price = 6", "string last = 6"), encoding="utf-8")


def _measured(folder: Path) -> Times:
    gate = [_program("pragma-contracts"), "gate", "--against", "old", "--schemas", "new"]
    buf = [_program("buf"), "breaking", "new", "--against", "old"]
    times = Times([], [])
    # The first round warms the file cache.
    for round_ in range(ROUNDS + 1):
        for name, command, taken in (("gate", gate, times.gate), ("buf", buf, times.buf)):
            start = time.perf_counter()
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - start
            if done.returncode != REFUSED[name]:
                sys.exit(f"{name} did not refuse the change: {done.returncode} {done.stdout}{done.stderr}")
            if round_:
                taken.append(seconds)
    return times


def _row(name: str, contracts: int, times: Times) -> str:
    gate, buf = statistics.median(times.gate), statistics.median(times.buf)
    return f"| {name} | {_shown(times.gate)} | {_shown(times.buf)} | {gate / buf:.2f} | {1e3 * gate / contracts:.1f} |"


def _shown(seconds: list[float]) -> str:
    low, high = min(seconds), max(seconds)
    return f"{1e3 * statistics.median(seconds):.0f} ({1e3 * low:.0f}–{1e3 * high:.0f})"


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


if __name__ == "__main__":
    main()
