"""buf's FILE rules as a second pair of eyes: what they see and no rule of ours does is a break too."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pragma_contracts.governance.buf import buf
from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate.facts import finding
from pragma_contracts.governance.gate.rules import RULES
from pragma_contracts.governance.model import Place, Schemas
from pragma_contracts.governance.targets import compiled

_GONE = re.compile(r'(?:message|enum) "([^"]+)" was deleted')
# A field that only lost its name is named last; an extension is named in full.
_FIELD = re.compile(
    r'(?:[Ff]ield|Extension) "\d+"(?: with name "(?P<name>[^"]+)")? on message "(?P<message>[^"]+)"'
    r'(?: changed name from "[^"]+" to "(?P<renamed>[^"]+)")?'
)
_OPTION = re.compile(r"option (?P<name>\w+) of (?P<what>file|message|field) ")
# The rules of buf for options that are not of files; those of files have the option's name in theirs.
_OPTION_RULES = {
    "ctype": "FIELD_SAME_CPP_STRING_TYPE",
    "jstype": "FIELD_SAME_JSTYPE",
    "no_standard_descriptor_accessor": "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR",
}


def unseen(old: Schemas, new: Schemas, ours: Iterable[Finding]) -> Iterator[Finding]:
    """What buf finds beyond our findings. Raises ConfigurationError when it cannot be run."""
    # Of many live versions most differ in nothing, and buf is a process for each.
    if compiled(old) == compiled(new):
        return
    ours = list(ours)
    # As often as we see it, of the same field or file: more of the same is something that we do not see.
    covered = Counter((rule, _element(rule, found.symbol)) for found in ours for rule in _rules(found))
    gone = tuple(f"{found.symbol}." for found in ours if found.rule in ("CONTRACT_NO_DELETE", "MESSAGE_NO_DELETE"))
    for entry in buf("breaking", ["FILE"], new, against=old):
        # protobuf's own files come with the compiler, and differ between its versions.
        if entry.get("path", "").startswith("google/protobuf/") or _is_told_elsewhere(entry, old, gone):
            continue
        place = Place(entry.get("path", ""), entry.get("start_line", 0), entry.get("start_column", 0))
        seen = next(((entry["type"], each) for each in _elements(entry, new) if covered[entry["type"], each]), None)
        if seen is not None:
            covered[seen] -= 1
        else:
            change = f"{entry['message']} (rule {entry['type']} of buf)"
            yield finding("UNKNOWN_DIFFERENCE", place, place.file, change)


def _rules(found: Finding) -> tuple[str, ...]:
    """The rules by which buf sees the same."""
    option = _OPTION.match(found.change) if found.rule == "UNKNOWN_DIFFERENCE" else None
    if option is None:
        return RULES[found.rule].buf
    if option["what"] == "file":
        return (f"FILE_SAME_{option['name'].upper()}",)
    return (_OPTION_RULES[option["name"]],) if option["name"] in _OPTION_RULES else ()


def _element(rule: str, symbol: str) -> str:
    """What a finding is about, as exactly as buf says it by this rule: a field of a message, a file, or just anything.

    buf leaves out the package of a message, and what it is nested in.
    """
    if rule.startswith("FIELD_"):
        return ".".join(symbol.split(".")[-2:])
    return symbol if rule.startswith("FILE_SAME_") else ""


def _elements(entry: dict[str, Any], new: Schemas) -> list[str]:
    """What buf's finding may be about, in the words of `_element`."""
    rule, path = entry["type"], entry.get("path", "")
    if not rule.startswith("FIELD_"):
        return [_element(rule, path)]
    told = _FIELD.search(entry["message"])
    if told is None:
        return []
    # What buf says of the key or value of a map we say of the map.
    maps = [
        f"{message.name}.{field.name}"
        for message in new.messages.values()
        for field in message.fields
        if message.file == path and (pair := new.map_entry(field)) is not None and pair.name == told["message"]
    ]
    name = told["name"] or told["renamed"]
    return maps or [_element(rule, f"{told['message']}.{name}")]


def _is_told_elsewhere(entry: dict[str, Any], old: Schemas, gone: tuple[str, ...]) -> bool:
    """Whether it is about something that goes with another: what a map field stands for, or what stood in a message."""
    named = _GONE.search(entry["message"])
    if named is None:
        return False
    file = next((file for file in old.files if file.name == entry.get("path")), None)
    if file is None:
        return False
    full_name = f"{file.package}.{named[1]}" if file.package else named[1]
    message = old.messages.get(full_name)
    return full_name.startswith(gone) or (message is not None and message.map_entry)
