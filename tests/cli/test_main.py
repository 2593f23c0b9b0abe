"""The command line as a whole: help without Kafka, one line an error, and the demo's own options."""

import subprocess
import sys
from pathlib import Path

import pytest

from pragma_contracts.testing.server import free_port

PROGRAM = str(Path(sys.executable).with_name("pragma-contracts"))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_help_lists_the_commands_and_loads_none_of_them() -> None:
    done = _run("--help")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line] == [
        "demo",
        "dlq",
        "gate",
        "lint",
        "register",
        "schemas",
        "stack",
    ]
    heavy = ("confluent_kafka", "httpx", "rich")
    script = f"import sys, pragma_contracts.cli.main; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("command", ["demo", "dlq", "gate", "lint", "register", "schemas", "stack"])
def test_every_command_has_help(command: str) -> None:
    assert _run(command, "--help").stdout.startswith(f"Usage: pragma-contracts {command} ")


def test_an_unknown_command_is_a_usage_error() -> None:
    done = _run("regster")
    assert done.returncode == 2
    assert "No such command 'regster'" in done.stderr


def test_a_demo_needs_both_addresses_or_none() -> None:
    done = _run("demo", "--bootstrap", "localhost:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --bootstrap, --registry: give both, or neither for the embedded ones\n"


def test_debug_shows_where_an_error_comes_from() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert "Traceback" not in _run("register", "--registry", url).stderr
    shown = _run("--debug", "register", "--registry", url)
    assert shown.returncode == 2
    assert "Traceback" in shown.stderr
    assert shown.stderr.splitlines()[-1].startswith("error: GET http://127.0.0.1")
