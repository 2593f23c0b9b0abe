"""Whether a contract's version says that its schema changed, and the changelog what."""

import re
from collections.abc import Iterator
from pathlib import Path

from pragma_contracts.descriptors import parse_set
from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate.facts import finding
from pragma_contracts.governance.meaning import meanings
from pragma_contracts.governance.model import File, Message, Place, Schemas


def versions(old: Schemas, new: Schemas) -> Iterator[Finding]:
    """Contracts whose files or imports changed and whose version was not raised; and those whose version was."""
    before = {message.full_name: (file, message) for file, message, _ in old.contracts()}
    for file, message, option in new.contracts():
        if message.full_name not in before:
            continue
        old_file, old_message = before[message.full_name]
        assert old_message.contract is not None  # noqa: S101  # it came from old.contracts()
        was, now = old_message.contract.version, option.version
        changed = _changed(old, old_file, new, file)
        if _number(now) > _number(was):
            yield finding(
                "VERSION_RAISED",
                message.place,
                message.full_name,
                f"~ version of {message.name} is {now}, and was {was}",
            )
        elif changed or now != was:
            if now == was:
                change = f"version of {message.name} is {now}, but {', '.join(changed)} changed"
                misled = f"nobody can tell messages of the old schema from those of the new one: both say {now}"
            else:
                change = f"version of {message.name} is {now}, and was {was}"
                misled = f"messages of the new schema say {now}, which is not later than {was}"
            facts = {"misled": misled, "wanted": _next(was)}
            yield finding("CONTRACT_VERSION_RAISED", message.place, message.full_name, change, **facts)


def changelog(old: Schemas, new: Schemas, path: Path) -> Iterator[Finding]:
    """Contracts that are new or have another version, and whose name and version stand on no line of the changelog."""
    before = {message.full_name: option.version for _, message, option in old.contracts()}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    for _, message, option in new.contracts():
        if before.get(message.full_name) == option.version or _is_told(message, option.version, lines):
            continue
        change = f"{path.name} has no line that names {message.name} and {option.version}"
        facts = {"name": message.name, "after": option.version, "file": path.name}
        yield finding("CHANGELOG_ENTRY", Place(path.as_posix(), 0, 0), message.full_name, change, **facts)


def closure(schemas: Schemas, file: File) -> dict[str, bytes]:
    """A file and all that it imports: what is registered of each, by name."""
    by_name = {known.name: known for known in schemas.files}
    found: dict[str, bytes] = {}
    waiting = [file]
    while waiting:
        each = waiting.pop()
        if each.name not in found:
            found[each.name] = each.serialized
            waiting += [by_name[name] for name in each.dependencies if name in by_name]
    return found


def _is_told(message: Message, version: str, lines: list[str]) -> bool:
    name = re.compile(rf"\b{re.escape(message.name)}\b")
    number = re.compile(rf"(?<![\d.]){re.escape(version)}(?!\.?\d)")
    return any(name.search(line) and number.search(line) for line in lines)


def _changed(old: Schemas, old_file: File, new: Schemas, new_file: File) -> list[str]:
    """The files that a contract is made of and that mean something else; a registry may only have another order."""
    before, after = closure(old, old_file), closure(new, new_file)
    if before == after:
        return []
    was, now = _meanings(old), _meanings(new)
    return sorted(name for name in before.keys() | after.keys() if was.get(name) != now.get(name))


def _meanings(schemas: Schemas) -> dict[str, bytes]:
    return meanings({file.name: file.SerializeToString() for file in parse_set(schemas.image).file})


def _number(version: str) -> tuple[int, ...]:
    """A version that can be compared; what is no version is lower than any."""
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else ()


def _next(version: str) -> str:
    major, minor = (*_number(version), 0, 0)[:2]
    return f"{major}.{minor + 1}"
