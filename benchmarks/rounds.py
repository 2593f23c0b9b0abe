"""Runs a line: every contender of every round in a process of its own, in turns, so that noise hits all alike."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.line import IN_PYTHON, Line, Measures
from pragma_contracts.testing import Stack

ROOT = Path(__file__).resolve().parents[1]

# By contender, what each round found.
Found = dict[str, list[Measures]]


class ContenderFailed(Exception):
    """A contender's process ended with an error: its work was wrong, or it could not run."""


def run(line: Line, place: Stack, *, rounds: int, share: float, tell: Callable[[str], None]) -> Found:
    """What every round found but the first, which warms the broker and the file cache.

    tell: is given a line of text after each process. Raises ContenderFailed.
    """
    found: Found = {contender: [] for contender in line.contenders}
    for round_ in range(rounds + 1):
        for contender in line.contenders:
            measures = _process(line.name, contender, place, share)
            if round_:
                found[contender].append(measures)
            shown = ", ".join(f"{key} {value:,.1f}" for key, value in measures.items())
            tell(f"{line.name} {round_}/{rounds} {contender}: {shown}")
    return found


def _process(line: str, contender: str, place: Stack, share: float) -> Measures:
    task = {"line": line, "contender": contender, "share": share}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.process"],
        input=json.dumps({**task, "bootstrap": place.bootstrap, "registry_url": place.registry_url}),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PRAGMA_CONTRACTS_NATIVE": "0" if contender.endswith(IN_PYTHON) else "1"},
        text=True,
        check=False,
    )
    if done.returncode:
        raise ContenderFailed(f"{line}, {contender}: {done.stderr}")
    measures: Measures = json.loads(done.stdout)
    return measures
