"""What a producer meets of limits: a full queue, messages that are too large, and a topic that is gone."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic

from pragma_contracts import Consumer, Price, feeds
from pragma_contracts.errors import BrokerError
from pragma_contracts.stream import assignment
from pragma_contracts.testing import Stack
from tests.faults.load import DEADLINE_S, PATIENT, Account, Load, number_of

Start = Callable[..., AbstractContextManager[Load]]

TOPIC = "pragma-prices-v1"
LIMIT = 20_000
# How soon a member of a group learns that a topic is gone; by default within ten seconds.
SOON = {"topic.metadata.refresh.interval.ms": 500}
# Noise, which no compression makes small.
LONG = {"long": "".join(uuid.uuid4().hex for _ in range(LIMIT // 16))}


@pytest.fixture
def admin(running: Stack) -> AdminClient:
    return AdminClient({"bootstrap.servers": running.bootstrap})


@contextmanager
def limited(admin: AdminClient, size: int) -> Iterator[None]:
    """The prices topic takes no batches above `size` bytes for the time of the block."""

    def alter(operation: AlterConfigOpType) -> None:
        entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=operation)
        resource = ConfigResource(ResourceType.TOPIC, TOPIC, incremental_configs=[entry])
        admin.incremental_alter_configs([resource])[resource].result(DEADLINE_S)

    alter(AlterConfigOpType.SET)
    try:
        yield
    finally:
        alter(AlterConfigOpType.DELETE)


def test_a_full_queue_drops_what_is_realtime_and_holds_up_what_is_durable(load: Start) -> None:
    config = {**PATIENT, "queue.buffering.max.messages": 500}
    with load(config=config) as realtime:
        realtime.send(20_000)
    account = Account(realtime)
    assert account.dropped, account
    assert account.consumed == account.delivered == account.given - account.dropped, account
    with load(profile="durable", config=config) as durable:
        durable.send(20_000)
    account = Account(durable)
    assert account.consumed == account.delivered == account.given, account


@pytest.mark.parametrize("profile", ["realtime", "durable"])
def test_a_message_over_the_limit_costs_at_most_its_batch(admin: AdminClient, load: Start, profile: str) -> None:
    """The topic's limit is known to the broker alone, which refuses a batch as a whole; the client's own refuses one
    message, before it is queued."""
    config = {**PATIENT, "batch.size": LIMIT // 2, "message.max.bytes": 4 * LIMIT}
    refused: set[int] = set()
    with limited(admin, LIMIT), load(profile=profile, config=config) as sending:
        for _ in range(5):
            sending.send(400)
            refused.add(sending.given)
            sending.send(1, metadata=LONG)
            with pytest.raises(BrokerError, match=r"is over message\.max\.bytes 80000; send less in it"):
                sending.send(1, metadata={"long": LONG["long"] * 3})
        sending.send(400)
    account = Account(sending)
    assert len(account.dropped) == 5, account
    assert set(account.stats.failed) == {"MSG_SIZE_TOO_LARGE"}, account
    assert refused <= account.not_confirmed, account
    assert account.consumed == account.delivered, f"what the broker refuses it does not write: {account}"
    assert max(account.given) in account.delivered, account


def test_a_topic_that_is_deleted_is_an_error_and_takes_nothing_until_it_is_there_again(
    running: Stack, admin: AdminClient, load: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment, "_RECOUNT_SECONDS", 0.5)
    with load(config={"message.timeout.ms": 5_000}) as sending:
        sending.send(1000)
        assert sending.producer.flush() == 0
        where = feeds(source_id=sending.source)
        with (
            Consumer(running.bootstrap, contracts=[Price], where=where, start="earliest") as alone,
            Consumer(
                running.bootstrap, group=sending.source, contracts=[Price], where=where, start="earliest", config=SOON
            ) as member,
        ):
            before = {number_of(next(alone)) for _ in range(1000)}
            assert {number_of(next(member)) for _ in range(1000)} == before
            admin.delete_topics([TOPIC])[TOPIC].result(DEADLINE_S)
            for stream in alone, member:
                with pytest.raises(BrokerError, match="UNKNOWN_TOPIC_OR_PART"):
                    next(stream)
        sending.send_until(lambda: bool(sending.losses))
        made = NewTopic(TOPIC, num_partitions=4, replication_factor=1)
        admin.create_topics([made])[TOPIC].result(DEADLINE_S)
        sending.send_until_delivered()
        sending.send(1000)
    account = Account(sending, before=before)
    assert account.not_confirmed, account
    assert max(account.given) in account.delivered, account
