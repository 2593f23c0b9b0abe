"""Contenders whose work is one call for each value: seen to be right first, then timed."""

import gc
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from benchmarks.line import Measures
from pragma_contracts.testing import Stack

# Calls between two rests: what they queue stays below every limit of librdkafka.
_TURN = 2000
# One in so many values is proved.
_PROVED = 10
# The part of the work that goes before the clock starts.
_WARM = 5


class Contender(ABC):
    """One way to do a line's work."""

    def __init__(self, place: Stack) -> None:
        self.place = place

    @abstractmethod
    def prepare(self, items: Sequence[Any]) -> Sequence[Any]:
        """What a program has in hand before each call. Not timed."""

    @abstractmethod
    def run(self, work: Sequence[Any]) -> None:
        """The work that is timed."""

    @abstractmethod
    def values(self, items: Sequence[Any]) -> list[Any]:
        """What the work comes to, read back as plain values."""

    def rest(self) -> None:  # noqa: B027  most have nothing to do
        """Makes room for the next turn. Not timed."""

    def close(self) -> None:  # noqa: B027  most have nothing to do
        """Ends what was started."""

    def bytes(self) -> float | None:
        """Bytes of an average message, once `values` has been asked for; None where it says nothing."""
        return None


def measured(
    contender: Callable[[Stack], Contender],
    place: Stack,
    items: Callable[[], Sequence[Any]],
    expected: Callable[[Sequence[Any]], list[Any]],
) -> Measures:
    """Proves a contender on a part of the items, and times it on all of them once: in a second pass they were known.

    items: makes them anew at every call, because Python remembers the hash of a text. expected: what `values` must be.
    """
    with closing(contender(place)) as proving:
        _prove(proving, items()[::_PROVED], expected)
        size = proving.bytes()
    with closing(contender(place)) as timed:
        spent = _timed(timed, items())
    return {"ns": spent} if size is None else {"ns": spent, "bytes": size}


def _prove(contender: Contender, items: Sequence[Any], expected: Callable[[Sequence[Any]], list[Any]]) -> None:
    got, wanted = contender.values(items), expected(items)
    if got != wanted:
        # Not an assert, which python -O leaves out.
        differing = next(
            (pair for pair in zip(got, wanted, strict=False) if pair[0] != pair[1]), (len(got), len(wanted))
        )
        raise AssertionError(f"it does other work: {differing[0]!r} instead of {differing[1]!r}")


def _timed(contender: Contender, items: Sequence[Any]) -> float:
    """Nanoseconds a call. The garbage collector runs as it would in a program, but not over what is held for this."""
    work = contender.prepare(items)
    warm = len(work) // _WARM
    contender.run(work[:warm])
    contender.rest()
    gc.collect()
    gc.freeze()
    spent = 0
    for at in range(warm, len(work), _TURN):
        turn = work[at : at + _TURN]
        begin = time.perf_counter_ns()
        contender.run(turn)
        spent += time.perf_counter_ns() - begin
        contender.rest()
    gc.unfreeze()
    return spent / (len(work) - warm)
