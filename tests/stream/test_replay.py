"""Reading and replaying dead letters: how each is judged, and that what is good comes back to its topic, once."""

import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any, cast

import pytest
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message, Producer as KafkaProducer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pragma_contracts import Consumer, MarketDepth, Price, Record
from pragma_contracts.errors import (
    BrokerError,
    ConfigurationError,
    ForeignSchema,
    InvalidMessage,
    NotAContract,
)
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.dead_letter_topic import DeadLetterTopic
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.stream.letter import Headed
from pragma_contracts.stream.replay import Replay
from pragma_contracts.testing import Stack, stack
from tests.stream.letters import DEAD, ERROR, KEY, TOPIC, bury, found_in, messages, opened, replay, write_bad

Read = Callable[[Consumer, int], list[Record]]

CONTENT = InvalidMessage("Price", TOPIC, "price", "", "is missing")
FOREIGN = ForeignSchema(9, f"{TOPIC}-value", ["other-value"])


def test_only_what_the_installed_contracts_read_is_readable(dead: Stack, frame_of: Any) -> None:
    good = frame_of()
    records: list[tuple[bytes | None, bytes | None, str]] = [
        (KEY, good, ""),
        (None, good, ""),
        (b"no key of ours", good, ""),
        (b"lending-unknown-paradex-BTC", frame_of(market_type=9), ""),
        (KEY, None, "tombstone"),
        (KEY, b"", "is empty"),
        (KEY, good[:-3], "holds no Price"),
        (KEY, frame_of(price="1e5"), "price = '1e5'"),
        (b"spot-unknown-paradex-BTC", good, "the record key is 'spot-unknown-paradex-BTC'"),
    ]
    bury(dead, write_bad(dead, *[{"key": key, "value": value} for key, value, _ in records]))
    found = {one.letter.source.offset: one for one in found_in(dead) if one.letter}
    assert len(found) == len(records)
    for offset, (_, _, problem) in enumerate(records):
        assert found[offset].state == ("bad" if problem else "readable")
        assert problem in found[offset].problem
        assert bool(problem) == bool(found[offset].problem)


def test_a_schema_id_that_was_refused_must_be_known_before_it_is_replayed(dead: Stack, frame_of: Any) -> None:
    ids = producer_ids(CONTRACTS, registry=dead.registry_url)
    good, foreign = (next(ids[one] for one in CONTRACTS if one.message is cls) for cls in (Price, MarketDepth))
    bury(dead, write_bad(dead, *[{"key": KEY, "value": frame_of(number)} for number in (good, foreign, 4711)]), FOREIGN)
    assert [one.state for one in found_in(dead)] == ["bad", "bad", "bad"]
    judged = found_in(dead, registry=dead.registry_url)
    assert [one.state for one in judged] == ["readable", "bad", "bad"]
    assert "belongs to pragma-orderbook-v1-value" in judged[1].problem


def test_what_is_no_letter_of_the_topic_is_foreign(dead: Stack) -> None:
    (bad,) = write_bad(dead, {"key": KEY, "value": b"bad"})
    bury(dead, [bad])
    whole = list(messages(dead, DEAD)[0].headers() or [])
    client = KafkaProducer({"bootstrap.servers": dead.bootstrap})
    strange: list[Any] = [
        [],
        [("dlq.format", b"2"), *whole[1:]],
        [("dlq.format", b"1")],
        *[
            [(name, value if name == cut else text) for name, text in whole]
            for cut in ("dlq.topic", "dlq.partition", "dlq.offset", "dlq.timestamp", "dlq.timestamp.type")
            for value in (None, b"", b"-1", b"x", b"1" * 5000, b"\xff")
        ],
        [("dlq.receipt", b"1"), ("dlq.partition", b"0")],
    ]
    for headers in strange:
        client.produce(DEAD, b"v", b"k", headers=headers)
    assert client.flush(30) == 0
    found = found_in(dead)
    assert len(found) == 1 + len(strange)
    assert sum(one.kind == "foreign" for one in found) == len(strange)
    assert replay(dead) == {("frame", "still bad"): 1, ("foreign", "still bad"): len(strange)}


def test_dead_letters_need_nothing_of_the_command_line() -> None:
    modules = "pragma_contracts.stream.dead_letters, pragma_contracts.stream.replay"
    script = f"import sys; sys.modules.update(click=None, rich=None); import {modules}"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_another_topic_than_a_contracts_dead_letters_is_refused(shared: Stack) -> None:
    with pytest.raises(ConfigurationError, match="'pragma-prices-v1' is no dead letter topic"):
        DeadLetterTopic(shared.bootstrap, TOPIC)
    with pytest.raises(NotAContract, match="topic 'trades' belongs to no contract"):
        DeadLetterTopic(shared.bootstrap, "trades-dlq")
    with pytest.raises(BrokerError, match="there is no topic pragma-orderbook-v1-dlq"):
        DeadLetterTopic(shared.bootstrap, "pragma-orderbook-v1-dlq")


def test_a_record_comes_back_as_it_was(dead: Stack, frame_of: Any) -> None:
    headers = [("trace", b"1"), ("empty", None), ("trace", b"2"), ("dlq.format", b"theirs")]
    record = {"key": KEY, "value": frame_of(), "headers": headers, "timestamp": 1_700_000_000_123}
    bury(dead, write_bad(dead, record))
    assert replay(dead) == {("frame", "replayed"): 1}
    _, again = messages(dead, TOPIC)
    assert (again.key(), again.value(), again.timestamp()) == (KEY, record["value"], (1, 1_700_000_000_123))
    assert again.headers() == [*headers, ("dlq.replays", b"1")]


