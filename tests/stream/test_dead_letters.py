"""Dead letters: nothing of a bad record is lost on its way to the dead letter topic and back."""

import contextlib
import random
import time
from typing import Any, cast

import pytest
from confluent_kafka import Message as KafkaMessage
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pragma_contracts.errors import BadRecord, BrokerError, ConfigurationError, InvalidFrame
from pragma_contracts.stream.dead_letters import DeadLetters
from pragma_contracts.stream.letter import Headed, read_letter
from pragma_contracts.testing import Stack, stack
from tests.stream.letters import DEAD, ERROR, KEY, TOPIC, bury, found_in, messages, write_bad

BAD: list[Any] = [
    pytest.param({"key": KEY, "value": b"bad", "headers": []}, id="plain"),
    pytest.param({"key": None, "value": b"bad"}, id="no key"),
    pytest.param({"key": b"", "value": b""}, id="empty key and value"),
    pytest.param({"key": KEY, "value": None}, id="tombstone"),
    pytest.param({"key": b"\xff\x00\x1b[2J", "value": bytes(range(256)) * 100}, id="any bytes"),
    pytest.param({"key": KEY, "value": b"bad", "timestamp": 12345}, id="old"),
    pytest.param(
        {"key": KEY, "value": b"bad", "headers": [("a", b"1"), ("b", None), ("a", b""), ("", b"\xff"), ("é", b"2")]},
        id="headers in order, repeated, empty, None",
    ),
    pytest.param(
        {"key": KEY, "value": b"bad", "headers": [("dlq.format", b"1"), ("dlq.offset", b"7"), ("dlq.kind", b"x")]},
        id="headers that look like ours",
    ),
]


@pytest.mark.parametrize("record", BAD)
def test_a_letter_holds_the_record_as_it_was_and_where_it_stood(dead: Stack, record: dict[str, Any]) -> None:
    (bad,) = write_bad(dead, record)
    written = bury(dead, [bad]).written
    (message,) = messages(dead, DEAD)
    letter = read_letter(message)
    assert letter is not None
    assert (message.key(), message.value()) == (letter.key, letter.value) == (record["key"], record["value"])
    assert letter.headers == record.get("headers", [])
    kind, ms = bad.timestamp()
    assert (letter.topic, letter.source, letter.timestamp_kind) == (TOPIC, (0, bad.offset(), ms), kind)
    assert (letter.kind, letter.error) == ("frame", str(ERROR))
    assert (letter.group, letter.left_out, letter.replays) == ("ingestor", "", 0)
    assert message.timestamp()[1] >= bad.timestamp()[1]
    assert written == {"frame": 1}


def test_of_a_bad_record_the_error_inside_counts(dead: Stack) -> None:
    bury(dead, write_bad(dead, {"value": b"bad"}), BadRecord(TOPIC, 0, 0, ERROR))
    (found,) = found_in(dead)
    assert found.letter is not None
    assert (found.letter.kind, found.letter.error) == ("frame", str(ERROR))


def test_the_text_of_a_letter_is_short_and_printable(dead: Stack) -> None:
    bury(dead, write_bad(dead, {"value": b"bad"}), InvalidFrame("\x1b[2J\n" * 5000, 0, 0))
    (found,) = found_in(dead)
    assert found.letter is not None
    assert found.letter.error.isprintable()
    assert len(found.letter.error) < 600


def test_a_missing_dead_letter_topic_is_named_and_not_created(real: Stack) -> None:
    with pytest.raises(BrokerError) as caught:
        DeadLetters(real.bootstrap, ["nobody", "someone"], group="g")
    assert "there is no topic nobody-dlq, someone-dlq that" in str(caught.value)
    assert "kafka-topics.sh --create --topic <name>" in str(caught.value)
    admin = AdminClient({"bootstrap.servers": real.bootstrap})
    assert "nobody-dlq" not in admin.list_topics(timeout=10).topics


