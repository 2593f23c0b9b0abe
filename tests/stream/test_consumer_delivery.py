"""What a consumer promises about each record: at least once, at most once, or as its user commits; and in batches."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from confluent_kafka import Consumer as KafkaConsumer, TopicPartition

from pragma_contracts import Consumer, Price, Record, feeds
from pragma_contracts.errors import (
    BadRecord,
    BrokerError,
    Closed,
    ConfigurationError,
    RegistryUnavailable,
    TooManyBadRecords,
)
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import Stack
from tests.stream.letters import found_in

Read = Callable[[Consumer, int], list[Record]]
Write = Callable[..., None]
Ending = Callable[[], AbstractContextManager[Stack]]

TOPIC = "pragma-prices-v1"
KEY = b"perp-unknown-paradex-BTC"


def consumer(stack: Stack, group: str, **options: Any) -> Consumer:
    return Consumer(stack.bootstrap, **{"group": group, "contracts": [Price], "start": "earliest", **options})


def committed(stack: Stack, group: str) -> int:
    """The committed offset of partition 0, -1001 when there is none."""
    client = KafkaConsumer({"bootstrap.servers": stack.bootstrap, "group.id": group})
    (place,) = client.committed([TopicPartition(TOPIC, 0)], timeout=30)
    client.close()
    return int(place.offset)


@pytest.fixture
def group() -> str:
    return str(uuid.uuid4())


def test_at_most_once_commits_before_it_hands_out(kafka: Stack, write: Write, frame_of: Any, group: str) -> None:
    write(kafka, *[(KEY, frame_of())] * 5)
    with consumer(kafka, group, delivery="at_most_once") as stream:
        next(stream)
        assert committed(kafka, group) == 5
    assert committed(kafka, group) == 5


def test_manual_commits_what_it_is_told(kafka: Stack, write: Write, read: Read, frame_of: Any, group: str) -> None:
    write(kafka, *[(KEY, frame_of())] * 6)
    with consumer(kafka, group, delivery="manual") as stream:
        records = read(stream, 6)
        stream.commit(*records[:2])
        assert committed(kafka, group) == 2
        stream.commit()
        assert committed(kafka, group) == 6
    with pytest.raises(Closed):
        stream.commit()


def test_manual_commits_everything_of_the_batches_before_too(
    kafka: Stack, write: Write, frame_of: Any, group: str
) -> None:
    write(kafka, *[(KEY, frame_of())] * 2)
    with consumer(kafka, group, delivery="manual") as stream:
        assert next(stream).offset == 0
        assert next(stream).offset == 1
        write(kafka, (KEY, frame_of()))
        assert next(stream).offset == 2
        stream.commit()
    assert committed(kafka, group) == 3


def test_commit_is_for_manual_delivery_in_a_group(kafka: Stack, group: str) -> None:
    with consumer(kafka, group) as stream, pytest.raises(ConfigurationError, match="delivery"):
        stream.commit()
    with Consumer(kafka.bootstrap, contracts=[Price]) as stream, pytest.raises(ConfigurationError, match="group"):
        stream.commit()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"delivery": "exactly_once"}, "delivery: must be 'at_least_once' or 'at_most_once' or 'manual'"),
        ({"group": None, "delivery": "manual"}, "delivery: 'manual' needs a group"),
        ({"max_bad_share": 1.5}, "max_bad_share: must be from 0 to 1, not 1.5"),
    ],
)
def test_a_delivery_that_makes_no_sense_is_refused(shared: Stack, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        consumer(shared, **{"group": "tests", **options})
    assert str(caught.value).startswith(problem)


def test_batches_are_full_or_what_came_in_time(kafka: Stack, write: Write, frame_of: Any, group: str) -> None:
    write(kafka, *[(KEY, frame_of())] * 7)
    with consumer(kafka, group) as stream:
        batches = stream.batches(3, max_wait=2.0)
        sizes = [len(next(batches)) for _ in range(3)]
        assert sizes == [3, 3, 1]
        # The third was asked for, so that two are done.
        stream.close()
        assert list(batches) == []
    assert committed(kafka, group) == 6


def test_batches_without_wanted_records_are_not_handed_out(
    kafka: Stack, write: Write, frame_of: Any, group: str
) -> None:
    spot = b"spot-unknown-paradex-BTC", frame_of(market_type=1)
    write(kafka, *[spot] * 10, (KEY, frame_of()), *[spot] * 10)
    with consumer(kafka, group, where=feeds(market_type="perpetual")) as stream:
        (record,) = next(stream.batches(5, max_wait=0.2))
    assert record.offset == 10


def test_a_record_of_a_batch_is_decoded_when_its_message_is_asked_for(
    kafka: Stack, write: Write, frame_of: Any, group: str
) -> None:
    write(kafka, (KEY, frame_of()), (KEY, b"no frame"), (KEY, frame_of()))
    with consumer(kafka, group) as stream:
        first, bad, last = next(stream.batches(3, max_wait=5.0))
        assert {record.feed.key for record in (first, bad, last)} == {KEY.decode()}
        assert (stream.stats.decoded, dict(stream.stats.bad)) == (3, {})
        assert first.message is first.message
        assert isinstance(last.message, Price)
        for _ in range(2):
            with pytest.raises(BadRecord, match="at offset 1: frame of 8 bytes, at byte 0: begins with 0x6e"):
                _ = bad.message
        assert (stream.stats.decoded, dict(stream.stats.bad)) == (2, {"frame": 1})


def test_batches_leave_out_what_is_skipped(kafka: Stack, write: Write, frame_of: Any, group: str) -> None:
    write(kafka, (KEY, frame_of()), (KEY, b""), (KEY, frame_of()))
    with consumer(kafka, group, on_error="skip") as stream:
        batch = next(stream.batches(3, max_wait=1.0))
        assert [record.offset for record in batch] == [0, 2]
        assert dict(stream.stats.bad) == {"frame": 1}


def test_too_many_bad_records_stop_the_consumer_and_come_again(
    kafka: Stack, write: Write, read: Read, frame_of: Any, group: str
) -> None:
    write(kafka, *[(KEY, frame_of())] * 120)
    with consumer(kafka, group, on_error="skip", max_bad_share=0.2) as stream:
        read(stream, 120)
        write(kafka, *[(KEY, frame_of()), (KEY, b"")] * 60)
        with pytest.raises(TooManyBadRecords, match=r"above max_bad_share=0.2: the consumer stops") as caught:
            read(stream, 1_000)
        assert caught.value.bad > 20
        with pytest.raises(Closed):
            stream.consume()
    assert 120 <= committed(kafka, group) <= caught.value.last.offset


def test_a_few_bad_records_stop_nobody(kafka: Stack, write: Write, read: Read, frame_of: Any, group: str) -> None:
    write(kafka, *[(KEY, b"")] * 40, *[(KEY, frame_of())] * 160)
    with consumer(kafka, group, on_error="skip") as stream:
        read(stream, 160)
        assert dict(stream.stats.bad) == {"frame": 40}


def test_bad_records_are_dead_letters_before_they_are_committed(
    dead: Stack, write: Write, frame_of: Any, group: str
) -> None:
    write(dead, (KEY, frame_of()), (KEY, b"no frame"), (KEY, frame_of()), (b"other", None))
    with consumer(dead, group, on_error="dead_letter") as stream:
        batch = next(stream.batches(4, max_wait=1.0))
        assert [record.offset for record in batch] == [0, 2]
    assert committed(dead, group) == 4
    assert (dict(stream.stats.bad), stream.stats.dead_letters) == ({"frame": 2}, 2)
    letters = [found.letter for found in found_in(dead)]
    assert sorted((letter.source[1], letter.key, letter.group) for letter in letters if letter is not None) == [
        (1, KEY, group),
        (3, b"other", group),
    ]


def test_manual_commits_wait_for_dead_letters_too(dead: Stack, write: Write, frame_of: Any, group: str) -> None:
    write(dead, (KEY, b"no frame"), (KEY, frame_of()))
    with consumer(dead, group, on_error="dead_letter", delivery="manual") as stream:
        (record,) = stream.consume(timeout=30.0)
        stream.commit(record)
        assert stream.stats.dead_letters == 1
    assert committed(dead, group) == 2


def test_a_missing_dead_letter_topic_is_an_error_at_the_start(kafka: Stack, group: str) -> None:
    with pytest.raises(BrokerError, match="pragma-prices-v1-dlq"):
        consumer(kafka, group, on_error="dead_letter")


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_where_unknown_ids_are_refused_an_outage_of_the_registry_is_no_bad_record(
    kafka: Stack, ending: Ending, write: Write, frame_of: Any, group: str, on_error: str
) -> None:
    ids = producer_ids(CONTRACTS, registry=kafka.registry_url)
    good = next(found for contract, found in ids.items() if contract.message is Price)
    write(kafka, *[(KEY, frame_of(good))] * 3)
    options: dict[str, Any] = {"unknown_ids": "refuse", "on_error": on_error}
    with ending() as other:
        stream = consumer(kafka, group, **options, registry=other.registry_url)
    for _ in range(2):
        with pytest.raises(RegistryUnavailable):
            stream.consume(timeout=30.0)
    with pytest.raises(RegistryUnavailable):
        next(stream)
    if on_error == "raise":
        with pytest.raises(RegistryUnavailable):
            _ = next(stream.batches(3))[0].message
    assert (dict(stream.stats.bad), stream.stats.registry_outages) == ({}, 1)
    stream.close()
    assert committed(kafka, group) == -1001
