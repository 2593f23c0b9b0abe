"""The examples run as they stand: one publishes, the other consumes."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from pragma_contracts.governance.registering import register_installed
from pragma_contracts.testing import embedded


def test_the_examples_talk_to_each_other(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "ticks.sqlite"
    with embedded() as running:
        register_installed(running.registry_url)
        where = ["--bootstrap", running.bootstrap, "--registry", running.registry_url]
        pulse = [sys.executable, str(root / "examples/pulse.py"), *where, "--speed", "50", "--limit", "2000"]
        published = subprocess.run(pulse, capture_output=True, text=True, check=True, timeout=120)
        assert "sent=2000, delivered=2000" in published.stdout
        ingestor = [sys.executable, str(root / "examples/ingestor.py"), *where, "--market-type", "perpetual"]
        for limit in 100, 20:
            consumed = subprocess.run(
                [*ingestor, "--store", str(path), "--limit", str(limit)],
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
            )
            assert consumed.stdout == f"{limit} records stored\n"
    with closing(sqlite3.connect(path)) as store:
        stored = store.execute("SELECT feed, value FROM ticks").fetchall()
    assert len(stored) == 120, "it goes on where it was"
    assert all(feed.startswith("perp-") for feed, _ in stored)
