"""A broker that is killed and restarted, or that stands still, under load."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from pragma_contracts import Consumer, Price, feeds
from pragma_contracts.testing import Stack
from pragma_contracts.testing.server import Server
from tests.faults.load import DEADLINE_S, Account, Load, number_of

Start = Callable[..., AbstractContextManager[Load]]

# message.timeout.ms; then a second in which librdkafka does not look at the time, and one for a busy broker.
LATEST_MS = 1000 + 1000 + 1000
PAUSE_S = 20.0


def follow(stream: Consumer, load: Load) -> set[int]:
    """Reads until everything that was sent has come."""
    seen: set[int] = set()
    deadline = None
    while deadline is None or len(seen) < load.given:
        if deadline is None and load.ended.is_set():
            deadline = time.monotonic() + DEADLINE_S
        assert deadline is None or time.monotonic() < deadline, f"{len(seen)} of {load.given} came, {stream.stats}"
        seen.update(map(number_of, stream.consume(timeout=0.5)))
    return seen


def killed_and_restarted(broker: Server, times: int = 1) -> None:
    for _ in range(times):
        broker.kill()
        broker.start()


def test_a_killed_broker_loses_and_reorders_nothing_of_a_durable_producer(
    running: Stack, broker: Server, load: Start
) -> None:
    """Nor of a consumer that reads all the while."""
    with ThreadPoolExecutor(1) as pool, load(profile="durable") as sending:
        where = feeds(source_id=sending.source)
        with Consumer(
            running.bootstrap, group=sending.source, contracts=[Price], where=where, start="earliest"
        ) as stream:
            following = pool.submit(follow, stream, sending)
            sending.during(lambda: killed_and_restarted(broker, times=2))
            sending.close()
            seen = following.result()
    account = Account(sending)
    assert account.delivered == account.given == account.consumed == seen, account


def test_a_killed_broker_costs_a_realtime_producer_what_is_counted(broker: Server, load: Start) -> None:
    with load() as sending:
        sending.during(lambda: killed_and_restarted(broker))
    account = Account(sending)
    assert account.not_confirmed, account
    oldest = max(each.age for each in account.arrived)
    assert oldest < LATEST_MS, f"{oldest} ms: {account}"


def test_a_broker_that_stands_still_makes_durable_wait_and_realtime_count(broker: Server, load: Start) -> None:
    """What the broker's system had taken before is written when it wakes up, and nobody can take it back: it is among
    what is not confirmed, and none of it was published after the client gave up on that connection."""
    paused_ns: list[int] = []

    def pause() -> None:
        with broker.paused():
            paused_ns.append(time.time_ns())
            time.sleep(PAUSE_S)

    with load(profile="durable") as durable, load() as realtime:
        durable.during(lambda: realtime.during(pause))
    account = Account(durable)
    assert account.delivered == account.given == account.consumed, account
    account = Account(realtime)
    assert account.not_confirmed, account
    for late in (each for each in account.arrived if each.age >= LATEST_MS):
        assert late.number in account.not_confirmed, f"{late}: {account}"
        assert late.published_ns < paused_ns[0] + LATEST_MS * 1_000_000, f"{late}: {account}"
