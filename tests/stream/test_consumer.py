"""The consumer: filtering by key, unknown schema ids and market types, batches, offsets, and its start and end."""

import signal
import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from pragma_contracts import Consumer, Feed, MarketDepth, MarketType, Price, Producer, Record, feeds
from pragma_contracts.errors import (
    BadRecord,
    BrokerError,
    Closed,
    ConfigurationError,
    NotAContract,
)
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import Lock, Locked, producer_ids
from pragma_contracts.testing import Stack
from pragma_contracts.testing.registry import registry_server

Read = Callable[[Consumer, int], list[Record]]
Write = Callable[..., None]
Ending = Callable[[], AbstractContextManager[Stack]]

SPOT_KEY = b"spot-unknown-paradex-BTC"
PERP_KEY = b"perp-unknown-paradex-BTC"


def consumer(stack: Stack, **options: Any) -> Consumer:
    given = {"group": str(uuid.uuid4()), "contracts": [Price, MarketDepth], "start": "earliest", **options}
    return Consumer(stack.bootstrap, **given)


def test_a_perpetual_consumer_decodes_no_spot_message(kafka: Stack, read: Read) -> None:
    with Producer(kafka.bootstrap, registry=kafka.registry_url, contracts=[Price, MarketDepth]) as out:
        for market_type in (MarketType.SPOT, MarketType.PERPETUAL, MarketType.OPTIONS):
            feed = Feed(market_type, "unknown", "paradex", "BTC")
            for number in range(50):
                out.feed(Price, feed).send(event_time=number, price="1")
                out.feed(MarketDepth, feed).send(event_time=number, bids=[("1", "1")])
    with consumer(kafka, where=feeds(market_type="perpetual")) as stream:
        records = read(stream, 100)
        while stream.stats.consumed < 300:
            assert stream.consume(timeout=1.0) == []
        stats = stream.stats
    assert {record.feed.market_type for record in records} == {MarketType.PERPETUAL}
    assert (stats.decoded, stats.filtered, dict(stats.bad)) == (100, 200, {})


