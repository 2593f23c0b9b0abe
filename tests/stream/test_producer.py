"""The producer: what it writes, what it refuses, and that it neither waits nor loses anything in silence."""

import logging
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import psutil
import pytest

from pragma_contracts import BookSide, Consumer, Feed, Loss, MarketDepth, MarketType, Price, Producer, Record, book
from pragma_contracts.errors import (
    BrokerError,
    Closed,
    ConfigurationError,
    InvalidFeed,
    InvalidMessage,
    NotAContract,
    RegistryError,
)
from pragma_contracts.messages import Envelope
from pragma_contracts.testing import Stack, embedded

Read = Callable[[Consumer, int], list[Record]]
Ending = Callable[[], AbstractContextManager[Stack]]

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_NS = 1_769_860_800_000_000_000


def price(**fields: Any) -> Price:
    identifiers = {"market_type": 2, "network_id": "unknown", "source_id": "paradex", "token_ticker": "BTC"}
    return Price(**{**identifiers, "price": "65432.10", **fields})


def producer(stack: Stack, **options: Any) -> Producer:
    return Producer(stack.bootstrap, **{"registry": stack.registry_url, "contracts": [Price, MarketDepth], **options})


def consumer(stack: Stack, **options: Any) -> Consumer:
    given = {"group": str(uuid.uuid4()), "contracts": [Price, MarketDepth], "start": "earliest", **options}
    return Consumer(stack.bootstrap, registry=stack.registry_url, **given)


def test_a_message_is_stamped_in_place_and_arrives_as_it_is(kafka: Stack, read: Read) -> None:
    sent = price(metadata={"venue": "test"})
    before = time.time_ns()
    with producer(kafka, producer="replay") as out:
        out.send(sent, event_time=NOON)
    after = time.time_ns()
    envelope = sent.envelope
    assert (envelope.producer, envelope.version, len(envelope.message_id)) == ("replay", "1.1", 36)
    assert envelope.event_timestamp.ToNanoseconds() == NOON_NS
    assert before <= envelope.publish_timestamp.ToNanoseconds() <= after
    with consumer(kafka) as stream:
        (record,) = read(stream, 1)
    assert record.message == sent
    assert record.feed == Feed("perp", "unknown", "paradex", "BTC")
    assert record.timestamp == envelope.publish_timestamp.ToMilliseconds()


def test_records_are_in_the_partition_that_the_feed_says(kafka: Stack, read: Read) -> None:
    feeds = [Feed("spot", "unknown", f"source-{number}", "SKL-GBP") for number in range(20)]
    with producer(kafka) as out:
        for feed in feeds:
            out.feed(Price, feed).send(event_time=NOON, price="1")
    with consumer(kafka) as stream:
        records = read(stream, len(feeds))
    assert {record.feed for record in records} == set(feeds)
    assert all(record.partition == record.feed.partition(4) for record in records)
    assert len({record.partition for record in records}) > 1


@pytest.mark.parametrize("event_time", [NOON_NS, NOON, NOON.astimezone(timezone(timedelta(hours=2)))])
def test_event_times_are_nanoseconds_or_aware_datetimes(shared: Stack, event_time: datetime | int) -> None:
    message = price()
    with producer(shared) as out:
        out.send(message, event_time=event_time)
    assert message.envelope.event_timestamp.ToNanoseconds() == NOON_NS


def test_an_event_time_that_is_set_already_is_kept(shared: Stack) -> None:
    message = price(envelope=Envelope())
    message.envelope.event_timestamp.FromNanoseconds(NOON_NS)
    with producer(shared) as out:
        out.send(message)
        assert out.stats.sent == 1
    assert message.envelope.event_timestamp.ToNanoseconds() == NOON_NS


def test_a_naive_event_time_is_refused(shared: Stack, perp: Feed) -> None:
    naive = datetime(2026, 1, 31, 12)
    with producer(shared) as out:
        with pytest.raises(ConfigurationError, match="aware"):
            out.send(price(), event_time=naive)
        with pytest.raises(ConfigurationError, match="aware"):
            out.feed(Price, perp).send(event_time=naive, price="1")
        assert out.stats.sent == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"market_type": 0}, "market_type"),
        ({"market_type": 9}, "market_type"),
        ({"network_id": ""}, "network_id"),
        ({"price": "1e5"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": ""}, "price"),
    ],
)
def test_a_message_that_breaks_its_contract_is_refused_and_not_stamped(
    shared: Stack, fields: dict[str, Any], field: str
) -> None:
    message = price(**fields)
    with producer(shared) as out:
        with pytest.raises(InvalidMessage) as caught:
            out.send(message, event_time=NOON)
        assert out.stats.sent == 0
    assert (caught.value.contract, caught.value.field) == ("Price", field)
    assert not message.envelope.message_id


