"""Deliberate breaks: entries of gate-waivers.toml, each with a reason and a day on which it ends."""

import datetime
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pragma_contracts.errors import ConfigurationError, printable
from pragma_contracts.governance.finding import Finding, Level
from pragma_contracts.governance.gate.rules import RULES
from pragma_contracts.governance.verdict import Waiver

_KEYS = {"rule", "path", "reason", "expires"}


@dataclass(slots=True)
class Sorted:
    """Findings, those that a waiver lets pass, and what is wrong with the waivers."""

    findings: list[Finding] = field(default_factory=list)
    waived: list[tuple[Finding, Waiver]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_waivers(path: Path) -> list[Waiver]:
    """The waivers of a file; none when there is no such file. Raises ConfigurationError: an entry makes no sense."""
    if not path.exists():
        return []
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("waivers", f"{path} cannot be read: {error}") from error
    entries = document.pop("waiver", [])
    if document or not isinstance(entries, list):
        named = f"{', '.join(document)}: " if document else ""
        raise ConfigurationError("waivers", f"{path}: {named}it holds entries that begin with [[waiver]], and no more")
    return [_waiver(path, number, entry) for number, entry in enumerate(entries, 1)]


def apply_waivers(findings: Iterable[Finding], waivers: list[Waiver], today: datetime.date) -> Sorted:
    """Which findings pass. A waiver that has expired, or that no finding needs, is a problem of its own."""
    found = Sorted()
    used: set[Waiver] = set()
    for each in findings:
        matching = [waiver for waiver in waivers if (waiver.rule, waiver.path) == (each.rule, each.symbol)]
        current = next((waiver for waiver in matching if waiver.expires >= today), None)
        used.update(matching)
        if each.level is Level.BREAKING and current is not None:
            found.waived.append((each, current))
        else:
            found.findings.append(each)
    for waiver in waivers:
        name = f"the waiver of {waiver.rule} on {waiver.path}"
        if waiver.expires < today:
            found.problems.append(f"{name} expired on {waiver.expires}; remove it, or take the change back")
        elif waiver not in used:
            found.problems.append(f"{name} is not needed; remove it")
    return found


def _waiver(path: Path, number: int, entry: Any) -> Waiver:
    def refuse(problem: str) -> ConfigurationError:
        return ConfigurationError("waivers", f"{path}, waiver {number}: {problem}")

    if not isinstance(entry, dict) or entry.keys() != _KEYS:
        raise refuse(f"needs exactly {', '.join(sorted(_KEYS))}")
    for key in ("rule", "path", "reason"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise refuse(f"{key} is a text, and not empty")
    rule = RULES.get(entry["rule"])
    if rule is None or rule.level is not Level.BREAKING:
        raise refuse(f"{entry['rule']!r} is no rule that the gate refuses by; {_meant(entry['rule'])}")
    if not rule.can_be_waived:
        raise refuse(f"{rule.id} cannot be waived: {rule.fix or rule.purpose}")
    if type(entry["expires"]) is not datetime.date:
        raise refuse("expires is a day, such as 2027-01-31, without quotes")
    return Waiver(rule.id, printable(entry["path"]), printable(entry["reason"]), entry["expires"])


def _meant(name: str) -> str:
    close = get_close_matches(name, [rule.id for rule in RULES.values() if rule.level is Level.BREAKING], 1)
    return f"did you mean {close[0]}?" if close else "write the name that the gate prints"
