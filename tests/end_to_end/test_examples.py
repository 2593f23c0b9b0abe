"""The examples run as they stand: one publishes, the other consumes, and one serves the metrics of both."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

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


def test_the_metrics_can_be_scraped(root: Path) -> None:
    with embedded() as running:
        register_installed(running.registry_url)
        where = ["--bootstrap", running.bootstrap, "--registry", running.registry_url, "--port", "0"]
        command = [sys.executable, str(root / "examples/metrics.py"), *where]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as example:
            assert example.stdout is not None
            try:
                url = example.stdout.readline().strip()
                deadline = time.monotonic() + 60
                while not re.search(r'consumer_consumed_total{client="ingestor"} [1-9]', text := httpx.get(url).text):
                    assert time.monotonic() < deadline, text
                    time.sleep(0.1)
                example.send_signal(signal.SIGINT)
                assert example.wait(timeout=30) == 0
            finally:
                example.kill()
    assert re.search(r'producer_delivered_total{client="pulse"} [1-9]', text)
