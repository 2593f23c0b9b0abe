"""A verdict for programs: JSON of our own, SARIF for code scanning, JUnit for test reports."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from pragma_contracts.governance.finding import Finding, Level
from pragma_contracts.governance.gate.rules import RULES as GATE_RULES
from pragma_contracts.governance.lint.rules import RULES as LINT_RULES
from pragma_contracts.governance.printing.text import summary
from pragma_contracts.governance.rule import Rule
from pragma_contracts.governance.verdict import SecondOpinion, Verdict, Waiver

_RULES: Mapping[str, Rule] = {**GATE_RULES, **LINT_RULES}
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SARIF_LEVELS = {
    Level.BREAKING: "error",
    Level.WRONG: "error",
    Level.CONSUMERS_FIRST: "warning",
    Level.COMPATIBLE: "note",
}


def as_json(verdict: Verdict) -> Iterator[str]:
    """One JSON object, with the findings in the order of the text."""
    yield json.dumps(as_object(verdict), indent=2, ensure_ascii=False)


def as_object(verdict: Verdict) -> dict[str, Any]:
    """The verdict as an object for JSON."""
    return {
        "command": verdict.command,
        "about": verdict.about,
        "refused": verdict.refused,
        "findings": [_finding(finding) | {"waived": waiver is not None} for finding, waiver in _every(verdict)],
        "waiver_problems": list(verdict.problems),
        "breaks_in_history": verdict.history,
        "compared": {each.subject: each.versions for each in verdict.compared},
        "not_compared": list(verdict.unseen),
        "second_opinions": [_opinion(opinion) for opinion in verdict.opinions],
    }


def sarif(verdict: Verdict) -> Iterator[str]:
    """SARIF 2.1.0, one run: what is waived is there as suppressed."""
    every = _every(verdict)
    ids = sorted({finding.rule for finding, _ in every})
    results = [_result(finding, waiver, ids) for finding, waiver in every]
    results += [{"level": "error", "message": {"text": f"gate-waivers.toml: {each}"}} for each in verdict.problems]
    driver = {"name": f"pragma-contracts {verdict.command}", "rules": [_descriptor(rule) for rule in ids]}
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    yield json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def junit(verdict: Verdict) -> Iterator[str]:
    """JUnit XML: each break is a failure, what is waived is skipped, and a verdict that passes is a passed test."""
    suite = ElementTree.Element("testsuite", name=f"pragma-contracts {verdict.command}")
    for finding in verdict.breaks:
        case = ElementTree.SubElement(suite, "testcase", classname=finding.rule, name=finding.symbol)
        failure = ElementTree.SubElement(case, "failure", message=finding.change, type=finding.rule)
        failure.text = "\n".join(part for part in (finding.place, finding.harm, finding.fix) if part)
    for problem in verdict.problems:
        case = ElementTree.SubElement(suite, "testcase", classname="waivers", name="gate-waivers.toml")
        ElementTree.SubElement(case, "failure", message=problem, type="waivers")
    for finding, waiver in verdict.waived:
        case = ElementTree.SubElement(suite, "testcase", classname=finding.rule, name=finding.symbol)
        ElementTree.SubElement(case, "skipped", message=f"waived until {waiver.expires}: {waiver.reason}")
    if not verdict.refused:
        ElementTree.SubElement(suite, "testcase", classname=verdict.command, name=summary(verdict))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(verdict.breaks) + len(verdict.problems)))
    suite.set("errors", "0")
    suite.set("skipped", str(len(verdict.waived)))
    ElementTree.indent(suite)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield ElementTree.tostring(suite, encoding="unicode")


def _every(verdict: Verdict) -> list[tuple[Finding, Waiver | None]]:
    return [*((finding, None) for finding in verdict.findings), *verdict.waived]


def _finding(finding: Finding) -> dict[str, Any]:
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
        "can_be_waived": finding.can_be_waived,
    }


def _opinion(opinion: SecondOpinion) -> dict[str, Any]:
    return {
        "subject": opinion.subject,
        "level": opinion.level,
        "compatible": opinion.compatible,
        "words": list(opinion.words),
        "refused_by": list(opinion.refused_by),
        "disagrees": opinion.disagrees,
    }


def _result(finding: Finding, waiver: Waiver | None, ids: list[str]) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": finding.file}}
    if finding.line:
        location["region"] = {"startLine": finding.line, "startColumn": finding.column}
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": "\n".join(part for part in (finding.change, finding.harm, finding.fix) if part)},
        "locations": [{"physicalLocation": location, "logicalLocations": [{"fullyQualifiedName": finding.symbol}]}],
    }
    if waiver is not None:
        found["suppressions"] = [{"kind": "external", "justification": waiver.reason}]
    return found


def _descriptor(rule: str) -> dict[str, Any]:
    known = _RULES.get(rule)
    if known is None:
        return {"id": rule, "helpUri": f"https://buf.build/docs/lint/rules/#{rule.lower()}"}
    return {"id": rule, "shortDescription": {"text": known.purpose}}
