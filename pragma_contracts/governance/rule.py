"""A rule of the gate or the linter: what it is for, who is hurt when it is broken, and what to do instead."""

from dataclasses import dataclass
from typing import Any

from pragma_contracts.errors import printable
from pragma_contracts.governance.finding import Breaks, Finding, Level, at
from pragma_contracts.governance.model import Place


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding. consequence and fix are templates; whoever finds something gives the facts.

    example: before and after a change, or what is wrong and what is right. buf: the rules of buf that see the same
    change.
    """

    id: str
    purpose: str
    level: Level
    breaks: tuple[Breaks, ...] = ()
    consequence: str = ""
    fix: str = ""
    example: tuple[str, str] = ("", "")
    buf: tuple[str, ...] = ()
    can_be_waived: bool = True

    def finding(self, place: Place, symbol: str, change: str, **facts: Any) -> Finding:
        """A finding of this rule, with its texts filled in: each is one printable line, whatever a schema says."""
        return Finding(
            **at(place),  # type: ignore[arg-type]  # file, line and column
            rule=self.id,
            symbol=symbol,
            change=printable(change),
            level=self.level,
            breaks=self.breaks,
            consequence=printable(self.consequence.format(**facts)),
            fix=printable(self.fix.format(**facts)),
            can_be_waived=self.level is Level.BREAKING and self.can_be_waived,
        )


def breaking(name: str, purpose: str, *breaks: Breaks, **more: Any) -> Rule:
    """A rule by which the gate refuses; more: the other fields of a rule by name."""
    return Rule(name, purpose, Level.BREAKING, breaks, **more)
