"""Prints a verdict: for people, as JSON, and as annotations of a pull request."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pragma_contracts.governance.gate.finding import Finding, Level
from pragma_contracts.governance.gate.rules import RULES, Rule
from pragma_contracts.governance.gate.verdict import Verdict


def text(verdict: Verdict) -> Iterator[str]:
    """For people: breaks first, each with who is hurt and what to do, then everything else that changed."""
    for finding in verdict.of(Level.BREAKING):
        yield from _detail(finding, finding.rule)
    for finding, waiver in verdict.waived:
        yield f"{finding.place}: {finding.rule} (waived until {waiver.expires}: {waiver.reason})"
        yield f"  {finding.change}"
    for problem in verdict.problems:
        yield f"gate-waivers.toml: {problem}"
    for finding in verdict.of(Level.CONSUMERS_FIRST):
        yield from _detail(finding, f"{finding.rule} (passes: upgrade consumers first)")
    compatible = verdict.of(Level.COMPATIBLE)
    if compatible:
        yield "Compatible changes:"
        yield from (f"  {finding.change}" for finding in compatible)
    yield _summary(verdict)


def as_json(verdict: Verdict) -> Iterator[str]:
    """One JSON object, with the findings in the order of the text."""
    every = [(finding, None) for finding in verdict.findings] + list(verdict.waived)
    findings = [_as_object(finding) | {"waived": waiver is not None} for finding, waiver in every]
    whole = {
        "base": verdict.base,
        "refused": verdict.refused,
        "findings": findings,
        "waiver_problems": list(verdict.problems),
    }
    yield json.dumps(whole, indent=2)


def github(verdict: Verdict) -> Iterator[str]:
    """Workflow commands, which GitHub shows as annotations beside the lines of a pull request."""
    for finding in verdict.of(Level.BREAKING):
        yield _annotation("error", finding)
    for finding in verdict.of(Level.CONSUMERS_FIRST):
        yield _annotation("warning", finding)
    for problem in verdict.problems:
        yield f"::error title=gate-waivers.toml::{_escaped(problem)}"
    yield _summary(verdict)


PRINTERS: Mapping[str, Callable[[Verdict], Iterator[str]]] = {"text": text, "json": as_json, "github": github}


def explained(rule: Rule) -> Iterator[str]:
    """A rule, with an example."""
    old, new = rule.example
    yield f"{rule.id} ({rule.level.value}): {rule.purpose}"
    yield f"  before: {old}"
    yield f"  after:  {new}"
    if rule.breaks:
        yield f"  breaks: {', '.join(rule.breaks)}"
    if rule.fix:
        yield f"  instead: {rule.fix}"
    if not rule.can_be_waived:
        yield "  It cannot be waived."


def _detail(finding: Finding, title: str) -> Iterator[str]:
    yield f"{finding.place}: {title}"
    yield f"  {finding.change}"
    yield f"  breaks {', '.join(finding.breaks)}: {finding.consequence}"
    yield f"  instead: {finding.fix}"


def _summary(verdict: Verdict) -> str:
    if verdict.refused:
        breaks, problems = len(verdict.of(Level.BREAKING)), len(verdict.problems)
        also = f" and {_count(problems, 'wrong waiver')}" if problems else ""
        return f"Refused: {_count(breaks, 'breaking change')}{also} against {verdict.base}."
    if not verdict.findings and not verdict.waived:
        return f"Nothing changed against {verdict.base}."
    count = len(verdict.findings) + len(verdict.waived)
    waived = f", {len(verdict.waived)} of them waived" if verdict.waived else ""
    return f"Passed: {_count(count, 'change')} against {verdict.base}{waived}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _as_object(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "symbol": finding.symbol,
        "change": finding.change,
        "breaks": list(finding.breaks),
        "consequence": finding.consequence,
        "fix": finding.fix,
        "bases": list(finding.bases),
        "can_be_waived": finding.level is Level.BREAKING and RULES[finding.rule].can_be_waived,
    }


def _annotation(kind: str, finding: Finding) -> str:
    place = f"file={_escaped_property(finding.file)}"
    if finding.line:
        place += f",line={finding.line},col={finding.column}"
    message = f"{finding.change}\n{finding.consequence}\ninstead: {finding.fix}"
    return f"::{kind} {place},title={finding.rule}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
