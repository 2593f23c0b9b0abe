"""The streams on a real broker and a real registry: delivery, order, foreign and newer schema ids, missing topics."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from pragma_contracts import Consumer, Feed, MarketDepth, Price, Producer, Record, feeds
from pragma_contracts.errors import BadRecord, BrokerError, ForeignSchema
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import Stack, stack

Read = Callable[[Consumer, int], list[Record]]
Write = Callable[..., None]


@pytest.fixture
def feed() -> Feed:
    """A feed that no other test uses, so that its records can be told from theirs."""
    return Feed("perp", "unknown", uuid.uuid4().hex, "BTC")


def produce(running: Stack, feed: Feed, numbers: range) -> None:
    with Producer(running.bootstrap, registry=running.registry_url, contracts=[Price]) as producer:
        for number in numbers:
            producer.feed(Price, feed).send(event_time=number, price=str(number))
    assert producer.stats.delivered == len(numbers)


def consumer(running: Stack, feed: Feed, **options: Any) -> Consumer:
    given = {"group": feed.source_id, "contracts": [Price], "start": "earliest", **options}
    return Consumer(running.bootstrap, registry=running.registry_url, where=feeds(source_id=feed.source_id), **given)


def prices(records: list[Record]) -> list[int]:
    return [int(record.message.price) for record in records]  # type: ignore[attr-defined]  # each is a Price


def test_records_arrive_in_order_in_their_partition_at_their_publish_time(real: Stack, feed: Feed, read: Read) -> None:
    before = time.time_ns() // 1_000_000
    produce(real, feed, range(100))
    after = time.time_ns() // 1_000_000
    with consumer(real, feed) as stream:
        records = read(stream, 100)
    assert prices(records) == list(range(100))
    for record in records:
        published = record.message.envelope.publish_timestamp  # type: ignore[attr-defined]  # each is a Price
        assert record.partition == feed.partition(4)
        assert before <= record.timestamp == published.ToMilliseconds() <= after


def test_a_clean_end_says_that_everything_handed_out_is_done(real: Stack, feed: Feed, read: Read) -> None:
    produce(real, feed, range(10))
    with consumer(real, feed) as stream:
        assert prices(read(stream, 4)) == [0, 1, 2, 3]
    with consumer(real, feed) as stream:
        assert prices([next(stream), next(stream)]) == [4, 5]
    with consumer(real, feed) as stream:
        assert prices(read(stream, 4)) == [6, 7, 8, 9]


def test_what_was_not_processed_comes_again(real: Stack, feed: Feed, read: Read) -> None:
    produce(real, feed, range(6))

    def fail_at_3() -> None:
        with consumer(real, feed) as stream:
            for record in stream:
                if prices([record]) == [3]:
                    raise LookupError("the user's own error")

    with pytest.raises(LookupError):
        fail_at_3()
    stream = consumer(real, feed)
    assert prices([next(stream), next(stream)]) == [3, 4], "the record that failed comes first"
    stream.close()
    with consumer(real, feed) as stream:
        assert prices(read(stream, 2)) == [4, 5], "close() alone does not say that the last record is done"


def test_filtered_records_are_not_read_again(real: Stack, feed: Feed, read: Read) -> None:
    produce(real, feed, range(20))
    with consumer(real, feed) as stream:
        read(stream, 20)
        everything = stream.stats.consumed
    nothing = {"group": f"{feed.source_id}-filtered", "contracts": [Price], "start": "earliest"}
    options: dict[str, Any] = {"registry": real.registry_url, "where": feeds(source_id="nobody"), **nothing}
    with Consumer(real.bootstrap, **options) as stream:
        while stream.stats.filtered < everything:
            assert stream.consume(timeout=1.0) == []
    produce(real, feed, range(20, 21))
    with Consumer(real.bootstrap, **{**options, "where": feeds(source_id=feed.source_id)}) as stream:
        assert prices(read(stream, 1)) == [20]


def test_a_schema_id_of_another_subject_is_a_bad_record(real: Stack, feed: Feed, write: Write, frame_of: Any) -> None:
    ids = producer_ids(CONTRACTS, registry=real.registry_url)
    foreign = next(ids[contract] for contract in CONTRACTS if contract.message is MarketDepth)
    write(real, (feed.key.encode(), frame_of(foreign, source_id=feed.source_id)))
    with consumer(real, feed) as stream, pytest.raises(BadRecord) as caught:
        next(stream)
    assert isinstance(caught.value.error, ForeignSchema)
    assert "belongs to pragma-orderbook-v1-value, not to pragma-prices-v1-value" in str(caught.value)


def test_a_newer_schema_id_is_looked_up_and_read(
    real: Stack, feed: Feed, write: Write, read: Read, frame_of: Any, register_newer: Callable[[Stack], int]
) -> None:
    newer = register_newer(real)
    write(real, (feed.key.encode(), frame_of(newer, source_id=feed.source_id) + b"\x72\x03new"))
    with consumer(real, feed) as stream:
        (record,) = read(stream, 1)
        assert stream.stats.unknown_schema_ids == 0
    assert record.schema_id == newer


def test_a_broker_without_the_topic_is_an_error_that_names_it(real: Stack) -> None:
    with stack(topics=[]) as bare:
        with pytest.raises(BrokerError) as caught:
            Producer(bare.bootstrap, registry=real.registry_url, contracts=[Price])
        assert "UNKNOWN_TOPIC_OR_PART: there is no topic pragma-prices-v1" in str(caught.value)
        for _ in range(2):
            with pytest.raises(BrokerError, match="there is no topic pragma-orderbook-v1, pragma-prices-v1"):
                Consumer(bare.bootstrap, group="tests", contracts=[Price, MarketDepth])