def test_a_letter_is_not_queued_twice_and_settling_again_writes_nothing(dead: Stack) -> None:
    (bad,) = write_bad(dead, {"value": b"bad"})
    letters = DeadLetters(dead.bootstrap, [TOPIC], group="g")
    for _ in range(2):
        letters.put(bad, ERROR)
    for _ in range(2):
        letters.settle()
    letters.close()
    assert len(messages(dead, DEAD)) == sum(letters.written.values()) == 1


def test_a_consumers_settings_carry_over(dead: Stack) -> None:
    def unused(*_: object) -> None:
        raise AssertionError("the consumer's own callbacks are not the writer's")

    config = {
        "client.id": "ours",
        "group.instance.id": "static",
        "partition.assignment.strategy": "cooperative-sticky",
        "fetch.wait.max.ms": 10,
        "isolation.level": "read_committed",
        "on_commit": unused,
        "stats_cb": unused,
        "statistics.interval.ms": 1,
        "acks": 0,
        "delivery.timeout.ms": 1,
    }
    letters = DeadLetters(dead.bootstrap, [TOPIC], group="g", config=config)
    (bad,) = write_bad(dead, {"value": b"bad"})
    letters.put(bad, ERROR)
    letters.settle()
    letters.close()
    with pytest.raises(ConfigurationError) as caught:
        DeadLetters(dead.bootstrap, [TOPIC], group="g", config={"security.protocol": "SSL", "ssl.key.pem": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_what_the_broker_does_not_take_is_tried_again_and_never_forgotten() -> None:
    with stack(topics=[TOPIC, DEAD]) as running:
        assert running.broker is not None
        bad = write_bad(running, *[{"key": KEY, "value": b"%d" % number} for number in range(3)])
        letters = DeadLetters(running.bootstrap, [TOPIC], group="g", timeout=2.0)
        running.broker.stop()
        for message in bad:
            letters.put(message, ERROR)
        with pytest.raises(BrokerError, match=r"3 dead letters are not confirmed, first that of .* at offset 0: "):
            letters.settle()
        assert dict(letters.written) == {}
        running.broker.start()
        deadline = time.monotonic() + 60
        while letters.written == {}:
            assert time.monotonic() < deadline
            with contextlib.suppress(BrokerError):
                letters.settle()
        letters.settle()
        assert dict(letters.written) == {"frame": 3}
        letters.close()
        assert [message.value() for message in messages(running, DEAD)] == [b"0", b"1", b"2"]


def test_a_letter_that_is_too_large_keeps_its_place_and_costs_no_other() -> None:
    with stack(topics=[TOPIC]) as running:
        admin = AdminClient({"bootstrap.servers": running.bootstrap})
        small = NewTopic(DEAD, 1, 1, config={"max.message.bytes": "20000"})
        admin.create_topics([small])[DEAD].result()
        noise = random.Random(1).randbytes(50_000)
        bad = write_bad(running, {"key": KEY, "value": b"1"}, {"key": KEY, "value": noise}, {"key": KEY, "value": b"2"})
        letters = bury(running, bad)
        found = found_in(running)
        assert (letters.cut, dict(letters.written)) == (1, {"frame": 3})
        assert sorted((one.letter.source.offset, one.letter.left_out) for one in found if one.letter) == [
            (0, ""),
            (1, "key, value, headers"),
            (2, ""),
        ]
        assert "the letter lacks key, value, headers" in next(one.problem for one in found if one.size == 0)


class _Unreadable(KafkaMessage):
    """A message of which a header's name is no UTF-8: this is how Kafka's client answers for one."""

    def headers(self) -> Any:
        raise SystemError("returned a result with an exception set")


def test_headers_that_cannot_be_read_are_named_as_left_out(dead: Stack) -> None:
    bad = _Unreadable(topic=TOPIC, partition=0, offset=7, key=KEY, value=b"bad", timestamp=(1, 5))
    bury(dead, [cast(Headed, bad)])
    (found,) = found_in(dead)
    assert found.letter is not None
    assert (found.letter.left_out, found.letter.value, found.state) == ("headers", b"bad", "bad")