def test_a_record_without_a_timestamp_gets_that_of_its_replay(dead: Stack, frame_of: Any) -> None:
    """Brokers keep records of old clients that have none."""
    bare = Message(
        topic=TOPIC, partition=0, offset=7, key=KEY, value=frame_of(), timestamp=(TIMESTAMP_NOT_AVAILABLE, -1)
    )
    before = time.time_ns() // 1_000_000
    bury(dead, [cast(Headed, bare)])
    assert replay(dead) == {("frame", "replayed"): 1}
    (again,) = messages(dead, TOPIC)
    assert again.timestamp()[1] >= before


def test_each_record_is_replayed_once_whatever_was_left_out_before(dead: Stack, frame_of: Any) -> None:
    good = {"key": KEY, "value": frame_of()}
    bury(dead, write_bad(dead, good, {"key": KEY, "value": b""}, good), ERROR)
    bury(dead, write_bad(dead, good), CONTENT)
    bury(dead, write_bad(dead, good), ERROR)
    assert replay(dead, kind="content") == {("content", "replayed"): 1}
    assert replay(dead, limit=1) == {("frame", "replayed"): 1}
    assert replay(dead) == {
        ("frame", "replayed already"): 1,
        ("frame", "still bad"): 1,
        ("frame", "replayed"): 2,
        ("content", "replayed already"): 1,
    }
    assert replay(dead) == {
        ("frame", "replayed already"): 3,
        ("frame", "still bad"): 1,
        ("content", "replayed already"): 1,
    }
    assert len(messages(dead, TOPIC)) == 5 + 4


def test_letters_of_one_record_by_several_groups_are_replayed_once(dead: Stack, frame_of: Any) -> None:
    bad = write_bad(dead, {"key": None, "value": frame_of()})
    bury(dead, bad, group="one")
    bury(dead, bad, group="other")
    assert replay(dead) == {("frame", "replayed"): 1, ("frame", "replayed already"): 1}
    bury(dead, bad, group="late")
    assert replay(dead) == {("frame", "replayed already"): 3}


def test_a_record_that_goes_round_says_how_often(dead: Stack, frame_of: Any) -> None:
    bad = write_bad(dead, {"key": KEY, "value": frame_of()})
    for count in range(1, 4):
        bury(dead, bad)
        assert replay(dead)["frame", "replayed"] == 1
        bad = messages(dead, TOPIC)[-1:]
        assert bad[0].headers() == [("dlq.replays", b"%d" % count)]


def test_a_dry_run_writes_nothing(dead: Stack, frame_of: Any) -> None:
    bury(dead, write_bad(dead, *[{"key": KEY, "value": frame_of()}] * 3))
    with opened(dead) as topic:
        replaying = Replay(topic)
        replaying.run(None, 2, dry_run=True)
        replaying.close()
    assert dict(replaying.counts) == {("frame", "would replay"): 2}
    assert (len(messages(dead, TOPIC)), len(messages(dead, DEAD))) == (3, 3)


def test_the_whole_way_on_a_real_broker(read: Read, frame_of: Any) -> None:
    """Poison and good records are dead-lettered; the good ones come back, and a consumer reads them again, once."""
    count = 400
    values = [frame_of(price=str(number)) if number % 2 else b"poison" for number in range(count)]
    options: Any = {"group": uuid.uuid4().hex, "contracts": [Price], "start": "earliest", "on_error": "skip"}
    with stack(topics=[TOPIC, DEAD]) as running:
        bury(running, write_bad(running, *[{"key": KEY, "value": value} for value in values]))
        _abort_a_transaction(running)
        bad = ("frame", "still bad")
        assert replay(running) == {("frame", "replayed"): count // 2, bad: count // 2}
        assert replay(running) == {("frame", "replayed already"): count // 2, bad: count // 2}
        with Consumer(running.bootstrap, **options) as consumer:
            records: list[Any] = read(consumer, count)
            assert consumer.consume(timeout=1.0) == []
    expected = [str(number) for number in range(count) if number % 2]
    assert sorted(record.message.price for record in records) == sorted(expected * 2)
    replayed = [record for record in records if record.offset >= count or record.partition != 0]
    assert [record.message.price for record in replayed] == expected, "in the order in which they were written"


def test_what_the_broker_does_not_confirm_is_not_counted_and_comes_with_the_next_run(frame_of: Any) -> None:
    with stack(topics=[TOPIC, DEAD]) as running:
        bury(running, write_bad(running, *[{"key": KEY, "value": frame_of()}] * 3))
        admin = AdminClient({"bootstrap.servers": running.bootstrap})
        with DeadLetterTopic(running.bootstrap, DEAD, timeout=2.0) as topic:
            replaying = Replay(topic)
            admin.delete_topics([TOPIC])[TOPIC].result()
            with pytest.raises(BrokerError, match="3 records are not confirmed"):
                replaying.run(None, None, dry_run=False)
            replaying.close()
        assert replaying.counts.total() == 0
        admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result()
        assert replay(running) == {("frame", "replayed"): 3}
        assert running.broker is not None
        with DeadLetterTopic(running.bootstrap, DEAD, timeout=2.0) as topic:
            running.broker.stop()
            with pytest.raises(BrokerError):
                list(topic.records())


def _abort_a_transaction(stack: Stack) -> None:
    """Leaves offsets at the end of the dead letter topic that no reader ever gets."""
    client = KafkaProducer({"bootstrap.servers": stack.bootstrap, "transactional.id": "aborted"})
    client.init_transactions(30)
    client.begin_transaction()
    for partition in range(4):
        client.produce(DEAD, b"aborted", partition=partition)
    client.flush(30)
    client.abort_transaction(30)
