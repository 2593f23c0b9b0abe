"""The verdict on a change: compares it with every base, and takes off what is waived and what is history."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pragma_contracts.governance.finding import Finding, Level, merged
from pragma_contracts.governance.gate.bases import Base
from pragma_contracts.governance.gate.diff import diff
from pragma_contracts.governance.gate.facts import running
from pragma_contracts.governance.gate.second_pair import unseen
from pragma_contracts.governance.gate.versions import changelog, versions
from pragma_contracts.governance.gate.waivers import apply_waivers
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.verdict import Verdict, Waiver


def judge(
    against: str,
    bases: Iterable[Base],
    *,
    changes: Path | None,
    waivers: Sequence[Waiver],
    today: datetime.date,
) -> Verdict:
    """Compares with every base. against: what they are called together. changes: the changelog, None when
    it is not asked for.

    Raises:
        ConfigurationError: buf cannot be run, so that there is no verdict.
        RuleCrashed: a rule failed, so that there is no verdict.
    """
    every: list[Finding] = []
    history = 0
    for base in bases:
        found = _differences(base)
        if base.later is not None:
            # What came between versions that are all live cannot be taken back: only what is new about it is judged.
            breaks = [finding for finding in found if finding.level is Level.BREAKING]
            past = {_what(finding) for finding in differences(base.old, base.later)} if breaks else set()
            found = [finding for finding in breaks if _what(finding) not in past]
            history += len(breaks) - len(found)
        every += [replace(finding, bases=(base.name,)) for finding in found]
        if changes is not None:
            with running("CHANGELOG_ENTRY", "the contracts' versions"):
                every += [replace(finding, bases=(base.name,)) for finding in changelog(base.old, base.new, changes)]
    judged = apply_waivers(merged(every), list(waivers), today)
    findings, waived, problems = tuple(judged.findings), tuple(judged.waived), tuple(judged.problems)
    return Verdict("gate", against, findings, waived, problems, history)


def _differences(base: Base) -> list[Finding]:
    found = differences(base.old, base.new)
    # Whoever does not know the version of the old side cannot say that it was not raised.
    return found if base.versioned else [each for each in found if each.rule != "CONTRACT_VERSION_RAISED"]


def differences(old: Schemas, new: Schemas) -> list[Finding]:
    """Everything that differs between two schemas. Raises what `judge` does."""
    ours = list(diff(old, new))
    with running("CONTRACT_VERSION_RAISED", "the contracts' versions"):
        ours += versions(old, new)
    with running("UNKNOWN_DIFFERENCE", "the findings of buf"):
        return [*ours, *unseen(old, new, ours)]


def _what(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.symbol, finding.change