def test_what_is_filtered_is_not_even_looked_at(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    write(kafka, (SPOT_KEY, b"\x09 no frame at all"), (SPOT_KEY, None), (PERP_KEY, frame_of()))
    with consumer(kafka, where=~feeds(market_type="spot")) as stream:
        read(stream, 1)
        assert (stream.stats.filtered, stream.stats.decoded) == (2, 1)


def test_a_foreign_key_falls_back_to_the_payload(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    foreign = [None, b"", b"no key of ours", b"\xff", b"perp-100%-paradex-BTC", b"k" * 5000]
    write(kafka, *[(key, frame_of(market_type=number)) for key in foreign for number in (1, 2)])
    with consumer(kafka, where=feeds(market_type="perp")) as stream:
        records = read(stream, len(foreign))
        assert stream.stats.filtered == len(foreign)
    assert {record.feed for record in records} == {Feed("perp", "unknown", "paradex", "BTC")}


def test_perpetual_is_read_for_perp(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    write(kafka, (b"perpetual-unknown-paradex-BTC", frame_of()))
    with consumer(kafka, where=feeds(market_type="perp")) as stream:
        (record,) = read(stream, 1)
    assert record.feed.market_type is MarketType.PERPETUAL


def test_an_unknown_market_type_is_kept_and_counted(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    newer = frame_of(market_type=9)
    write(kafka, (b"lending-unknown-paradex-BTC", newer), (None, newer), (PERP_KEY, frame_of()))
    with consumer(kafka) as stream:
        records: list[Any] = read(stream, 3)
        assert stream.stats.unknown_market_types == 2
        assert stream.stats.bad == {}
    assert [record.message.market_type for record in records] == [9, 9, MarketType.PERPETUAL]
    assert [record.feed.market_type for record in records] == ["lending", 9, MarketType.PERPETUAL]


@pytest.mark.parametrize("source", ["registry", "lock", "neither"])
def test_a_newer_schema_id_stops_nobody(
    kafka: Stack,
    write: Write,
    read: Read,
    frame_of: Any,
    register_newer: Callable[[Stack], int],
    tmp_path: Path,
    source: str,
) -> None:
    ids = producer_ids(CONTRACTS, registry=kafka.registry_url)
    known = next(ids[contract] for contract in CONTRACTS if contract.message is Price)
    locked = {contract.subject: Locked(ids[contract], 1, contract.fingerprint) for contract in CONTRACTS}
    lock = Lock(tmp_path / "contracts.lock", {kafka.registry_url: locked})
    lock.write()
    options: dict[str, Any] = {"registry": kafka.registry_url, "lock": lock.path}
    options = {source: options[source]} if source in options else {}
    write(kafka, (PERP_KEY, frame_of(known)))
    with consumer(kafka, **options) as stream:
        read(stream, 1)
        newer = register_newer(kafka)
        # A field that this version does not have: number 14, the text "new".
        write(kafka, (PERP_KEY, frame_of(newer) + b"\x72\x03new"), (PERP_KEY, frame_of(known)))
        records = read(stream, 2)
        stats = stream.stats
    assert [record.schema_id for record in records] == [newer, known]
    assert stats.bad == {}
    assert stats.unknown_schema_ids == {"registry": 0, "lock": 1, "neither": 3}[source]


def test_unknown_schema_ids_can_be_refused(kafka: Stack, write: Write, frame_of: Any) -> None:
    write(kafka, (PERP_KEY, frame_of(4711)))
    with consumer(kafka, unknown_ids="refuse") as stream, pytest.raises(BadRecord) as caught:
        stream.consume(timeout=30.0)
    assert "schema id 4711 is refused as unknown, not to pragma-prices-v1-value" in str(caught.value)


def test_a_registry_that_goes_away_stops_nobody(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    with registry_server() as url:
        stream = consumer(kafka, registry=url)
    with stream:
        write(kafka, (PERP_KEY, frame_of(4711)), (PERP_KEY, frame_of(4711)))
        read(stream, 2)
        assert (stream.stats.unknown_schema_ids, stream.stats.registry_outages) == (2, 1)


def test_no_more_than_asked_for_is_handed_out(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    write(kafka, *[(PERP_KEY, frame_of())] * 5)
    with consumer(kafka) as stream:
        first = stream.consume(2, timeout=30.0)
        assert 1 <= len(first) <= 2
        offsets = [record.offset for record in first + read(stream, 5 - len(first))]
        assert offsets == [0, 1, 2, 3, 4]
        assert stream.consume(timeout=0.0) == []


def test_records_are_iterated_until_the_consumer_is_closed(kafka: Stack, write: Write, frame_of: Any) -> None:
    write(kafka, *[(PERP_KEY, frame_of())] * 3)
    offsets = []
    with consumer(kafka) as stream:
        for record in stream:
            offsets.append(record.offset)
            if len(offsets) == 3:
                stream.close()
    assert offsets == [0, 1, 2]
    with pytest.raises(Closed, match="the consumer is closed"):
        stream.consume()


def test_another_thread_may_close_a_consumer_that_waits(kafka: Stack) -> None:
    with consumer(kafka) as stream:
        timer = threading.Timer(0.2, stream.close)
        timer.start()
        assert list(stream) == []
        timer.join()


def test_a_signal_handler_may_close_a_consumer_that_waits(kafka: Stack) -> None:
    with consumer(kafka) as stream:
        before = signal.signal(signal.SIGALRM, lambda *_: stream.close())
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        assert list(stream) == []
        signal.signal(signal.SIGALRM, before)


def test_a_filter_that_fails_loses_no_record(kafka: Stack, write: Write, read: Read, frame_of: Any) -> None:
    write(kafka, *[(f"perp-unknown-paradex-{ticker}".encode(), frame_of(token_ticker=ticker)) for ticker in "abcd"])
    failures = iter([True])

    def where(feed: Feed) -> bool:
        if feed.token_ticker == "c" and next(failures, False):
            raise LookupError("the user's own error")
        return True

    with consumer(kafka, where=where) as stream:
        first = stream.consume(1, timeout=30.0) + read(stream, 1)
        with pytest.raises(LookupError):
            stream.consume(timeout=30.0)
        records = first + read(stream, 2)
    assert [record.feed.token_ticker for record in records] == ["a", "b", "c", "d"]


def test_a_broker_that_is_down_is_an_error_at_the_start() -> None:
    with pytest.raises(BrokerError, match=r"Kafka at 127\.0\.0\.1:1: .*no answer within 0\.5 s"):
        Consumer("127.0.0.1:1", group="tests", contracts=[Price], start_timeout=0.5)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"on_error": "ignore"}, "on_error: must be 'raise' or 'skip' or 'dead_letter', not 'ignore'"),
        ({"unknown_ids": "yes"}, "unknown_ids: must be 'accept' or 'refuse', not 'yes'"),
        ({"group": ""}, "group: is empty; name the consumer group"),
        ({"contracts": []}, "contracts: names no message class; give at least one"),
        (
            {"where": "perp"},
            "where: 'perp' is no filter; write feeds(…), a function of a Feed, or the feeds themselves",
        ),
        ({"start": "beginning"}, "start: must be 'latest' or 'earliest', not 'beginning'"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(shared: Stack, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        consumer(shared, **options)
    assert str(caught.value) == problem


def test_a_class_that_is_no_contract_is_refused(shared: Stack) -> None:
    with pytest.raises(NotAContract):
        consumer(shared, contracts=[Feed])
