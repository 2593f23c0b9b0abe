"""Requests and answers, as the kinds of registries see them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Request(NamedTuple):
    """A request: its method, path as it was sent, query, and body as JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]

    def has(self, flag: str) -> bool:
        """Whether a flag of the query is set."""
        return self.query.get(flag, "").lower() == "true"


class Answer(NamedTuple):
    """A response; a body of None is sent as no body at all, anything but bytes as JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})


class Refused(Exception):
    """An answer that is an error: HTTP status, the registry's code, a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, code, message)
        self.answer = Answer(status, {"error_code": code, "message": message})
        self.status, self.code, self.message = status, code, message
