"""A small schema registry in memory, over real HTTP on loopback: enough of Confluent's API to register and look up.

It gives no compatibility verdict and deletes nothing. Source of paths, fields and error codes: Confluent's Schema
Registry API reference.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_LEVELS = {
    f"{level}{transitive}" for level in ("BACKWARD", "FORWARD", "FULL") for transitive in ("", "_TRANSITIVE")
} | {"NONE"}

Content = tuple[str, str, tuple[tuple[str, str, int], ...]]


class _Refused(Exception):
    """An answer that is an error: HTTP status, the registry's code, a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


class _Registry:
    """Schemas by id, and versions by subject; a content has one id wherever it is registered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contents: list[Content] = []
        self._subjects: dict[str, list[Content]] = {}
        self._levels: dict[str, str] = {}
        self._global_level = "BACKWARD"

    def handle(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The answer to a request, as JSON. Raises _Refused."""
        with self._lock:
            for wanted, pattern, action in _ROUTES:
                found = re.fullmatch(pattern, path)
                if found and wanted == method:
                    return action(self, *map(unquote, found.groups()), **({"body": body} if body else {}))
            if any(re.fullmatch(pattern, path) for _, pattern, _ in _ROUTES):
                raise _Refused(405, 405, f"this registry has no {method} {path}")
        raise _Refused(404, 404, f"no such path: {path}")

    def subjects(self) -> list[str]:
        return sorted(self._subjects)

    def versions(self, subject: str) -> list[int]:
        return list(range(1, len(self._of(subject)) + 1))

    def register(self, subject: str, *, body: dict[str, Any]) -> dict[str, int]:
        content = self._content(body)
        versions = self._subjects.setdefault(subject, [])
        if content not in versions:
            versions.append(content)
        if content not in self._contents:
            self._contents.append(content)
        return {"id": self._contents.index(content) + 1}

    def look_up(self, subject: str, *, body: dict[str, Any]) -> dict[str, Any]:
        versions, content = self._of(subject), self._content(body)
        if content not in versions:
            raise _Refused(404, 40403, "Schema not found")
        return self._version(subject, versions.index(content) + 1)

    def version(self, subject: str, version: str) -> dict[str, Any]:
        count = len(self._of(subject))
        number = count if version in ("latest", "-1") else int(version) if version.isdigit() else 0
        if not 1 <= number <= count:
            raise _Refused(404, 40402, f"Version {version} not found.")
        return self._version(subject, number)

    def by_id(self, schema_id: str) -> dict[str, Any]:
        return _as_json(self._contents[self._index(schema_id)])

    def versions_of_id(self, schema_id: str) -> list[dict[str, Any]]:
        content = self._contents[self._index(schema_id)]
        return [
            {"subject": subject, "version": versions.index(content) + 1}
            for subject, versions in sorted(self._subjects.items())
            if content in versions
        ]

    def subjects_of_id(self, schema_id: str) -> list[str]:
        return [str(place["subject"]) for place in self.versions_of_id(schema_id)]

    def level(self, subject: str = "") -> dict[str, str]:
        if subject and subject not in self._levels:
            raise _Refused(404, 40408, f"Subject '{subject}' does not have subject-level compatibility configured")
        return {"compatibilityLevel": self._levels.get(subject, self._global_level)}

    def set_level(self, subject: str = "", *, body: dict[str, Any]) -> dict[str, str]:
        level = body.get("compatibility")
        if level not in _LEVELS:
            raise _Refused(422, 42203, f"Invalid compatibility level: {level}")
        if subject:
            self._levels[subject] = str(level)
        else:
            self._global_level = str(level)
        return {"compatibility": str(level)}

    def compatibility(self, subject: str, _version: str = "", *, body: dict[str, Any]) -> dict[str, bool]:
        self._content(body)
        if subject in self._subjects:
            raise _Refused(501, 50101, "this in-memory registry gives no compatibility verdict")
        return {"is_compatible": True}

    def _of(self, subject: str) -> list[Content]:
        if subject not in self._subjects:
            raise _Refused(404, 40401, f"Subject '{subject}' not found.")
        return self._subjects[subject]

    def _index(self, schema_id: str) -> int:
        if not 1 <= int(schema_id) <= len(self._contents):
            raise _Refused(404, 40403, f"Schema {schema_id} not found")
        return int(schema_id) - 1

    def _version(self, subject: str, number: int) -> dict[str, Any]:
        content = self._subjects[subject][number - 1]
        return {"subject": subject, "version": number, "id": self._contents.index(content) + 1} | _as_json(content)

    def _content(self, body: dict[str, Any]) -> Content:
        schema = body.get("schema")
        if not isinstance(schema, str) or not schema:
            raise _Refused(422, 42201, "Either the input schema or one of its references is invalid")
        references = []
        for reference in body.get("references") or ():
            subject, version = reference["subject"], reference["version"]
            if not 1 <= version <= len(self._subjects.get(subject, ())):
                raise _Refused(422, 42201, f"No schema reference found for subject '{subject}' and version {version}")
            references.append((reference["name"], subject, version))
        return (body.get("schemaType") or "AVRO", schema, tuple(references))


def _as_json(content: Content) -> dict[str, Any]:
    schema_type, schema, references = content
    names = [{"name": name, "subject": subject, "version": version} for name, subject, version in references]
    return {"schemaType": schema_type, "schema": schema} | ({"references": names} if names else {})


_SUBJECT = "/subjects/([^/]+)"
_ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/subjects", _Registry.subjects),
    ("POST", _SUBJECT, _Registry.look_up),
    ("GET", f"{_SUBJECT}/versions", _Registry.versions),
    ("POST", f"{_SUBJECT}/versions", _Registry.register),
    ("GET", f"{_SUBJECT}/versions/([^/]+)", _Registry.version),
    ("GET", r"/schemas/ids/(\d+)", _Registry.by_id),
    ("GET", r"/schemas/ids/(\d+)/versions", _Registry.versions_of_id),
    ("GET", r"/schemas/ids/(\d+)/subjects", _Registry.subjects_of_id),
    ("GET", "/config", _Registry.level),
    ("PUT", "/config", _Registry.set_level),
    ("GET", "/config/([^/]+)", _Registry.level),
    ("PUT", "/config/([^/]+)", _Registry.set_level),
    ("POST", f"/compatibility{_SUBJECT}/versions", _Registry.compatibility),
    ("POST", f"/compatibility{_SUBJECT}/versions/([^/]+)", _Registry.compatibility),
]


@contextmanager
def registry_server() -> Iterator[str]:
    """Serves an empty registry on a free port of loopback; gives its URL."""
    registry = _Registry()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            try:
                status, result = 200, registry.handle(self.command, urlsplit(self.path).path, body)
            except _Refused as refused:
                status, result = refused.status, {"error_code": refused.code, "message": refused.message}
            data = json.dumps(result).encode()
            self.send_response(status)
            self.send_header("Content-Type", _CONTENT_TYPE)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  the names that http.server calls

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002  the signature of http.server
            """Says nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="registry", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
