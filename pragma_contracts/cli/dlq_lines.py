"""The lines that `pragma-contracts dlq` prints: short and printable, whatever a letter holds."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pragma_contracts.errors import printable
from pragma_contracts.stream.dead_letter_topic import Found

STATES = ("readable", "bad", "replayed")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KIND, _KEY = 20, 120
_ROW = "{:<9} {:<24} {:<10} {:<12} {:>8}  {:<9} {}"
HEADER = _ROW.format("letter", "written", "source", "kind", "bytes", "now", "key: error")


def text(found: Found) -> str:
    """A letter as a row under HEADER; letter and source are partition:offset."""
    letter = found.letter
    source = f"{letter.source.partition}:{letter.source.offset}" if letter else "-"
    said = f"{_key(letter.key)}: {letter.error}" if letter else found.problem
    if letter and letter.replays:
        said += f" (replayed {letter.replays} times before)"
    if letter and found.problem not in ("", letter.error):
        said += f"; now: {found.problem}"
    place = f"{found.partition}:{found.offset}"
    return _ROW.format(place, _time(found.ms), source, printable(found.kind, _KIND), found.size, found.state, said)


def as_json(found: Found) -> str:
    """A letter as one line of JSON; of a record that is none, only what is known of it."""
    facts: dict[str, Any] = {
        "partition": found.partition,
        "offset": found.offset,
        "written": _time(found.ms),
        "kind": found.kind,
        "bytes": found.size,
        "now": found.state,
        "problem": found.problem,
    }
    if letter := found.letter:
        source = {
            "topic": letter.topic,
            "partition": letter.source.partition,
            "offset": letter.source.offset,
            "timestamp": _time(letter.source.timestamp),
        }
        facts |= {"key": letter.key and _key(letter.key), "error": letter.error, "source": source}
        facts |= {"group": letter.group, "replays": letter.replays, "left_out": letter.left_out}
    return json.dumps(facts)


def table(counts: Mapping[tuple[str, str], int], columns: Sequence[str]) -> Iterator[str]:
    """Counts by kind, a row each, with a column for each state or outcome that occurs."""
    used = [column for column in columns if any(state == column for _, state in counts)]
    kinds = sorted({kind for kind, _ in counts})
    if not kinds:
        yield "no letters"
        return
    width = max(len(printable(kind, _KIND)) for kind in [*kinds, "kind"])
    yield "  ".join(["kind".ljust(width), *used])
    for kind in kinds:
        row = [str(counts.get((kind, column), 0)).rjust(len(column)) for column in used]
        yield "  ".join([printable(kind, _KIND).ljust(width), *row])


def summary_json(counts: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """The counts as one line of JSON, by kind and state."""
    kinds = {kind: {state: counts.get((kind, state), 0) for state in STATES} for kind, _ in counts}
    yield json.dumps({"summary": kinds})


def _key(key: bytes | None) -> str:
    return "no key" if key is None else printable(key[: 4 * _KEY].decode(errors="backslashreplace"), _KEY)


def _time(ms: int) -> str:
    try:
        return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return f"{ms} ms"