def test_a_missing_event_time_is_refused(shared: Stack) -> None:
    with producer(shared) as out, pytest.raises(InvalidMessage, match="envelope"):
        out.send(price())


def test_a_contract_that_was_not_asked_for_is_refused(shared: Stack, perp: Feed) -> None:
    with producer(shared, contracts=[MarketDepth]) as out:
        with pytest.raises(NotAContract, match="known: MarketDepth"):
            out.send(price(), event_time=NOON)
        with pytest.raises(NotAContract, match="known: MarketDepth"):
            out.feed(Price, perp)


def test_nothing_of_a_message_is_left_in_the_next_one(kafka: Stack, perp: Feed, read: Read) -> None:
    with producer(kafka) as out:
        prices, depths = out.feed(Price, perp), out.feed(MarketDepth, perp)
        prices.send(event_time=NOON, price="1", metadata={"a": "b"})
        prices.send(event_time=NOON, price="2")
        depths.send(event_time=NOON, bids=[("2", "1"), ("1.5", "3")], asks=[("3", "1")], metadata={"a": "b"})
        depths.send(event_time=NOON, asks=[("4", "1")])
        depths.send(event_time=NOON)
        with pytest.raises(InvalidMessage, match="metadata"):
            prices.send(event_time=NOON, price="3", metadata=5)
        prices.send(event_time=NOON, price="4", metadata=None)
    with consumer(kafka, contracts=[Price]) as stream:
        messages: list[Any] = [record.message for record in read(stream, 3)]
    assert [(m.price, dict(m.metadata)) for m in messages] == [("1", {"a": "b"}), ("2", {}), ("4", {})]
    with consumer(kafka, contracts=[MarketDepth]) as stream:
        messages = [record.message for record in read(stream, 3)]
    assert [(len(book.levels(m.bids)), len(book.levels(m.asks)), len(m.metadata)) for m in messages] == [
        (2, 1, 1),
        (0, 1, 0),
        (0, 0, 0),
    ]
    assert len({m.envelope.message_id for m in messages}) == 3


def test_a_side_is_given_as_levels_or_as_a_message(kafka: Stack, perp: Feed, read: Read) -> None:
    side = BookSide()
    book.write(side, [("398.7", "2"), ("398.70001", "0.5")])
    with producer(kafka) as out:
        depths = out.feed(MarketDepth, perp)
        depths.send(event_time=NOON, asks=side)
        depths.send(event_time=NOON, asks=iter([(Decimal("398.7"), 2), (Decimal("398.70001"), "0.5")]))
    with consumer(kafka) as stream:
        first, second = (record.message for record in read(stream, 2))
    assert first.asks == second.asks == side  # type: ignore[attr-defined]  # a MarketDepth


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (
            {"size": "1"},
            "Price (pragma-prices-v1): size = '1': is no payload field of this contract; it has price, meta",
        ),
        ({"price": "1", "market_type": 1}, "market_type = 1: is no payload field of this contract"),
        ({"price": 65432.1}, "price = 65432.1: is of type float, which does not fit the field: "),
        ({"price": "1e5"}, "price = '1e5': is not a plain decimal"),
        ({"price": None}, "price = '': is not a plain decimal"),
    ],
)
def test_a_field_that_does_not_fit_is_named(shared: Stack, perp: Feed, fields: dict[str, Any], error: str) -> None:
    with producer(shared) as out:
        with pytest.raises(InvalidMessage) as caught:
            out.feed(Price, perp).send(event_time=NOON, **fields)
        assert out.stats.sent == 0
    assert error in str(caught.value)


def test_a_feed_with_scales_takes_floats_and_unscaled_ints(kafka: Stack, perp: Feed, read: Read) -> None:
    with producer(kafka) as out:
        depth = out.feed(MarketDepth, perp, scales={"prices": 2, "quantities": 3})
        depth.send(event_time=NOON, bids=[(6543210, 0.5), (6543200, 1.25)], asks=[("65432.2", "1")])
        with pytest.raises(InvalidMessage, match=r"bids = 0.0005: has more than the 3 decimals"):
            depth.send(event_time=NOON, bids=[(6543210, 0.0005)])
        with pytest.raises(ConfigurationError, match="Price has no decimal columns"):
            out.feed(Price, perp, scales={"price": 2})
    with consumer(kafka) as stream:
        (record,) = read(stream, 1)
    assert isinstance(record.message, MarketDepth)
    assert book.texts(record.message.bids) == [("65432.10", "0.500"), ("65432.00", "1.250")]
    assert book.texts(record.message.asks) == [("65432.20", "1.000")]


