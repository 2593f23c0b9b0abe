"""Times `register --check` in a registry that holds other people's subjects, beside one that holds none."""

import datetime
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx

from pragma_contracts.testing import embedded

PAGE = Path(__file__).with_suffix(".md")
ROUNDS = 7
SIZES = (0, 1_000, 10_000)

INTRODUCTION = """\
<!-- Written by `make bench`: do not edit. -->
# What a registry full of other subjects costs

Wall time of `pragma-contracts register --check`, with the five subjects of this package among as many of others, in the
in-memory registry; every round asks each registry once. The ratio to the registry without others is what counts.
"""


def main() -> None:
    """Measures, prints and writes the page."""
    rows = ["| other subjects | ms (spread) | ratio |", "|---:|---:|---:|"]
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    with ExitStack() as running, tempfile.TemporaryDirectory() as scratch:
        urls = {size: running.enter_context(embedded()).registry_url for size in SIZES}
        for size, url in urls.items():
            _fill(url, size)
            _run(Path(scratch), url, size)
        # The first round warms the file cache.
        for round_ in range(ROUNDS + 1):
            for size, url in urls.items():
                start = time.perf_counter()
                _run(Path(scratch), url, size, "--check")
                if round_:
                    taken[size].append(time.perf_counter() - start)
    alone = statistics.median(taken[0])
    for size, seconds in taken.items():
        median = statistics.median(seconds)
        spread = f"{1e3 * median:.0f} ({1e3 * min(seconds):.0f}–{1e3 * max(seconds):.0f})"
        rows.append(f"| {size:,} | {spread} | {median / alone:.2f} |")
    print(*rows, sep="\n")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    machine = f"{platform.machine()} with {os.cpu_count()} cores"
    method = f"Measured on {today} on {machine}: Python {platform.python_version()}; median of {ROUNDS} rounds."
    PAGE.write_text("\n".join([INTRODUCTION, method, "", *rows, ""]), encoding="utf-8")


def _fill(url: str, size: int) -> None:
    body = {"schema": 'syntax = "proto3";\nmessage Other {\n  string id = 1;\n}\n', "schemaType": "PROTOBUF"}
    with httpx.Client() as client, ThreadPoolExecutor(4) as pool:
        for done in pool.map(
            lambda number: client.post(f"{url}/subjects/team-{number}-value/versions", json=body), range(size)
        ):
            done.raise_for_status()


def _run(folder: Path, url: str, size: int, *arguments: str) -> None:
    program = str(Path(sys.executable).with_name("pragma-contracts"))
    command = [program, "register", "--registry", url, "--lock", f"{size}.lock", *arguments]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


if __name__ == "__main__":
    main()
