"""What the gate and the linter find: one frozen value, which every printer shows in its own way."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from pragma_contracts.governance.model import Place


class Level(StrEnum):
    """What a finding means for the change."""

    BREAKING = "breaking"  # the gate refuses it
    CONSUMERS_FIRST = "upgrade consumers first"  # it may pass, in the right order
    COMPATIBLE = "compatible"
    WRONG = "wrong"  # the linter refuses it, whatever it was before


class Breaks(StrEnum):
    """Who is hurt by a change."""

    PRODUCERS = "producers already running"
    CONSUMERS = "consumers already running"
    STORED = "messages already stored"
    CODE = "generated code"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One difference between two schemas, or one thing that the linter dislikes.

    file, line, column: where it stands in the new schemas, or in the old ones when it is gone; 0 when not known.
    symbol: the full name of the element, such as "pragma.market.v1.Price.price". change: what changed, from what to
    what. consequence: one concrete thing that goes wrong. fix: what to do instead. bases: what was compared with.
    """

    file: str
    line: int
    column: int
    rule: str
    symbol: str
    change: str
    level: Level
    breaks: tuple[Breaks, ...] = ()
    consequence: str = ""
    fix: str = ""
    bases: tuple[str, ...] = ()
    can_be_waived: bool = False

    @property
    def place(self) -> str:
        """file:line:column, as far as it is known."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def harm(self) -> str:
        """Who is hurt, and how; nothing when nobody is."""
        return f"breaks {', '.join(self.breaks)}: {self.consequence}" if self.breaks else ""


def at(place: Place) -> dict[str, str | int]:
    """A place as a finding's file, line and column."""
    return {"file": place.file, "line": place.line, "column": place.column}


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted, and those that differ in their bases alone as one."""
    bases: dict[Finding, list[str]] = {}
    for finding in findings:
        known = bases.setdefault(replace(finding, bases=()), [])
        known += [base for base in finding.bases if base not in known]
    return sorted(replace(finding, bases=tuple(found)) for finding, found in bases.items())
