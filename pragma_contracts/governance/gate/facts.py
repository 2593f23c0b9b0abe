"""What comparing files, messages, fields and enums has in common: findings, reserved numbers, and other options."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pragma_contracts.errors import ContractError, RuleCrashed
from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate.rules import RULES
from pragma_contracts.governance.model import Others, Place, Reserved

NOTHING = "(nothing)"


def finding(rule_id: str, place: Place, symbol: str, change: str, **facts: Any) -> Finding:
    """A finding of a rule, with its texts filled in."""
    return RULES[rule_id].finding(place, symbol, change, **facts)


@contextmanager
def running(rule: str, symbol: str) -> Iterator[None]:
    """Names the rule that fails in a way that nobody thought of. Raises RuleCrashed: there is no verdict then."""
    try:
        yield
    except ContractError:
        raise
    except Exception as error:
        raise RuleCrashed(rule, symbol, error) from error


def flag(value: bool) -> str:
    """An option that is set or not."""
    return "true" if value else "false"


def unreserved(number: int, name: str, reserved: Reserved) -> tuple[str, str]:
    """What of a number and a name is not reserved: in words, and what to write for it."""
    missing = [] if reserved.has_number(number) else [(f"the number {number}", f"reserved {number};")]
    missing += [] if name in reserved.names else [(f"the name {name}", f'reserved "{name}";')]
    return " and ".join(words for words, _ in missing), " ".join(written for _, written in missing)


def left_number(rule: str, place: Place, symbol: str, what: str, name: str, number: int) -> Finding:
    """That something has another number, and its old one is free for anybody."""
    change = f"{what} {name} left the number {number} without reserving it"
    facts = {"name": name, "before": f"the number {number}", "wanted": f"reserved {number};"}
    return finding(rule, place, symbol, change, **facts)


def taken(number: int, name: str, reserved: Reserved) -> str:
    """Where stored messages have what is reserved under a number or a name; nothing when neither is."""
    if reserved.has_number(number):
        return f"messages have under the number {number}"
    return f"JSON has under the name {name}" if name in reserved.names else ""


def reserved(before: Reserved, after: Reserved, place: Place, symbol: str) -> Iterator[Finding]:
    """What is reserved no more, and what is now."""
    for first, last in before.ranges:
        if gone := _beyond(first, last, after):
            text = f"the number{'' if gone.isdigit() else 's'} {gone}"
            change = f"{symbol} does not reserve {text} any more"
            yield finding("RESERVED_NO_DELETE", place, symbol, change, before=text)
    for name in before.names:
        if name not in after.names:
            change = f"{symbol} does not reserve the name {name} any more"
            yield finding("RESERVED_NO_DELETE", place, symbol, change, before=f"the name {name}")
    for first, last in after.ranges:
        if added := _beyond(first, last, before):
            yield finding("RESERVED_ADDED", place, symbol, f"+ reserved {added} in {symbol}")
    for name in after.names:
        if name not in before.names:
            yield finding("RESERVED_ADDED", place, symbol, f'+ reserved "{name}" in {symbol}')


def _beyond(first: int, last: int, other: Reserved) -> str:
    """The numbers of a range that the other side does not have, as they would be written."""
    parts = []
    for start, end in (*sorted(other.ranges), (last + 1, last + 1)):
        if first < start and first <= last:
            until = min(start - 1, last)
            parts.append(str(first) if first == until else f"{first} to {until}")
        first = max(first, end + 1)
    return ", ".join(parts)


def others(before: Others, after: Others, place: Place, symbol: str, what: str) -> Iterator[Finding]:
    """Differences in what no rule knows by name."""
    was, now = dict(before), dict(after)
    for name in sorted(was.keys() | now.keys()):
        old, new = was.get(name, NOTHING), now.get(name, NOTHING)
        if old == new:
            continue
        if name == "deprecated" and (old == "true") == (new == "true"):
            continue
        if name == "deprecated":
            change = f"~ {what} {symbol} is {'' if new == 'true' else 'no longer '}deprecated"
            yield finding("DEPRECATED", place, symbol, change)
        else:
            option = f"option {name}" if name != "rest" else "descriptor"
            change = f"{option} of {what} {symbol} changed from {old} to {new}"
            yield finding("UNKNOWN_DIFFERENCE", place, symbol, change)
