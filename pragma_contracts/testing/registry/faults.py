"""What any registry may do wrong, on purpose."""

import itertools
import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import unquote

from pragma_contracts.testing.registry.answers import Answer, Refused, Request

_WRITES = ("POST", "PUT", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Faults of an in-memory registry; none by default. Paths are regular expressions, for a path without its query.

    throttled: how many requests are answered with 429 before the first one is served. retry_after: seconds, in the
    header of these. read_only: whether the registry is in mode READONLY, so that no new schema is registered and no
    level set. absent: paths that are answered with 404. forbidden: subjects that are listed, and otherwise answered
    with 403. vanishing: subjects that are listed, and gone when they are read. dripping: paths whose
    answers come a byte each `drip` seconds until the registry stops. drips_headers: whether the headers do too.
    """

    throttled: int = 0
    retry_after: int = 0
    read_only: bool = False
    absent: Collection[str] = ()
    forbidden: Collection[str] = ()
    vanishing: Collection[str] = ()
    dripping: Collection[str] = ()
    drip: float = 1.0
    drips_headers: bool = False

    def drips(self, path: str) -> bool:
        """Whether the answer to a path comes slowly."""
        return any(re.fullmatch(each, path) for each in self.dripping)


class Faulty:
    """A registry with faults: answers what they are about, and asks the registry about the rest."""

    def __init__(self, faults: Faults, answer: Callable[[Request], Answer]) -> None:
        self._faults = faults
        self._answer = answer
        self._lock = threading.Lock()
        self._requests = itertools.count(1)

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        with self._lock:
            throttled = next(self._requests) <= self._faults.throttled
        if throttled:
            body = {"error_code": 42901, "message": "Too Many Requests"}
            return Answer(429, body, {"Retry-After": str(self._faults.retry_after)})
        if any(re.fullmatch(each, request.path) for each in self._faults.absent):
            return Answer(404, {"error_code": 404, "message": "HTTP 404 Not Found"})
        if refused := self._of_subject(request):
            return refused.answer
        if self._faults.read_only and (answer := self._read_only(request)) is not None:
            return answer
        answer = self._answer(request)
        if (request.method, request.path) == ("GET", "/subjects"):
            return answer._replace(body=sorted({*answer.body, *self._faults.forbidden, *self._faults.vanishing}))
        return answer

    def _of_subject(self, request: Request) -> Refused | None:
        parts = [unquote(part) for part in request.path.split("/")]
        for subject in parts[2:4]:
            if subject in self._faults.forbidden:
                return Refused(403, 40301, f"User is denied operation Read on Subject: {subject}")
            if subject in self._faults.vanishing and request.method not in _WRITES:
                return Refused(404, 40401, f"Subject '{subject}' not found.")
        return None

    def _read_only(self, request: Request) -> Answer | None:
        """The answer to what a registry in mode READONLY answers in another way; None for the rest."""
        if request.path == "/mode" or request.path.startswith("/mode/"):
            return Answer(200, {"mode": "READONLY"})
        registers = request.method == "POST" and re.fullmatch("/subjects/[^/]+/versions", request.path)
        if registers:
            there = self._answer(request._replace(path=request.path.removesuffix("/versions")))
            # What is there already has its id still.
            if there.status == 200:
                return Answer(200, {"id": there.body["id"]})
        if registers or request.method in ("PUT", "DELETE"):
            subject = unquote(request.path.split("/")[2]) if request.path.count("/") > 1 else ""
            return Refused(422, 42205, f"Subject {subject} in context  is in read-only mode").answer
        return None
