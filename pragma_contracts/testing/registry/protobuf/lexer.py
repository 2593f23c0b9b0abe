"""The tokens of a .proto source, each with its place and the comments before it."""

import re
from dataclasses import dataclass
from typing import NamedTuple

# https://protobuf.dev/reference/protobuf/proto3-spec/
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<word>-?[\w.]+(?:[eE][+-]\d+)?)
    | (?P<sign>[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)


class NotProtobuf(Exception):
    """A text that is no .proto source; `at` is where, as "line:column"."""

    def __init__(self, at: str, problem: str) -> None:
        super().__init__(at, problem)
        self.at, self.problem = at, problem


class Token(NamedTuple):
    """A word, text or sign; at the end of a source an empty one. comments: those between it and the one before."""

    kind: str
    text: str
    at: str
    comments: tuple[str, ...] = ()


@dataclass
class Tokens:
    """Gives the tokens of a source one after the other; its methods raise NotProtobuf."""

    source: str

    def __post_init__(self) -> None:
        self._found = _tokens(self.source)
        self._next = 0

    @property
    def now(self) -> Token:
        """The next token, which stays the next one."""
        return self._found[self._next]

    def take(self) -> Token:
        """The next token."""
        token = self.now
        if token.kind == "end":
            raise NotProtobuf(token.at, "unexpected end of file")
        self._next += 1
        return token

    def took(self, text: str) -> bool:
        """Takes the next token if it is this one."""
        found = self.now.kind != "text" and self.now.text == text
        self._next += found
        return found

    def expect(self, text: str) -> None:
        """Takes the next token, which must be this one."""
        if not self.took(text):
            raise NotProtobuf(self.now.at, f"expected '{text}'")

    def word(self) -> str:
        """Takes a word: a name, a number or a keyword."""
        if self.now.kind != "word":
            raise NotProtobuf(self.now.at, "expected a word")
        return self.take().text

    def number(self) -> int:
        """Takes a whole number."""
        at = self.now.at
        try:
            return int(self.word(), 0)
        except ValueError as error:
            raise NotProtobuf(at, "expected an integer") from error

    def string(self) -> str:
        """Takes a text, which may be in several parts; escapes stay as they are written."""
        if self.now.kind != "text":
            raise NotProtobuf(self.now.at, "expected a string")
        parts = []
        while self.now.kind == "text":
            parts.append(self.take().text[1:-1])
        return "".join(parts)


def _tokens(source: str) -> list[Token]:
    found: list[Token] = []
    comments: list[str] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise NotProtobuf(_place(source, at), f"unexpected {source[at]!r}")
        kind = match.lastgroup or ""
        if kind == "comment":
            comments.append(match[0])
        elif kind != "space":
            found.append(Token(kind, match[0], _place(source, at), tuple(comments)))
            comments = []
        at = match.end()
    return [*found, Token("end", "", _place(source, at))]


def _place(source: str, at: int) -> str:
    return f"{source.count(chr(10), 0, at) + 1}:{at - source.rfind(chr(10), 0, at)}"
