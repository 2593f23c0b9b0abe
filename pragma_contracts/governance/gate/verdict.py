"""The verdict on a change: every finding, what is waived, and whether the gate refuses."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pragma_contracts.governance.gate.bases import Base
from pragma_contracts.governance.gate.diff import diff
from pragma_contracts.governance.gate.finding import Finding, Level, merged
from pragma_contracts.governance.gate.second_pair import unseen
from pragma_contracts.governance.gate.versions import changelog, versions
from pragma_contracts.governance.gate.waivers import Waiver, apply_waivers


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
    against: str, bases: Iterable[Base], changes: Path, waivers: Sequence[Waiver], today: datetime.date
) -> Verdict:
    """Compares with every base. against: what they are called together. changes: the changelog.

    Raises:
        ConfigurationError: buf cannot be run, so that there is no verdict.
    """
    every: list[Finding] = []
    for base in bases:
        ours = [*diff(base.old, base.new), *versions(base.old, base.new), *changelog(base.old, base.new, changes)]
        found = [*ours, *unseen(base.old, base.new, ours)]
        every += [replace(each, bases=(base.name,)) for each in found]
    judged = apply_waivers(merged(every), list(waivers), today)
    return Verdict(against, tuple(judged.findings), tuple(judged.waived), tuple(judged.problems))
