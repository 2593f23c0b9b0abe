"""The examples run as they stand: one publishes, the other consumes."""

import subprocess
import sys
from pathlib import Path

from pragma_contracts.governance.registering import register_installed
from pragma_contracts.testing import embedded


def test_the_examples_talk_to_each_other(root: Path) -> None:
    with embedded() as running:
        register_installed(running.registry_url)
        where = ["--bootstrap", running.bootstrap, "--registry", running.registry_url]
        pulse = [sys.executable, str(root / "examples/pulse.py"), *where, "--speed", "50", "--limit", "2000"]
        published = subprocess.run(pulse, capture_output=True, text=True, check=True, timeout=120)
        assert "sent=2000, delivered=2000" in published.stdout
        ingestor = [sys.executable, str(root / "examples/ingestor.py"), *where, "--market-type", "perpetual"]
        consumed = subprocess.run(
            [*ingestor, "--limit", "100"], capture_output=True, text=True, check=True, timeout=120
        )
    lines = consumed.stdout.splitlines()
    assert lines
    assert all(line.startswith("perp-") for line in lines)
