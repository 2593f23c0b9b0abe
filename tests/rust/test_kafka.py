"""The Rust crate and the Python package on one real broker: each reads exactly what the other wrote."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from signal import SIGINT
from threading import Thread
from typing import Any

import pytest

from pragma_contracts import Consumer, MarketDepth, Price, Producer, Record, book, from_json, to_json
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.testing import Stack, stack

CONTRACTS: Any = [Price, MarketDepth]
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def examples(root: Path) -> Path:
    """The folder of the crate's built examples."""
    rust = root / "rust"
    # The whole workspace, as `make test` does: alone, the package has dependencies of other features, built anew.
    command = ["cargo", "build", "--locked", "--workspace", "--examples", "--features", "full"]
    done = subprocess.run(command, cwd=rust, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return rust / "target/debug/examples"


@pytest.fixture(scope="module")
def sampled(recorded: list[dict[str, Any]]) -> Iterator[Stack]:
    """A real stack of its own, on which Python has published the whole sample."""
    with stack() as running:
        register_installed(running.registry_url)
        # A broker that has just started on a busy machine may take longer than Pulse would wait.
        patient = {"message.timeout.ms": 60_000}
        options: Any = {"registry": running.registry_url, "contracts": CONTRACTS, "config": patient}
        with Producer(running.bootstrap, **options) as producer:
            for count, obj in enumerate(recorded):
                producer.send(from_json(obj))
                if count % 2000 == 1999:
                    producer.flush()
            producer.flush()
            assert producer.stats.delivered == len(recorded)
        yield running


@pytest.fixture(scope="module")
def target() -> Iterator[Stack]:
    """A real stack to which Rust publishes. The shared one may have later versions, which `register` goes by."""
    with stack() as running:
        yield running


@pytest.fixture(scope="module")
def lock(target: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lock of the target's registry."""
    path = tmp_path_factory.mktemp("lock") / "contracts.lock"
    command = ["register", "--registry", target.registry_url, "--lock", str(path)]
    subprocess.run([Path(sys.executable).parent / "pragma-contracts", *command], capture_output=True, check=True)
    return path


class Lines:
    """The lines that a running program prints, as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def take(self, count: int) -> list[str]:
        """The next lines. Fails when one does not come in time."""
        return [self._lines.get(timeout=PATIENCE_SECONDS) for _ in range(count)]

    def after(self, act: Callable[[], None], wanted: Callable[[str], bool]) -> str:
        """The first wanted line, however often it takes to act for it: a consumer of what is new may not listen yet."""
        for _ in range(PATIENCE_SECONDS):
            act()
            try:
                while not wanted(line := self._lines.get(timeout=1)):
                    pass
            except Empty:
                continue
            return line
        raise AssertionError("no such line came")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))


@contextmanager
def running_example(examples: Path, *command: str) -> Iterator[Lines]:
    process = subprocess.Popen([examples / command[0], *command[1:]], stdout=subprocess.PIPE, text=True)
    try:
        yield Lines(process)
    finally:
        process.kill()
        process.communicate()


def consumed(running: Stack, wanted: Callable[[Any], bool], count: int) -> list[Any]:
    """The first wanted records."""
    options: Any = {"registry": running.registry_url, "group": uuid.uuid4().hex, "contracts": CONTRACTS}
    records: list[Any] = []
    with Consumer(running.bootstrap, **options, start="earliest", on_error="skip") as consumer:
        while len(records) < count:
            batch = consumer.consume(timeout=PATIENCE_SECONDS)
            assert batch, f"only {len(records)} of {count} records came"
            records += filter(wanted, batch)
    return records


def test_rust_writes_the_json_lines_that_python_writes(examples: Path, sampled: Stack, recorded: list[Any]) -> None:
    messages = [to_json(record.message) for record in consumed(sampled, lambda _: True, len(recorded))]
    for arguments, wanted in (
        ((), messages),
        (("perpetual",), [obj for obj in messages if obj["market_type"] == "perpetual"]),
    ):
        with running_example(examples, "json_lines", sampled.bootstrap, uuid.uuid4().hex, *arguments) as lines:
            got = lines.take(len(wanted))
        # Partitions come in any order.
        assert sorted(got) == sorted(json.dumps(obj, ensure_ascii=False, separators=(",", ":")) for obj in wanted)


def test_python_reads_what_rust_published(
    examples: Path, sampled: Stack, target: Stack, lock: Path, recorded: list[Any]
) -> None:
    count = len(recorded)
    command: list[str | Path] = [examples / "replay", sampled.bootstrap, target.bootstrap, lock, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert f"sent: {count}, delivered: {count}" in done.stdout
    wanted = [without_stamps(to_json(record.message)) for record in consumed(sampled, lambda _: True, count)]
    records = consumed(target, lambda record: record.message.envelope.producer == "replay", count)
    assert sorted(without_stamps(to_json(record.message)) for record in records) == sorted(wanted)
    assert all(record.partition == record.feed.partition(4) for record in records)
    assert all(record.timestamp == publish_ms(record) for record in records)
    assert len({record.message.envelope.message_id for record in records}) == count
    feeds_of = [record.feed for record in records]
    assert set(feeds_of) == {record.feed for record in consumed(sampled, lambda _: True, count)}


def test_the_lines_of_the_other_examples(examples: Path, target: Stack, lock: Path) -> None:
    """A price published by Rust is printed by Rust, and so is the mid price of a book published by Python."""
    source = uuid.uuid4().hex
    bootstrap = target.bootstrap
    price: list[str | Path] = [
        examples / "produce_price",
        bootstrap,
        lock,
        "perpetual",
        "unknown",
        source,
        "BTC-USD",
        "65432.10",
    ]

    def publish_price() -> None:
        done = subprocess.run(price, capture_output=True, text=True, check=True)
        assert "delivered: 1" in done.stdout

    with running_example(examples, "perpetual_prices", bootstrap) as lines:
        line = lines.after(publish_price, lambda line: source in line)
        assert line == f"perp-unknown-{source}-BTC-USD 65432.10"
        lines.process.send_signal(SIGINT)
        assert lines.process.wait(PATIENCE_SECONDS) == 0
    with (
        Producer(bootstrap, lock=lock, contracts=[MarketDepth]) as producer,
        running_example(examples, "mid_price", bootstrap) as lines,
    ):
        depth = MarketDepth(market_type=1, network_id="ethereum", source_id=source, token_ticker="ETH")
        book.write(depth.bids, [("1.5", "1"), ("1", "1")])
        book.write(depth.asks, [("2", "1")])
        line = lines.after(lambda: producer.send(depth, event_time=1), lambda line: source in line)
        assert line == f"spot-ethereum-{source}-ETH 1.75"


def without_stamps(obj: dict[str, Any]) -> str:
    """A message as text, without what each producer writes anew."""
    stamps = ("message_id", "publish_timestamp", "producer")
    return json.dumps({name: value for name, value in obj.items() if name not in stamps}, sort_keys=True)


def publish_ms(record: Record) -> int:
    time: Any = record.message.envelope.publish_timestamp  # type: ignore[attr-defined]  # every contract has it
    return int(time.seconds * 1000 + time.nanos // 1_000_000)
