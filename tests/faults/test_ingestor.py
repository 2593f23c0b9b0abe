"""examples/ingestor.py is killed again and again while messages come: each is in its store exactly once."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from pragma_contracts.testing import Stack
from pragma_contracts.testing.server import Server
from tests.faults.load import DEADLINE_S, Load

Start = Callable[..., AbstractContextManager[Load]]

KILLS = 8
# So much that each life has enough to do, and is killed while it does it.
BACKLOG = 20_000


def count(path: Path) -> int:
    """How many rows are in the store now."""
    with closing(sqlite3.connect(path)) as store:
        known = store.execute("SELECT name FROM sqlite_master WHERE name = 'ticks'").fetchone()
        return int(store.execute("SELECT count(*) FROM ticks").fetchone()[0]) if known else 0


def wait_for(path: Path, rows: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while (found := count(path)) < rows:
        assert process.poll() is None, f"ended with {process.returncode}, {found} of {rows} rows"
        assert time.monotonic() < deadline, f"{found} of {rows} rows"
        time.sleep(0.01)


@contextmanager
def ingestor(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The ingestor as a process, which is killed at the end if it still lives."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_is_killed_at_any_moment_stores_each_message_once(
    running: Stack, registry: Server, load: Start, root: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ticks.sqlite"
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    command = [sys.executable, str(root / "examples/ingestor.py"), "--store", str(path), "--market-type", "options"]
    command += ["--bootstrap", running.bootstrap, "--registry", running.registry_url]

    def kill_again_and_again() -> None:
        for _ in range(KILLS):
            with ingestor(command) as process:
                wait_for(path, count(path) + 1, process)
                time.sleep(chance.uniform(0, 0.1))

    with load(profile="durable", market_type="options") as sending:
        sending.send(BACKLOG)
        sending.during(kill_again_and_again)
    assert sending.producer.stats.delivered == sending.given, sending.producer.stats
    with ingestor(command) as process:
        wait_for(path, sending.given, process)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert said.endswith(b"records stored\n")
    with closing(sqlite3.connect(path)) as store:
        stored = [int(value) for (value,) in store.execute("SELECT value FROM ticks")]
    counts = f"seed {seed}: {len(stored)} rows for {sending.given} messages, {len(set(stored))} different ones"
    assert sorted(stored) == list(range(sending.given)), counts
