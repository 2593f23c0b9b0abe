"""A verdict and a rule for people: lines that are the same on a terminal, where they have colours, and in a pipe."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pragma_contracts.governance.finding import Finding, Level
from pragma_contracts.governance.rule import Rule
from pragma_contracts.governance.verdict import SecondOpinion, Verdict

# What a template of a rule leaves open.
_FACT = re.compile(r"\{\w+\}")
# So many of the versions that a finding is about are named.
_BASES = 3
_BAD, _WARN, _GOOD, _DIM = "bold red", "yellow", "green", "dim"


class Line(NamedTuple):
    """A line and its style on a terminal, in rich's words."""

    text: str
    style: str = ""


def text(verdict: Verdict) -> Iterator[Line]:
    """Breaks first, each with who is hurt and what to do, then everything else that changed, and the verdict last."""
    for finding in verdict.breaks:
        yield from _detail(finding, named(finding), _BAD)
        yield from (Line(f"  {line}", _DIM) for line in bases(verdict, finding))
    for finding, waiver in verdict.waived:
        yield Line(f"{finding.place}: {named(finding)} (waived until {waiver.expires}: {waiver.reason})", _WARN)
        yield Line(f"  {finding.change}")
    for problem in verdict.problems:
        yield Line(f"gate-waivers.toml: {problem}", _BAD)
    for finding in verdict.of(Level.CONSUMERS_FIRST):
        yield from _detail(finding, f"{finding.rule} (passes: upgrade consumers first)", _WARN)
    compatible = verdict.of(Level.COMPATIBLE)
    if compatible:
        yield Line("Compatible changes:")
        yield from (Line(f"  {finding.change}", _GOOD) for finding in compatible)
    if verdict.history:
        yield Line(f"{count(verdict.history, 'break')} between versions that are all live: history, not judged again")
    for line in compared(verdict):
        yield Line(line, _DIM)
    for opinion in verdict.opinions:
        yield from _opinion(opinion)
    yield Line(summary(verdict), _BAD if verdict.refused else _GOOD)


def explained(rule: Rule) -> Iterator[Line]:
    """A rule, with an example."""
    before, after = ("wrong", "right") if rule.level is Level.WRONG else ("before", "after")
    yield Line(f"{rule.id} ({rule.level.value}): {rule.purpose}")
    yield Line(f"  {before + ':':<7} {rule.example[0]}")
    yield Line(f"  {after + ':':<7} {rule.example[1]}")
    if rule.breaks:
        yield Line(f"  breaks: {', '.join(rule.breaks)}")
    if rule.fix:
        yield Line(f"  instead: {_FACT.sub('…', rule.fix)}")
    if not rule.can_be_waived:
        yield Line("  It cannot be waived.")


def summary(verdict: Verdict) -> str:
    """The verdict in one sentence."""
    against = f"against {verdict.about}" if verdict.command == "gate" else f"in {verdict.about}"
    if verdict.refused:
        what = "breaking change" if verdict.command == "gate" else "finding"
        parts = [count(len(verdict.breaks), what)] if verdict.breaks else []
        parts += [count(len(verdict.problems), "wrong waiver")] if verdict.problems else []
        return f"Refused: {' and '.join(parts)} {against}."
    if verdict.command == "lint":
        return f"Passed: nothing is wrong {against}."
    number = len(verdict.findings) + len(verdict.waived)
    if not number:
        return f"Nothing changed {against}."
    waived = f", {len(verdict.waived)} of them waived" if verdict.waived else ""
    return f"Passed: {count(number, 'change')} {against}{waived}."


def compared(verdict: Verdict) -> Iterator[str]:
    """How many versions of which subjects of a registry were compared with, and what could not be."""
    if verdict.compared:
        subjects = ", ".join(f"{subject} ({versions})" for subject, versions in verdict.compared)
        versions = count(sum(versions for _, versions in verdict.compared), "live version")
        yield f"Compared with {versions}: {subjects}"
    for sentence in verdict.unseen:
        yield f"Not compared: {sentence}"


def said(opinion: SecondOpinion) -> str:
    """What the registry says to a subject, and what we say where that differs."""
    if opinion.compatible is None:
        level = f" (level {opinion.level})" if opinion.level is not None else ""
        return f"{opinion.subject}{level}: no opinion: {'; '.join(opinion.words)}"
    head = f"{opinion.subject} (level {opinion.level or 'unset'})"
    theirs = "compatible" if opinion.compatible else "incompatible"
    if not opinion.disagrees:
        return f"{head}: agrees, {theirs}"
    ours = f"we refuse by {', '.join(opinion.refused_by)}" if opinion.refused_by else "we do not refuse it"
    return f"{head}: DISAGREES: the registry says {theirs}, {ours}"


def named(finding: Finding) -> str:
    """The rule of a finding, and of one that can be waived the path, as a waiver names it."""
    return f"{finding.rule} {finding.symbol}" if finding.can_be_waived else finding.rule


def bases(verdict: Verdict, finding: Finding) -> Iterator[str]:
    """What a finding was compared with, where the verdict is on more than that: the last of them, as a line."""
    if any(base != verdict.about for base in finding.bases):
        first, more = finding.bases[:_BASES], len(finding.bases) - _BASES
        yield f"beside: {', '.join(first)}{f' and {more} more' if more > 0 else ''}"


def count(number: int, what: str) -> str:
    """A number of things."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _detail(finding: Finding, title: str, style: str) -> Iterator[Line]:
    yield Line(f"{finding.place}: {title}", style)
    yield Line(f"  {finding.change}")
    if finding.harm:
        yield Line(f"  {finding.harm}")
    if finding.fix:
        yield Line(f"  instead: {finding.fix}")


def _opinion(opinion: SecondOpinion) -> Iterator[Line]:
    yield Line(f"Second opinion: {said(opinion)}", _WARN if opinion.disagrees else _DIM)
    if opinion.compatible is False:
        yield from (Line(f"  {words}") for words in opinion.words)
