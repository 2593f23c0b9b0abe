"""What becomes of every message: profiles with a full queue, `on_loss`, and figures that add up whatever happens."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from pragma_contracts import Consumer, Feed, Loss, Price, Producer, Record
from pragma_contracts.errors import BrokerError, Closed, ConfigurationError
from pragma_contracts.stream.stats import ProducerStats
from pragma_contracts.testing import Stack
from pragma_contracts.wire.frame import decode

Read = Callable[[Consumer, int], list[Record]]
Ending = Callable[[], AbstractContextManager[Stack]]


def producer(running: Stack, **options: Any) -> Producer:
    return Producer(running.bootstrap, **{"registry": running.registry_url, "contracts": [Price], **options})


def send(out: Producer, feed: Feed, numbers: range) -> None:
    prices = out.feed(Price, feed)
    for number in numbers:
        prices.send(event_time=number, price=str(number))


def lost_prices(losses: list[Loss]) -> list[int]:
    return [int(decode(loss.frame, Price).price) for loss in losses]


def adds_up(stats: ProducerStats, given: int, losses: list[Loss]) -> None:
    """Every message given is in exactly one place, and every loss was told."""
    assert stats.sent == stats.delivered + sum(stats.failed.values()) + stats.queued
    assert stats.sent + stats.dropped == given
    assert len([loss for loss in losses if loss.may_be_written]) == sum(stats.failed.values())
    assert len([loss for loss in losses if not loss.may_be_written]) == stats.dropped


def test_a_full_queue_drops_the_newest_of_a_realtime_producer(kafka: Stack, perp: Feed, read: Read) -> None:
    losses: list[Loss] = []
    config = {"queue.buffering.max.messages": 10, "linger.ms": 200}
    with producer(kafka, config=config, on_loss=losses.append) as out:
        send(out, perp, range(100))
        assert len(losses) == out.stats.dropped, "drops are told at once"
    stats = out.stats
    adds_up(stats, 100, losses)
    assert stats.dropped > 0
    assert {(loss.topic, loss.key, loss.error) for loss in losses} == {
        ("pragma-prices-v1", perp.key.encode(), "_QUEUE_FULL")
    }
    with Consumer(kafka.bootstrap, group="all", contracts=[Price], start="earliest") as stream:
        arrived = [int(record.message.price) for record in read(stream, stats.delivered)]  # type: ignore[attr-defined]
    assert sorted(arrived + lost_prices(losses)) == list(range(100))
    assert arrived[:10] == list(range(10)), "what waits already is not thrown out for what is new"


def test_a_full_queue_makes_a_durable_producer_wait(kafka: Stack, perp: Feed, read: Read) -> None:
    losses: list[Loss] = []
    config = {"queue.buffering.max.messages": 10}
    with producer(kafka, profile="durable", config=config, on_loss=losses.append) as out:
        send(out, perp, range(300))
    adds_up(out.stats, 300, losses)
    assert out.stats.delivered == 300
    with Consumer(kafka.bootstrap, group="all", contracts=[Price], start="earliest") as stream:
        records = read(stream, 300)
    assert [record.message.price for record in records] == [str(n) for n in range(300)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("block_seconds", [0, 0.3])
def test_a_durable_producer_that_found_no_room_says_so(ending: Ending, perp: Feed, block_seconds: float) -> None:
    losses: list[Loss] = []
    with ending() as running:
        config = {"queue.buffering.max.messages": 5}
        out = producer(running, profile="durable", block_seconds=block_seconds, config=config, on_loss=losses.append)
    send(out, perp, range(5))
    with pytest.raises(BrokerError) as caught:
        send(out, perp, range(5, 6))
    assert caught.value.code == "_QUEUE_FULL"
    assert "the queue is full, it holds 5 messages, and took none for pragma-prices-v1" in str(caught.value)
    assert (" within 0.3 s" in str(caught.value)) == (block_seconds > 0)
    assert "is the broker up" in str(caught.value)
    assert out.stats.dropped == 1
    out.close(timeout=0)
    adds_up(out.stats, 6, losses)
    assert sorted(lost_prices(losses)) == [0, 1, 2, 3, 4, 5]
    assert [loss.error for loss in losses if not loss.may_be_written] == ["_QUEUE_FULL"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"block_seconds": 1}, "block_seconds: a realtime producer never waits"),
        ({"profile": "durable", "block_seconds": -1}, "block_seconds: -1 is no time to wait"),
        ({"profile": "durable", "block_seconds": float("nan")}, "block_seconds: nan is no time to wait"),
        ({"on_loss": []}, "on_loss: [] cannot be called; give a function of a Loss"),
        ({"profile": "fast"}, "profile: 'fast' is none of realtime, durable"),
        ({"tuning": "fast"}, "tuning: 'fast' is none of latency, throughput"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(shared: Stack, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        producer(shared, **options)
    assert str(caught.value).startswith(problem)


def test_what_was_not_confirmed_is_told_with_its_frame(ending: Ending, perp: Feed) -> None:
    losses: list[Loss] = []
    with ending() as running:
        out = producer(running, on_loss=losses.append)
    send(out, perp, range(10))
    assert out.flush(timeout=30.0) == 0
    assert lost_prices(losses) == list(range(10)), "in the order in which they were sent"
    assert out.stats.failed == {losses[0].error: 10}
    assert losses[0].text
    out.close()
    adds_up(out.stats, 10, losses)


def test_an_error_of_on_loss_is_raised_when_all_are_told(ending: Ending, perp: Feed) -> None:
    told: list[Loss] = []

    def fail(loss: Loss) -> None:
        told.append(loss)
        raise LookupError(f"the user's own error {len(told)}")

    with ending() as running:
        out = producer(running, on_loss=fail)
    send(out, perp, range(3))
    with pytest.raises(LookupError, match="own error 1") as caught:
        out.flush(timeout=30.0)
    assert caught.value.__notes__ == ["raised by on_loss, for 3 messages; this is the first of these errors"]
    adds_up(out.stats, 3, told)
    send(out, perp, range(3, 5))
    with pytest.raises(LookupError, match="own error 4"):
        out.close()
    adds_up(out.stats, 5, told)
    assert lost_prices(told) == [0, 1, 2, 3, 4]
    with pytest.raises(Closed):
        send(out, perp, range(1))


def test_an_error_of_on_loss_does_not_take_back_a_message_that_was_sent(kafka: Stack, perp: Feed) -> None:
    def fail(_: Loss) -> None:
        raise LookupError("the user's own error")

    config = {"queue.buffering.max.messages": 1, "linger.ms": 200}
    out = producer(kafka, config=config, on_loss=fail)
    send(out, perp, range(1))
    with pytest.raises(LookupError):
        send(out, perp, range(1, 2))
    out.flush()
    send(out, perp, range(2, 3))
    out.close()
    assert (out.stats.sent, out.stats.delivered, out.stats.dropped) == (2, 2, 1)


def test_on_loss_may_send_without_end(ending: Ending, perp: Feed) -> None:
    """What it loses itself is told the next time."""
    told: list[Loss] = []

    def again(loss: Loss) -> None:
        told.append(loss)
        send(out, perp, range(100, 101))

    with ending() as running:
        out = producer(running, on_loss=again, config={"queue.buffering.max.messages": 1})
    send(out, perp, range(2))
    assert lost_prices(told) == [1]
    assert out.stats.dropped == 2
    with pytest.raises(Closed):
        out.close()
    adds_up(out.stats, 3, told)


def test_losses_are_logged_once_a_second_and_at_the_end(
    ending: Ending, perp: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    with ending() as running:
        out = producer(running, config={"queue.buffering.max.messages": 10})
    with caplog.at_level(logging.WARNING):
        send(out, perp, range(1000))
        assert len(caplog.records) <= 2, "one a second, and a second may have ended"
        out.flush()
        assert "10 messages sent, 10 of them not confirmed (" in caplog.records[-1].getMessage()
        out.close()
    assert caplog.records[-1].getMessage().endswith("; 990 more dropped")
