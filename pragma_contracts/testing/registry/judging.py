"""A registry that compares a new version with those there are, as its level says, and refuses what breaks them."""

from typing import Any, NamedTuple

from pragma_contracts.testing.registry.answers import Refused, Request
from pragma_contracts.testing.registry.deleting import Deleting
from pragma_contracts.testing.registry.holdings import Content, Holdings


class Break(NamedTuple):
    """What a new schema breaks of a version: the version, and words for each break."""

    number: int
    content: Content
    words: tuple[str, ...]


class Judging(Deleting):
    """Gives verdicts. What a break is, and what is said of it, each kind of registry knows."""

    def breaks_between(self, old: Content, new: Content) -> tuple[str, ...]:
        """Words for each break of an old schema by a new one."""
        raise NotImplementedError

    def incompatible(self, subject: str, level: str, broken: Break) -> Refused:
        """What is said when a version is refused."""
        raise NotImplementedError

    def effective_level(self, subject: str) -> str:
        """The level that holds for a subject."""
        return self._levels.get(subject, self._global_level)

    def admit(self, subject: str, content: Content) -> None:
        """Raises Refused for a version that breaks another one."""
        holdings, name = self.held_in(subject)
        level = self.effective_level(subject)
        broken = self.first_break(holdings, name, self.compared(holdings, name, level), content)
        if broken is not None:
            raise self.incompatible(subject, level, broken)

    def compared(self, holdings: Holdings, name: str, level: str) -> list[int]:
        """The versions that a new one is compared with at a level, the last one first."""
        numbers = list(reversed(holdings.versions(name)))
        return [] if level == "NONE" else numbers if level.endswith("_TRANSITIVE") else numbers[:1]

    def first_break(self, holdings: Holdings, name: str, numbers: list[int], new: Content) -> Break | None:
        """The first of the versions that a new schema breaks."""
        for number in numbers:
            old = holdings.contents[holdings.subjects[name][number].schema_id]
            if words := self.breaks_between(old, new):
                return Break(number, old, words)
        return None

    def judged(self, request: Request, subject: str, version: str) -> Break | None:
        """The break that a request for a verdict asks about. Raises Refused."""
        holdings, name = self.held_in(subject)
        content = self.content(request.body, subject)
        level = self.effective_level(subject)
        numbers = self.compared(holdings, name, level)
        if version:
            numbers = [self.numbered(holdings, name, version)] if level != "NONE" else []
        return self.first_break(holdings, name, numbers, content)

    def verdict(self, request: Request, level: str, broken: Break | None) -> Any:
        """The answer to a request for a verdict."""
        messages = {"messages": list(broken.words if broken else ())} if request.has("verbose") else {}
        return {"is_compatible": broken is None} | messages

    def judge(self, request: Request, subject: str, version: str = "") -> Any:
        """POST /compatibility/subjects/{subject}/versions, and …/versions/{version}"""
        return self.verdict(request, self.effective_level(subject), self.judged(request, subject, version))
