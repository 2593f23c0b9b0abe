"""A clock that is set back, and forth again, while messages are sent and read."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise

import pytest

from tests.faults.load import PATIENT, Account, Load

Start = Callable[..., AbstractContextManager[Load]]

HOUR_NS = 3_600_000_000_000


def test_a_clock_that_goes_backwards_costs_nothing(load: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Realtime messages expire by a clock that nobody sets. They have a minute, enough for a busy broker."""
    now = time.time_ns
    offset = 0
    with load(config=PATIENT) as sending:
        monkeypatch.setattr(time, "time_ns", lambda: now() + offset)
        for step in (0, -HOUR_NS, -24 * HOUR_NS, -1_000_000, -2 * HOUR_NS, 0):
            offset = step
            sending.send(500)
        sending.producer.flush()
    account = Account(sending)
    assert account.consumed == account.delivered == account.given, account
    published = [each.published_ns for each in sorted(account.arrived)]
    assert sum(later < earlier for earlier, later in pairwise(published)) == 3, "it was set back"
    assert len({each.message_id for each in account.arrived}) == len(account.given), (
        "message ids are unique all the same"
    )
