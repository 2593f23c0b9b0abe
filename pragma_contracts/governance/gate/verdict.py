"""The verdict on a change: every finding, what is waived, and whether the gate refuses."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pragma_contracts.governance.gate.diff import diff
from pragma_contracts.governance.gate.finding import Finding, Level, merged
from pragma_contracts.governance.gate.second_pair import unseen
from pragma_contracts.governance.gate.versions import changelog, versions
from pragma_contracts.governance.gate.waivers import Waiver, apply_waivers
from pragma_contracts.governance.model import Schemas


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says. problems: what is wrong with the waivers."""

    base: str
    findings: tuple[Finding, ...]
    waived: tuple[tuple[Finding, Waiver], ...]
    problems: tuple[str, ...]

    def of(self, level: Level) -> list[Finding]:
        """The findings of a level."""
        return [finding for finding in self.findings if finding.level is level]

    @property
    def refused(self) -> bool:
        """Whether the change must not be merged."""
        return bool(self.of(Level.BREAKING) or self.problems)


def judge(
    old: Schemas, new: Schemas, base: str, changes: Path, waivers: Sequence[Waiver], today: datetime.date
) -> Verdict:
    """Compares two schemas. base: what the old ones are called. changes: the changelog. Raises ConfigurationError."""
    ours = [*diff(old, new), *versions(old, new), *changelog(old, new, changes)]
    every = [*ours, *unseen(old, new, ours)]
    found = apply_waivers(merged(replace(each, bases=(base,)) for each in every), list(waivers), today)
    return Verdict(base, tuple(found.findings), tuple(found.waived), tuple(found.problems))
