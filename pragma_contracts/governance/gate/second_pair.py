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

_NAME = re.compile(r'message "([^"]+)" was deleted')


def unseen(old: Schemas, new: Schemas, ours: Iterable[Finding]) -> Iterator[Finding]:
    """What buf finds beyond our findings. Raises ConfigurationError when it cannot be run."""
    ours = list(ours)
    # As often as we see it: more of the same is something that we do not see.
    covered = Counter(rule for found in ours for rule in RULES[found.rule].buf)
    gone = tuple(f"{found.symbol}." for found in ours if found.rule in ("CONTRACT_NO_DELETE", "MESSAGE_NO_DELETE"))
    for entry in buf("breaking", ["FILE"], new, against=old):
        # protobuf's own files come with the compiler, and differ between its versions.
        if entry.get("path", "").startswith("google/protobuf/") or _is_told_elsewhere(entry, old, gone):
            continue
        place = Place(entry.get("path", ""), entry.get("start_line", 0), entry.get("start_column", 0))
        if covered[entry["type"]]:
            covered[entry["type"]] -= 1
        else:
            change = f"{entry['message']} (rule {entry['type']} of buf)"
            yield finding("UNKNOWN_DIFFERENCE", place, place.file, change)


def _is_told_elsewhere(entry: dict[str, Any], old: Schemas, gone: tuple[str, ...]) -> bool:
    """Whether it is about a message that goes with another: what a map field stands for, or what stood in a message."""
    named = _NAME.search(entry["message"])
    if named is None:
        return False
    file = next((file for file in old.files if file.name == entry.get("path")), None)
    if file is None:
        return False
    full_name = f"{file.package}.{named[1]}" if file.package else named[1]
    message = old.messages.get(full_name)
    return full_name.startswith(gone) or (message is not None and message.map_entry)