@pytest.mark.parametrize(
    ("bids", "error"),
    [
        ([("1e5", "1")], "bids = '1e5': is not a plain decimal"),
        ([(1.5, "1")], "bids = 1.5: is not decimal text"),
        ([("1", "1", "1")], "bids = ('1', '1', '1'): as row 0 is no tuple (prices, quantities)"),
        ([("1", "1"), ("2",)], "bids = ('2',): as row 1 is no tuple (prices, quantities)"),
        (5, "bids = 5: is of type int, which does not fit the field: "),
        ([("1", "1"), ("2", "1")], "bids.prices = 2: level 1 after 1 (scale 0) is not strictly descending"),
    ],
)
def test_levels_that_do_not_fit_are_refused(shared: Stack, perp: Feed, bids: object, error: str) -> None:
    with producer(shared) as out, pytest.raises(InvalidMessage) as caught:
        out.feed(MarketDepth, perp).send(event_time=NOON, bids=bids)
    assert str(caught.value).startswith("MarketDepth (pragma-orderbook-v1): ")
    assert error in str(caught.value)


def test_a_feed_of_an_unknown_market_type_cannot_be_produced(shared: Stack) -> None:
    with producer(shared) as out, pytest.raises(InvalidFeed, match="'lending'"):
        out.feed(Price, Feed("lending", "unknown", "paradex", "BTC"))


def test_the_figures_add_up(shared: Stack, perp: Feed) -> None:
    with producer(shared) as out:
        prices = out.feed(Price, perp)
        for _ in range(1000):
            prices.send(event_time=NOON, price="65432.10")
        early = out.stats
        assert out.flush() == 0
        stats = out.stats
    assert early.sent == early.delivered + early.queued == 1000
    assert (stats.sent, stats.delivered, dict(stats.failed), stats.dropped, stats.queued) == (1000, 1000, {}, 0, 0)
    assert stats.bytes > 100_000
    assert out.stats == stats


def test_what_the_queue_cannot_take_is_dropped_and_counted(
    shared: Stack, perp: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"queue.buffering.max.messages": 10, "linger.ms": 200}
    with caplog.at_level(logging.WARNING), producer(shared, config=config) as out:
        prices = out.feed(Price, perp)
        for _ in range(100):
            prices.send(event_time=NOON, price="1")
    stats = out.stats
    assert stats.dropped > 0
    assert stats.sent + stats.dropped == 100
    assert stats.delivered == stats.sent
    full = [record.getMessage() for record in caplog.records if "the queue is full" in record.getMessage()]
    assert len(full) == 1, "once a second at most"
    assert (
        caplog.records[-1]
        .getMessage()
        .endswith(f"{stats.sent} messages sent, 0 of them not confirmed; {stats.dropped} more dropped")
    )


