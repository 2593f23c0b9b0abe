"""Renders docs/benchmarks.md from the records of all lines."""

from collections.abc import Sequence

from benchmarks.line import Column, Line, Target
from benchmarks.record import Figure, Record

INTRODUCTION = """\
<!-- Rendered by `make bench` from benchmarks/records: do not edit. -->
# Benchmarks

What a call costs, against what one would use instead, doing the same work. The ratio is what counts: the times are
those of one small machine.

- Every contender of every round runs in a process of its own, in turns, so that noise hits all alike. The first round
  is not counted. A ratio is taken within each round, and its median is shown; in brackets are quartiles.
- Before anything is timed, what a contender made is read back and compared with the values it was given: sent messages
  come back out of Kafka. Whatever can be held beforehand is prepared, caches are warm, and the first fifth of the work
  is not timed.
- The work is the recorded sample, every message once: texts that come again do so as often as they did in the market.
- All contenders have the same librdkafka settings, with a queue that is emptied while the clock stands. Of those that
  send, ours alone has a callback that counts failures. Unless it is said otherwise they are written as fast as can be,
  and make message ids as ours does.
- Ours runs with its compiled hot paths (`make native`); "in Python alone" is the same without them.
- `make bench` measures everything, `.venv/bin/python -m benchmarks NAME` a single line, and with `--quick` gives a
  first impression, which is not recorded.
"""

_WORDS = {"faster": "at least {:g}× faster", "at most": "at most {:g}×", "within": "within its rounds"}


def render(pairs: Sequence[tuple[Line, Record]]) -> str:
    """The page."""
    sections = [section(line, record) for line, record in pairs]
    return "\n".join([INTRODUCTION, _targets(pairs), *sections])


def _targets(pairs: Sequence[tuple[Line, Record]]) -> str:
    rows = [
        "## What must be reached\n",
        "| | must reach | measured | | floor |",
        "|---|---|---|---|---|",
        *(_target_row(line, record, target) for line, record in pairs for target in line.targets),
    ]
    return "\n".join([*rows, ""])


def _target_row(line: Line, record: Record, target: Target) -> str:
    column = next(column for column in line.columns if column.key == target.measure)
    reached = "reached" if record.reached(target) else "**missed**"
    floor = f"{line.floor}: {_spread(record.figures[line.floor][column.key], column)} {column.heading}"
    if target.measure not in record.figures[line.floor]:
        floor = ""
    ratio = record.ratio(target)
    low, high = ratio.quartiles
    measured = f"{ratio.median:.2f}× ({low:.2f}–{high:.2f})"
    if target.rule == "within":
        ours, rival = (record.figures[name][target.measure] for name in (target.ours, target.rival))
        rounds = ", ".join(f"{value / column.unit:.{column.digits}f}" for value in sorted(rival.rounds))
        measured = f"{ours.median / column.unit:.{column.digits}f}; theirs {rounds}"
    return f"| {target.what} | {_WORDS[target.rule].format(target.limit)} | {measured} | {reached} | {floor} |"


def section(line: Line, record: Record) -> str:
    """One line: its contenders, its floor and its circumstances."""
    columns = [column for column in line.columns if any(column.key in found for found in record.figures.values())]
    rows = [
        f"| {' | '.join(['', *(column.heading for column in columns), 'minimum', 'times ours'])} |",
        f"|---{'|---:' * (len(columns) + 2)}|",
        *(_row(name, line, record, columns) for name in line.contenders),
    ]
    rounds = len(record.figures[line.contenders[0]][line.columns[0].key].rounds)
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return "\n".join(
        [
            f"## {line.title}\n",
            f"{line.what}\n",
            *rows,
            "",
            f"The floor is {line.floor}. {line.limits}\n",
            f"`{line.name}`, {record.date}, {rounds} rounds on {record.machine}: {versions}.\n",
        ]
    )


def _row(name: str, line: Line, record: Record, columns: Sequence[Column]) -> str:
    found, first = record.figures[name], line.columns[0]
    cells = [_spread(found[column.key], column) if column.key in found else "" for column in columns]
    times = found[first.key].over(record.figures[line.contenders[0]][first.key]).median
    return f"| {' | '.join([name, *cells, _number(found[first.key].minimum, first), f'{times:.2f}'])} |"


def _spread(figure: Figure, column: Column) -> str:
    low, high = figure.quartiles
    median = _number(figure.median, column)
    if _number(low, column) == _number(high, column):
        return median
    return f"{median} ({_number(low, column)}–{_number(high, column)})"


def _number(value: float, column: Column) -> str:
    return f"{value / column.unit:,.{column.digits}f}"
