"""Connections of which every step ends at one deadline, however slowly the other side drips.

An HTTP client's own timeouts are for each read: a server that sends a byte a second would hold a call for ever.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

# A write of more could be a wait of its own for each part that the other side takes.
_PIECE = 16_384

_until: ContextVar[float] = ContextVar("until")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Gives all that this thread exchanges inside the block so many seconds together."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def left() -> float:
    """The seconds that are left. Raises httpcore.ReadTimeout: none are."""
    seconds = _until.get() - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("timed out")
    return seconds


class Backend(httpcore.NetworkBackend):
    """Opens connections that keep to the deadline of whoever uses them at the time."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connects to the first address of a host that answers; the system alone bounds how long a name takes."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error.strerror}") from error
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        # One by one: given the name, each of its addresses would have the whole time.
        for number, (*_, (address, *_)) in enumerate(found):
            share = left() / (len(found) - number)
            try:
                return _Stream(self._plain.connect_tcp(str(address), port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left()))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
