"""A verdict: every finding, what is waived, what a registry says to it, and whether it is a refusal."""

import datetime
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

from pragma_contracts.governance.finding import Finding, Level


@dataclass(frozen=True, slots=True)
class Waiver:
    """Lets one finding pass: of this rule, on the element with this full name, until the end of a day."""

    rule: str
    path: str
    reason: str
    expires: datetime.date


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What a registry says to one subject's new schema, beside our verdict.

    level: the subject's own compatibility level, None when it has none. compatible: None is no opinion. words: the
    registry's own, or why it has no opinion. refused_by: the rules by which we refuse, empty when we do not.
    """

    subject: str
    level: str | None
    compatible: bool | None
    words: tuple[str, ...]
    refused_by: tuple[str, ...]

    @property
    def disagrees(self) -> bool:
        """Whether the registry has an opinion, and it is not ours."""
        return self.compatible is not None and self.compatible == bool(self.refused_by)


class Compared(NamedTuple):
    """How many live versions of a subject were compared with."""

    subject: str
    versions: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate or the linter says.

    command: "gate" or "lint". about: what was compared with, or which folder was looked at. problems: what is wrong
    with the waivers. history: how many breaks lie between versions that are all live, and are not judged again.
    compared: what of a registry was compared with. unseen: what of it could not be, a sentence each.
    """

    command: str
    about: str
    findings: tuple[Finding, ...]
    waived: tuple[tuple[Finding, Waiver], ...] = ()
    problems: tuple[str, ...] = ()
    history: int = 0
    opinions: tuple[SecondOpinion, ...] = ()
    compared: tuple[Compared, ...] = ()
    unseen: tuple[str, ...] = ()

    def of(self, *levels: Level) -> list[Finding]:
        """The findings of these levels."""
        return [finding for finding in self.findings if finding.level in levels]

    @property
    def breaks(self) -> list[Finding]:
        """The findings for which it refuses."""
        return self.of(Level.BREAKING, Level.WRONG)

    def breaks_alone(self) -> Self:
        """The verdict without what passes."""
        return replace(self, findings=tuple(self.breaks))

    def seen_from(self, folder: Path) -> Self:
        """The verdict with its files named as the reader would open them: import paths start in the schemas' folder."""

        def located(finding: Finding) -> Finding:
            is_schema = finding.file.endswith(".proto")
            return replace(finding, file=(folder / finding.file).as_posix()) if is_schema else finding

        waived = tuple((located(finding), waiver) for finding, waiver in self.waived)
        return replace(self, findings=tuple(map(located, self.findings)), waived=waived)

    @property
    def refused(self) -> bool:
        """Whether the change must not be merged."""
        return bool(self.breaks or self.problems)
