"""What a benchmark is: a line of contenders that do the same work, and what must be reached."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from pragma_contracts.testing import Stack

# How the name of a contender ends that runs without the compiled code.
IN_PYTHON = ", in Python alone"

# What one process found, by the key of the measure.
Measures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Column:
    """How the page shows a measure: divided by `unit`, with so many digits after the point."""

    key: str
    heading: str
    unit: float = 1.0
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """What a contender must reach against another one, in one measure where less is better.

    "faster": the rival's measure is at least `limit` times ours. "at most": ours is at most `limit` times the rival's.
    "within": the median of ours is no more than the worst round of the rival; `limit` says nothing.
    """

    what: str
    ours: str
    rival: str
    rule: Literal["faster", "at most", "within"]
    limit: float = 0.0
    measure: str = "ns"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `contenders` are shown in this order, the first one is ours; `floor` names the least that can be paid.

    place: what all contenders share, started once. measure(contender, place, share): runs in a process of its own,
    asserts that the work is right, and gives what it found; share: the part of the full work to do, above 0, at most 1.
    """

    name: str
    title: str
    what: str
    limits: str
    columns: tuple[Column, ...]
    contenders: tuple[str, ...]
    floor: str
    targets: tuple[Target, ...]
    place: Callable[[], AbstractContextManager[Stack]]
    measure: Callable[[str, Stack, float], Measures]