def test_what_a_broker_that_went_away_does_not_take_is_counted(
    ending: Ending, perp: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    with ending() as stack:
        out = producer(stack)
    prices = out.feed(Price, perp)
    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            prices.send(event_time=NOON, price="1")
        # librdkafka tells of what has expired when it comes to it, a broker that is being connected to later.
        assert out.flush(timeout=30.0) == 0
        failed = dict(out.stats.failed)
        out.close()
    assert sum(failed.values()) == 10
    assert out.stats.delivered == 0
    assert "messages not confirmed (some may have been written), 0 dropped; last, " in caplog.text
    named = ", ".join(f"{name}: {count}" for name, count in sorted(failed.items()))
    assert f"10 messages sent, 10 of them not confirmed ({named})" in caplog.text


def test_close_gives_up_on_what_is_left_and_says_so(
    ending: Ending, perp: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    with ending() as stack:
        out = producer(stack, config={"message.timeout.ms": 60_000})
    for _ in range(3):
        out.feed(Price, perp).send(event_time=NOON, price="1")
    with caplog.at_level(logging.WARNING):
        out.close(timeout=0)
    assert out.stats.sent == sum(out.stats.failed.values()) == 3
    assert set(out.stats.failed) <= {"_PURGE_QUEUE", "_PURGE_INFLIGHT", "_TRANSPORT"}
    assert "3 messages sent, 3 of them not confirmed" in caplog.text


def test_a_closed_producer_says_so(shared: Stack, perp: Feed) -> None:
    with producer(shared) as out:
        prices = out.feed(Price, perp)
    out.close()
    assert out.flush() == 0
    with pytest.raises(Closed, match="the producer is closed"):
        out.send(price(), event_time=NOON)
    with pytest.raises(Closed):
        prices.send(event_time=NOON, price="1")


def test_a_message_that_kafka_never_takes_is_an_error(shared: Stack) -> None:
    losses: list[Loss] = []
    message = price(metadata={"long": "x" * 2000})
    with producer(shared, config={"message.max.bytes": 1000}, on_loss=losses.append) as out:
        with pytest.raises(BrokerError, match="MSG_SIZE_TOO_LARGE") as caught:
            out.send(message, event_time=NOON)
        assert (out.stats.sent, out.stats.dropped) == (0, 1)
    size = 6 + message.ByteSize()
    assert f"a message of {size} bytes for pragma-prices-v1, with a key of 24, is over message.max.bytes 1000" in str(
        caught.value
    )
    assert "send less in it, or raise that and the topic's max.message.bytes" in str(caught.value)
    assert [(loss.error, len(loss.frame), loss.may_be_written) for loss in losses] == [
        ("MSG_SIZE_TOO_LARGE", size, False)
    ]


def test_a_broker_that_is_down_is_an_error_at_the_start(shared: Stack) -> None:
    with pytest.raises(BrokerError) as caught:
        Producer("127.0.0.1:1", registry=shared.registry_url, contracts=[Price], start_timeout=0.5)
    assert str(caught.value).startswith("Kafka at 127.0.0.1:1: ")
    assert "no answer within 0.5 s" in str(caught.value)
    assert "refused" in str(caught.value)


def test_a_host_that_does_not_exist_is_named(shared: Stack) -> None:
    with pytest.raises(BrokerError, match=r"Failed to resolve 'nowhere\.invalid:9092'"):
        Producer("nowhere.invalid:9092", registry=shared.registry_url, contracts=[Price], start_timeout=2.0)


def test_a_schema_that_is_not_registered_is_an_error_at_the_start() -> None:
    with embedded() as stack, pytest.raises(RegistryError, match="pragma-contracts register"):
        producer(stack)


@pytest.mark.parametrize(
    ("bootstrap", "name", "problem"),
    [
        ("", "pulse", "bootstrap: is empty; name a broker"),
        ("127.0.0.1:1", "", "producer: '' is no name"),
        ("127.0.0.1:1", "\ud800", "producer: "),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_at_once(
    shared: Stack, bootstrap: str, name: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^{problem}"):
        Producer(bootstrap, registry=shared.registry_url, contracts=[Price], producer=name)


def test_what_is_no_feed_is_refused(shared: Stack) -> None:
    with producer(shared) as open_producer, pytest.raises(ConfigurationError, match=r"'perp-a-b-c' is no Feed"):
        open_producer.feed(Price, "perp-a-b-c")  # type: ignore[arg-type]


def test_no_contract_at_all_is_an_error(shared: Stack) -> None:
    with pytest.raises(ConfigurationError, match="contracts: names no message class"):
        producer(shared, contracts=[])


def test_neither_registry_nor_lock_is_an_error(shared: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRAGMA_CONTRACTS_LOCK", raising=False)
    with pytest.raises(ConfigurationError, match="registry"):
        producer(shared, registry=None)


def test_the_market_types_can_be_given_as_numbers(kafka: Stack, read: Read) -> None:
    with producer(kafka) as out:
        out.send(price(market_type=int(MarketType.SPOT)), event_time=NOON)
    with consumer(kafka) as stream:
        (record,) = read(stream, 1)
    assert record.feed.market_type is MarketType.SPOT


def test_a_feed_does_not_grow_with_what_it_has_sent(ending: Ending, perp: Feed) -> None:
    """A protobuf message keeps what was overwritten in it: 36 MB here, were it the same one for all of them."""
    rows = [(f"{1000 - level}.5", f"{level + 1}.25") for level in range(50)]
    with ending() as running:
        out = producer(running, config={"queue.buffering.max.messages": 10})
    books, prices = out.feed(MarketDepth, perp), out.feed(Price, perp)

    def send(count: int) -> int:
        for _ in range(count):
            books.send(event_time=NOON, bids=rows, asks=rows[::-1])
            prices.send(event_time=NOON, price="65432.10")
        return int(psutil.Process().memory_info().rss)

    before = send(1_000)
    assert send(20_000) - before < 8_000_000
    out.close(timeout=0)
