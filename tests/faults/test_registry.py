"""A registry that is down before the start, or goes away or hangs while messages flow."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer as KafkaProducer

from pragma_contracts import Consumer, Price, encode, feeds, stamp
from pragma_contracts.testing import Stack
from pragma_contracts.testing.server import Server
from tests.faults.load import DEADLINE_S, Account, Load, number_of

Start = Callable[..., AbstractContextManager[Load]]

NEWER = 3


def send_newer(running: Stack, sending: Load) -> None:
    """Sends one message each with schema ids that nobody has registered."""
    client = KafkaProducer({"bootstrap.servers": running.bootstrap})
    for number in range(NEWER):
        feed = sending.feeds[0]
        message = Price(price=str(sending.given + number), market_type=2)
        message.network_id, message.source_id, message.token_ticker = feed.network_id, feed.source_id, feed.token_ticker
        stamp(message, event_time=time.time_ns())
        client.produce("pragma-prices-v1", encode(message, 1_000_000 + number), feed.key)
    assert client.flush(DEADLINE_S) == 0


def consumer(running: Stack, sending: Load, **options: Any) -> Consumer:
    given = {"group": sending.source, "contracts": [Price], "start": "earliest", **options}
    return Consumer(running.bootstrap, where=feeds(source_id=sending.source), **given)


def read(stream: Consumer, count: int) -> list[int]:
    seen: list[int] = []
    deadline = time.monotonic() + DEADLINE_S
    while len(seen) < count:
        assert time.monotonic() < deadline, f"{len(seen)} of {count} came, {stream.stats}"
        seen += map(number_of, stream.consume(timeout=1.0))
    return seen


@pytest.mark.parametrize("hangs", [True, False], ids=["hangs", "goes away"])
def test_a_registry_that_goes_away_stops_no_reading(running: Stack, registry: Server, load: Start, hangs: bool) -> None:
    options = {"registry": running.registry_url}
    with (
        load(lock=None, profile="durable", **options) as sending,
        consumer(running, sending, **options) as stream,
        ExitStack() as hanging,
    ):
        sending.send(500)
        seen = read(stream, 500)
        if hangs:
            hanging.enter_context(registry.paused())
        else:
            sending.during(registry.kill)
        sending.send(500)
        sending.close()
        send_newer(running, sending)
        seen += read(stream, sending.given + NEWER - len(seen))
        stats = stream.stats
    assert sorted(seen) == list(range(sending.given + NEWER)), stats
    assert (stats.unknown_schema_ids, stats.registry_outages, dict(stats.bad)) == (NEWER, 1, {}), stats
    assert sending.producer.stats.delivered == sending.given, sending.producer.stats


def test_with_the_lock_nobody_needs_a_registry(running: Stack, lock: Path, load: Start) -> None:
    assert running.registry is not None
    running.registry.stop()
    with load(profile="durable", registry=running.registry_url) as sending:
        sending.send(1000)
    account = Account(sending)
    assert account.delivered == account.given, account
    send_newer(running, sending)
    with consumer(running, sending, lock=lock, registry=running.registry_url) as stream:
        seen = read(stream, 1000 + NEWER)
    stats = stream.stats
    assert sorted(seen) == list(range(1000 + NEWER)), stats
    assert (stats.unknown_schema_ids, stats.registry_outages, dict(stats.bad)) == (NEWER, 0, {}), stats
