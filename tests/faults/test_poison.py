"""Records that cannot be used, amid good ones in all partitions: each is counted once, and nothing good is missed."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from confluent_kafka import Message as KafkaMessage, Producer as KafkaProducer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pragma_contracts import Consumer, Price, feeds
from pragma_contracts.errors import BadRecord
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import Stack
from pragma_contracts.testing.server import Server
from tests.faults.load import DEADLINE_S, Load, number_of
from tests.stream.letters import DEAD, TOPIC, found_in
from tests.stream.poison import poison

Start = Callable[..., AbstractContextManager[Load]]
# The partition and the offset of each bad record, and the kind of its error.
Poisoned = dict[tuple[int, int], str]

PARTITIONS = 4


@pytest.fixture
def poisoned(running: Stack, registry: Server, load: Start) -> tuple[Load, Poisoned]:
    """Good records that were sent, and between them bad ones of every kind in each partition."""
    ids = {
        contract.message: found for contract, found in producer_ids(CONTRACTS, registry=running.registry_url).items()
    }
    foreign = next(found for message, found in ids.items() if message is not Price)
    client = KafkaProducer({"bootstrap.servers": running.bootstrap})
    written: Poisoned = {}
    with load(profile="durable") as sending:
        for key, value, error in poison(ids[Price], foreign):
            sending.send(50)
            sending.producer.flush()

            def wrote(_: object, message: KafkaMessage, kind: str = error.kind) -> None:
                written[message.partition() or 0, message.offset() or 0] = kind

            for partition in range(PARTITIONS):
                client.produce(TOPIC, value, key, partition=partition, on_delivery=wrote)
            assert client.flush(DEADLINE_S) == 0
        sending.send(50)
    assert sending.producer.stats.delivered == sending.given, sending.producer.stats
    return sending, written


def test_poison_amid_good_records(running: Stack, poisoned: tuple[Load, Poisoned]) -> None:
    sending, written = poisoned
    admin = AdminClient({"bootstrap.servers": running.bootstrap})
    admin.create_topics([NewTopic(DEAD, 1, 1)])[DEAD].result(DEADLINE_S)
    for on_error in "raise", "skip", "dead_letter":
        good: list[int] = []
        raised: Poisoned = {}
        options: dict[str, Any] = {"on_error": on_error, "registry": running.registry_url, "start": "earliest"}
        where = feeds(source_id={sending.source, "paradex"})
        with Consumer(
            running.bootstrap, group=f"{sending.source}-{on_error}", contracts=[Price], where=where, **options
        ) as stream:
            deadline = time.monotonic() + DEADLINE_S
            while len(good) < sending.given or sum(stream.stats.bad.values()) < len(written):
                assert time.monotonic() < deadline, stream.stats
                try:
                    good += map(number_of, stream.consume(timeout=0.5))
                except BadRecord as bad:
                    raised[bad.partition, bad.offset] = bad.kind
        stats = stream.stats
        counts = (
            f"{on_error}: {len(good)} of {sending.given} good ones, {len(raised)} raised of {len(written)}, {stats}"
        )
        assert sorted(good) == list(range(sending.given)), counts
        assert stats.bad == Counter(written.values()), counts
        assert raised == (written if on_error == "raise" else {}), counts
        assert stats.dead_letters == (len(written) if on_error == "dead_letter" else 0), counts
    letters = [found.letter for found in found_in(running) if found.letter is not None]
    assert len(letters) == len(written)
    assert {(letter.source.partition, letter.source.offset): letter.kind for letter in letters} == written
