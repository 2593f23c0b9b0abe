"""The real stack: what it starts works, and what it started is gone afterwards."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from pragma_contracts.errors import StackError
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.testing import Stack, artifacts, stack
from pragma_contracts.testing.server import Server, free_port


def test_the_topics_of_the_contracts_are_there(pragma_stack: Stack) -> None:
    topics = AdminClient({"bootstrap.servers": pragma_stack.bootstrap}).list_topics(timeout=10).topics
    for contract in CONTRACTS:
        assert len(topics[contract.topic].partitions) == 4


def test_a_failing_test_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    pids: list[int] = []
    with pytest.raises(RuntimeError, match="the test failed"), stack(topics=[]) as running:  # noqa: PT012
        assert running.broker is not None
        assert running.registry is not None
        pids += [running.broker.pid or 0, running.registry.pid or 0]
        raise RuntimeError("the test failed")
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_ends_shows_the_end_of_its_log(tmp_path: Path) -> None:
    server = Server("thing", ["sh", "-c", "echo no luck; exit 3"], tmp_path / "log", lambda: False)
    with pytest.raises(StackError, match=r"thing: ended with code 3 while starting\n  \| no luck"):
        server.start()


def test_what_cannot_be_paused_or_started_is_an_error(tmp_path: Path) -> None:
    server = Server("thing", ["sh", "-c", "exit 0"], tmp_path / "log", lambda: True)
    with pytest.raises(StackError, match="thing: does not run, so it cannot be paused"), server.paused():
        pass
    server.kill()
    with pytest.raises(StackError, match="are ports of a single broker"), stack(brokers=2, listeners={"SSL": 1}):
        pass


def test_a_file_with_another_checksum_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma_stack: Stack
) -> None:
    """The shared stack has filled the cache: one of its jars is damaged in a copy, and the mirror has no better one."""
    jar = next(path for path in artifacts.kafka_jars() if path.name.startswith("jopt-simple"))
    for path in artifacts.kafka_jars():
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / jar.name).write_bytes(b"damaged")
    monkeypatch.setenv(artifacts.CACHE, str(tmp_path))
    monkeypatch.setenv(artifacts.MIRROR, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StackError, match=rf"{jar.name}: cannot be downloaded.*PRAGMA_CONTRACTS_MAVEN"):
        artifacts.kafka_jars()


def test_a_killed_process_leaves_no_server_behind(tmp_path: Path) -> None:
    """The server holds a pipe open, which ends when the server does."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = f"""
import pathlib, time
from pragma_contracts.testing.server import Server

Server("sleeper", ["sh", "-c", "exec sleep 600 >{pipe}"], pathlib.Path({str(tmp_path / "log")!r}), lambda: True).start()
print("started", flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        with pipe.open("rb") as end:
            parent.kill()
            assert end.read() == b""
