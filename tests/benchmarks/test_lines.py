"""Every benchmark still runs and does the work that it says; nothing is timed here."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.__main__ import PAGE, rendered
from benchmarks.contender import Contender, measured
from benchmarks.line import Target
from benchmarks.lines import NAMES, line
from benchmarks.record import Figure, Record, read
from benchmarks.rounds import ContenderFailed, run
from pragma_contracts.testing import Stack

# Left out: what needs the real stack, and what differs from another line in a number alone.
LEFT_OUT = ("end-to-end-1k", "end-to-end-10k", "end-to-end-50k", "consume", "consume-one")
CASES = [(name, contender) for name in NAMES if name not in LEFT_OUT for contender in line(name).contenders]
TINY = 0.01

PlaceOf = Callable[[Callable[[], AbstractContextManager[Stack]]], Stack]


@pytest.fixture(scope="module")
def place_of() -> Iterator[PlaceOf]:
    """The place of a line, started once."""
    started: dict[Any, Stack] = {}
    with ExitStack() as ending:

        def place_of(place: Callable[[], AbstractContextManager[Stack]]) -> Stack:
            if place not in started:
                started[place] = ending.enter_context(place())
            return started[place]

        yield place_of


@pytest.mark.parametrize(("name", "contender"), CASES, ids=[f"{name}: {contender}" for name, contender in CASES])
def test_a_contender_does_the_work_of_its_line(name: str, contender: str, place_of: PlaceOf) -> None:
    measures = line(name).measure(contender, place_of(line(name).place), TINY)
    assert {"ns"} <= measures.keys() <= {column.key for column in line(name).columns}
    assert all(value > 0 for value in measures.values())


class _OneOff(Contender):
    def prepare(self, items: Sequence[int]) -> Sequence[int]:
        return items

    def run(self, work: Sequence[int]) -> None: ...

    def values(self, items: Sequence[int]) -> list[int]:
        return [item + (item == 20) for item in items]


def test_a_contender_that_does_other_work_is_not_timed() -> None:
    with pytest.raises(AssertionError, match="it does other work: 21 instead of 20"):
        measured(_OneOff, Stack("", ""), lambda: range(100), list)


def test_rounds_run_in_processes_and_the_first_is_not_counted() -> None:
    told: list[str] = []
    one = replace(line("book-floats"), contenders=line("book-floats").contenders[:1])
    found = run(one, Stack("", ""), rounds=1, share=TINY, tell=told.append)
    assert [len(rounds) for rounds in found.values()] == [1]
    assert len(told) == 2


def test_a_contender_that_fails_ends_the_line() -> None:
    one = replace(line("book-floats"), contenders=("nobody",))
    with pytest.raises(ContenderFailed, match=r"book-floats, nobody: (.|\n)*KeyError: 'nobody'"):
        run(one, Stack("", ""), rounds=1, share=TINY, tell=print)


def test_the_page_is_what_the_records_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run `python -m benchmarks --render`"


@pytest.mark.parametrize("name", NAMES)
def test_a_record_has_every_contender(name: str) -> None:
    assert set(read(name).figures) == set(line(name).contenders)


def _record(ours: Sequence[float], rival: Sequence[float]) -> Record:
    return Record("x", "", "", {}, {"we": {"ns": Figure(tuple(ours))}, "they": {"ns": Figure(tuple(rival))}})


@pytest.mark.parametrize(
    ("rule", "limit", "ours", "rival", "reached"),
    [
        pytest.param("faster", 4, (1, 2, 1), (4, 8, 3), True, id="as much faster in the middle round"),
        pytest.param("faster", 4, (1, 2, 1), (4, 7, 3), False, id="not as much faster in the middle round"),
        pytest.param("at most", 1.3, (13, 13, 20), (10, 10, 10), True, id="at most as slow in the middle round"),
        pytest.param("at most", 1.3, (13, 14, 20), (10, 10, 10), False, id="slower in the middle round"),
        pytest.param("within", 0, (1, 5, 9), (5, 1, 1), True, id="the middle is the worst of theirs"),
        pytest.param("within", 0, (1, 6, 9), (5, 1, 1), False, id="the middle is beyond the worst of theirs"),
    ],
)
def test_targets_are_judged_by_the_middle_round(
    rule: Any, limit: float, ours: Sequence[float], rival: Sequence[float], reached: bool
) -> None:
    assert _record(ours, rival).reached(Target("", "we", "they", rule, limit)) is reached
