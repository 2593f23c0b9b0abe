"""A consumer without a group: which partitions it reads, from where, and up to where."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]

from pragma_contracts import Consumer, Feed, MarketDepth, MarketType, Price, Producer, Record, feeds
from pragma_contracts.errors import BrokerError, ConfigurationError
from pragma_contracts.stream import assignment
from pragma_contracts.testing import Stack, stack

Read = Callable[[Consumer, int], list[Record]]
Write = Callable[..., None]

TOPIC = "pragma-prices-v1"
KEY = b"perp-unknown-paradex-BTC"


def consumer(stack: Stack, **options: Any) -> Consumer:
    return Consumer(stack.bootstrap, **{"contracts": [Price], "start": "earliest", **options})


def some_feeds(count: int) -> list[Feed]:
    """Feeds that no other test has written to."""
    source = uuid.uuid4().hex
    return [Feed(MarketType.SPOT, "unknown", source, f"T{number}") for number in range(count)]


def send(stack: Stack, wanted: list[Feed]) -> None:
    with Producer(stack.bootstrap, registry=stack.registry_url, contracts=[Price]) as out:
        for feed in wanted:
            out.feed(Price, feed).send(event_time=1, price="1")
        assert out.flush() == 0
        assert out.stats.delivered == len(wanted)


def test_only_the_partitions_of_the_feeds_are_assigned(kafka: Stack) -> None:
    wanted = some_feeds(30)
    send(kafka, wanted)
    for feed in wanted[:5]:
        with consumer(kafka, assign="feeds", where=[feed], until="end") as stream:
            assert stream.assignment == [(TOPIC, feed.partition(4))]
            (record,) = stream
            assert record.feed == feed
    with consumer(kafka, assign="feeds", where=wanted, until="end") as stream:
        assert {record.feed for record in stream} == set(wanted)


def test_a_filter_that_names_all_four_identifiers_lists_its_feeds(kafka: Stack) -> None:
    where = feeds(market_type="perp", network_id="unknown", source_id="paradex", token_ticker=["BTC", "ETH"])
    wanted = {Feed("perp", "unknown", "paradex", ticker) for ticker in ("BTC", "ETH")}
    with consumer(kafka, assign="feeds", where=where, contracts=[Price, MarketDepth]) as stream:
        topics = ("pragma-orderbook-v1", TOPIC)
        assert stream.assignment == sorted({(topic, feed.partition(4)) for topic in topics for feed in wanted})


@pytest.mark.parametrize(
    ("where", "exact"),
    [
        (feeds(), None),
        (feeds(market_type="spot", network_id="n", source_id="s", token_ticker=["A", "B"]), "AB"),
        (feeds(market_type="spot", network_id="n", source_id="s", token_ticker="A") & feeds(token_ticker="A"), "A"),
        (
            feeds(token_ticker="A") & feeds(market_type="spot", network_id="n", source_id="s", token_ticker=["A", "B"]),
            "A",
        ),
        (feeds(token_ticker="C") & feeds(market_type="spot", network_id="n", source_id="s", token_ticker="A"), ""),
        (feeds(market_type="spot", network_id="n", source_id="s", token_ticker="A") | feeds(token_ticker="A"), None),
        (~feeds(market_type="spot", network_id="n", source_id="s", token_ticker="A"), None),
    ],
)
def test_what_a_filter_can_list(where: Any, exact: str | None) -> None:
    wanted = None if exact is None else {Feed("spot", "n", "s", ticker) for ticker in exact}
    assert where.exact() == wanted


def test_nothing_comes_twice_and_everything_once_without_a_group(kafka: Stack) -> None:
    wanted = some_feeds(40)
    send(kafka, wanted)
    with consumer(kafka, until="end") as stream:
        places = [(record.partition, record.offset) for record in stream]
        assert stream.stats.consumed == 40
    assert len(places) == len(set(places)) == 40


def test_offsets_say_where_to_begin_and_to_end(kafka: Stack, write: Write, frame_of: Any) -> None:
    write(kafka, *[(KEY, frame_of())] * 10)
    until = {(TOPIC, partition): 7 if partition == 0 else 0 for partition in range(4)}
    with consumer(kafka, at={(TOPIC, 0): 3}, until=until) as stream:
        assert [record.offset for record in stream] == [3, 4, 5, 6]
        assert stream.stats.consumed == 4
        assert stream.consume() == []
    with consumer(kafka, at={(TOPIC, 0): 3}, until=until) as stream:
        assert [[record.offset for record in batch] for batch in stream.batches(3, 5.0)] == [[3, 4, 5], [6]]


def test_an_end_that_lies_behind_the_last_record_is_not_waited_for(kafka: Stack, write: Write, frame_of: Any) -> None:
    write(kafka, *[(KEY, frame_of())] * 2)
    with consumer(kafka, at={(TOPIC, 0): 2}, until="end") as stream:
        assert list(stream) == []
    until = {(TOPIC, partition): 99 if partition == 0 else 0 for partition in range(4)}
    with consumer(kafka, until=until) as stream:
        assert [record.offset for record in stream.consume(timeout=30.0)] == [0, 1]
        assert stream.consume(timeout=0.1) == []


def test_latest_begins_at_the_end(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    write(kafka, (KEY, frame_of()))
    with consumer(kafka, start="latest", at={}) as stream:
        assert stream.consume(timeout=0.5) == []
        write(kafka, (KEY, frame_of()))
        assert read(stream, 1)[0].offset == 1


def test_publish_times_say_where_to_begin_and_to_end(real: Stack) -> None:
    before, between, after = (some_feeds(5) for _ in range(3))
    send(real, before)
    first = time.time_ns() + 1_000_000
    wait_until(first)
    send(real, between)
    last = time.time_ns() + 1_000_000
    wait_until(last)
    send(real, after)
    wanted = [*before, *between, *after]
    with consumer(real, where=wanted, at=first, until=last) as stream:
        assert {record.feed for record in stream} == set(between)
    at = datetime.fromtimestamp(first / 1e9, UTC)
    with consumer(real, where=wanted, at=at, until="end") as stream:
        assert {record.feed for record in stream} == {*between, *after}
    with consumer(real, where=wanted, at=time.time_ns() + 60_000_000_000, until="end") as stream:
        assert list(stream) == []


def wait_until(ns: int) -> None:
    while time.time_ns() <= ns + 1_000_000:
        pass


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            {"group": "g", "at": 1},
            "at: goes without a group: in one, the offsets that it has committed say where to read",
        ),
        ({"group": "g", "until": "end"}, "until: goes without a group: in one, the offsets"),
        ({"group": "g", "assign": "feeds"}, "assign: 'feeds' goes without a group, which assigns partitions by itself"),
        ({"assign": "some"}, "assign: must be 'all' or 'feeds', not 'some'"),
        ({"assign": "feeds"}, "assign: 'feeds' needs where= to name the feeds: a collection of Feeds, or feeds(…)"),
        ({"assign": "feeds", "where": feeds(token_ticker="BTC")}, "assign: 'feeds' needs where= to name the feeds"),
        ({"where": ["perp-unknown-paradex-BTC"]}, "where: ['perp-unknown-paradex-BTC'] is no filter"),
        ({"where": []}, "where: [] is no filter"),
        ({"at": {("other", 0): 1}}, "at: ('other', 0) is no (topic, partition) of this consumer"),
        ({"at": {(TOPIC, 4): 1}}, f"at: ('{TOPIC}', 4) is no (topic, partition) of this consumer"),
        ({"at": {(TOPIC, 0): -1}}, f"at: -1 of ('{TOPIC}', 0) is no offset, an int from 0 on"),
        ({"at": "noon"}, "at: 'noon' is neither an aware datetime nor int nanoseconds"),
        (
            {"until": datetime(2999, 1, 1, tzinfo=UTC)},
            "until: datetime.datetime(2999, 1, 1, 0, 0, tzinfo=datetime.timez",
        ),
        ({"until": {(TOPIC, 0): 1}}, f"until: has no offset for ('{TOPIC}', 1); a partition without an end"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused(shared: Stack, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        consumer(shared, **options)
    assert str(caught.value).startswith(problem)


def test_offsets_that_are_gone_are_an_error(kafka: Stack, write: Write, frame_of: Any) -> None:
    write(kafka, (KEY, frame_of()))
    with consumer(kafka, at={(TOPIC, 0): 1_000}) as stream, pytest.raises(BrokerError) as caught:
        next(stream)
    assert caught.value.code == "_AUTO_OFFSET_RESET"
    assert f"{TOPIC} [0] has no offset 1000: retention has deleted it, or the topic was made again" in str(caught.value)


def test_more_partitions_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "_RECOUNT_SECONDS", 0.0)
    # A stack of its own: other tests count on the partitions of theirs.
    with stack() as own:
        admin = AdminClient({"bootstrap.servers": own.bootstrap})
        count = len(admin.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions)
        with consumer(own, start="latest") as stream:
            stream.consume(timeout=0.1)
            admin.create_partitions([NewPartitions(TOPIC, count + 1)])[TOPIC].result(timeout=30)
            with pytest.raises(BrokerError, match=f"{TOPIC} had {count} partitions and now has {count + 1}"):
                list(stream)
