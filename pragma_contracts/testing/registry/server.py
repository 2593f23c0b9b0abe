"""Serves an in-memory registry over real HTTP on loopback."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from pragma_contracts.testing.registry.answers import Answer, Request
from pragma_contracts.testing.registry.behaviour import Behaviour
from pragma_contracts.testing.registry.faults import Faults, Faulty
from pragma_contracts.testing.registry.plain import Plain

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_POLL_S = 0.02
# Where each kind is; most tests need the plain one alone.
_KINDS = {
    Behaviour.PLAIN: ("plain", "Plain"),
    Behaviour.CONFLUENT: ("confluent", "Confluent"),
    Behaviour.KARAPACE: ("karapace", "Karapace"),
    Behaviour.APICURIO_2: ("apicurio", "Apicurio2"),
    Behaviour.APICURIO_3_0: ("apicurio", "Apicurio30"),
}


@contextmanager
def registry_server(behaviour: Behaviour = Behaviour.PLAIN, faults: Faults | None = None) -> Iterator[str]:
    """Serves an empty registry of a kind on a free port of loopback, with faults if there are any; gives its URL."""
    registry = _registry(behaviour)
    given = faults or Faults()
    faulty = Faulty(given, registry.answer)
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            url = urlsplit(self.path)
            request = Request(self.command, url.path, dict(parse_qsl(url.query)), body)
            answer = faulty.answer(request)
            head, data = _encoded(answer)
            if given.drips(request.path):
                _drip(self.connection, head, data, given, stopping)
            else:
                self.wfile.write(head + data)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  the names that http.server calls

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002  the signature of http.server
            """Says nothing: a test's output is its own."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up before its answer is there is none of the registry's business."""

    server = Server(("127.0.0.1", 0), Handler)
    # How often it looks whether it should stop, for which every test waits.
    poll = {"poll_interval": _POLL_S}
    thread = threading.Thread(target=server.serve_forever, kwargs=poll, name="registry", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _registry(behaviour: Behaviour) -> Plain:
    module, name = _KINDS[behaviour]
    return cast(Plain, getattr(import_module(f"pragma_contracts.testing.registry.{module}"), name)())


def _encoded(answer: Answer) -> tuple[bytes, bytes]:
    """The head of a response, and its body."""
    data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    data = b"" if answer.body is None else data
    headers = {"Content-Type": _CONTENT_TYPE, "Content-Length": str(len(data)), **answer.headers}
    lines = [
        f"HTTP/1.0 {answer.status} {HTTPStatus(answer.status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode(), data


def _drip(connection: socket.socket, head: bytes, data: bytes, faults: Faults, stopping: threading.Event) -> None:
    """Sends an answer a byte at a time, until it is sent, or the client has enough, or the registry stops."""
    if not faults.drips_headers:
        connection.sendall(head)
    for byte in (head + data) if faults.drips_headers else data:
        if stopping.wait(faults.drip):
            return
        connection.sendall(bytes([byte]))
