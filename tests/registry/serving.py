"""HTTP servers on loopback that answer as a test says, and remember what they were asked."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import MappingProxyType
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """A request: its method, path with query, headers by their names in lower case, and body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """A response; a body that is not bytes is sent as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = MappingProxyType({})


def refusal(status: int, code: int, words: str = "no", **headers: str) -> Answer:
    """An error as registries answer it."""
    return Answer(status, {"error_code": code, "message": words}, headers)


@dataclass
class Server:
    """A running server and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The method and path of every request."""
        return [f"{each.method} {each.path}" for each in self.asked]


@contextmanager
def serving(answer: Callable[[Asked], Answer], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Runs a server that answers each request with what `answer` makes of it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            running.asked.append(asked)
            status, given, more = answer(asked)
            data = given if isinstance(given, bytes) else json.dumps(given).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **more}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up, or does not like the certificate, is what some tests are about."""

    listener = Listener(("127.0.0.1", 0), Handler)
    if tls is not None:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    running = Server(f"{'https' if tls else 'http'}://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield running
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@contextmanager
def dripping(pieces: Sequence[bytes], pause: float) -> Iterator[str]:
    """Runs a server that answers every connection with these pieces, so many seconds apart; gives its URL."""
    done = threading.Event()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            for piece in pieces:
                if done.wait(pause):
                    return
                try:
                    self.request.sendall(piece)
                except OSError:
                    return

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            done.set()
            server.shutdown()
            thread.join()
