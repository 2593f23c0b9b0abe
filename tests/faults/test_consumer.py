"""Consumers that are killed, that join and that leave: nothing is missed."""

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from confluent_kafka import Consumer as KafkaConsumer, TopicPartition

from pragma_contracts import Consumer, Price, feeds
from pragma_contracts.testing import Stack
from tests.faults.load import DEADLINE_S, Load, number_of

Start = Callable[..., AbstractContextManager[Load]]

TOPIC = "pragma-prices-v1"
MESSAGES = 2500
KILLS = 3


def lag(running: Stack, group: str) -> int:
    """How many records of the topic its group has not committed, -1001 when a partition has no offset."""
    client = KafkaConsumer({"bootstrap.servers": running.bootstrap, "group.id": group})
    places = client.committed([TopicPartition(TOPIC, partition) for partition in range(4)], timeout=DEADLINE_S)
    ends = [client.get_watermark_offsets(place, timeout=DEADLINE_S)[1] for place in places]
    client.close()
    return sum(end - place.offset for place, end in zip(places, ends, strict=True))


def test_a_consumer_that_is_killed_mid_batch_misses_nothing(running: Stack, load: Start, root: Path) -> None:
    with load(profile="durable") as sending:
        sending.send(MESSAGES)
    assert sending.producer.stats.delivered == MESSAGES, sending.producer.stats
    command = [sys.executable, str(root / "tests/faults/reading.py"), running.bootstrap, sending.source, sending.source]
    processed: Counter[int] = Counter()
    lives: list[int] = []
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    for life in range(KILLS + 1):
        # Between two batches of a hundred, and often enough before everything is done.
        until = chance.randrange(150, MESSAGES // (KILLS + 1)) if life < KILLS else None
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            before = processed.total()
            watchdog = threading.Timer(DEADLINE_S, process.kill)
            watchdog.start()
            for line in process.stdout:
                processed[int(line)] += 1
                if processed.total() - before == until or len(processed) == MESSAGES:
                    # What it prints until the end comes is processed, too.
                    process.kill()
            watchdog.cancel()
        lives.append(processed.total() - before)
    counts = f"seed {seed}: lives of {lives} records, {processed.total()} for {len(processed)} of {MESSAGES}"
    assert set(processed) == set(range(MESSAGES)), counts
    assert lives[-1] < MESSAGES, f"what was committed is not read again; {counts}"


class Member(threading.Thread):
    """A consumer of a group in a thread of its own, which reads until it is told to leave."""

    def __init__(self, running: Stack, sending: Load) -> None:
        super().__init__(daemon=True)
        self.numbers: list[int] = []
        self.error: BaseException | None = None
        self._came = threading.Condition()
        self._leaving = False
        self._consumer = Consumer(
            running.bootstrap,
            group=sending.source,
            contracts=[Price],
            where=feeds(source_id=sending.source),
            start="earliest",
            config={"heartbeat.interval.ms": 200},
        )
        self.start()

    def run(self) -> None:
        try:
            with self._consumer as stream:
                while not self._leaving:
                    numbers = [number_of(record) for record in stream.consume(timeout=0.2)]
                    with self._came:
                        self.numbers += numbers
                        self._came.notify_all()
        except BaseException as error:
            self.error = error

    def wait_for(self, enough: Callable[[], bool]) -> None:
        """Waits until `enough`, which is asked after each batch."""
        with self._came:
            assert self._came.wait_for(enough, DEADLINE_S), f"{len(self.numbers)} came, {self.error}"

    def read_some(self) -> None:
        """Waits for records that it has not got yet."""
        before = len(self.numbers)
        self.wait_for(lambda: len(self.numbers) > before)

    def leave(self) -> None:
        """Leaves the group in order."""
        self._leaving = True
        self.join(DEADLINE_S)
        assert not self.is_alive()
        assert self.error is None, self.error


def test_members_come_and_go_and_nothing_is_missed(running: Stack, load: Start) -> None:
    with load(profile="durable") as sending:
        members: list[Member] = []

        def come_and_go() -> None:
            for _ in range(3):
                members.append(Member(running, sending))
                members[-1].read_some()
            first, second, third = members
            for member in members:
                member.read_some()
            first.leave()
            second.read_some()
            second.leave()
            third.read_some()

        sending.during(come_and_go)
        sending.close()
        last = members[-1]
        delivered = sending.producer.stats.delivered
        last.wait_for(lambda: len({number for member in members for number in member.numbers}) >= delivered)
        last.leave()
    read = Counter(number for member in members for number in member.numbers)
    shares = [len(member.numbers) for member in members]
    counts = f"{sending.given} given, {sending.producer.stats}, members read {shares}, {read.total() - len(read)} again"
    assert delivered == sending.given, counts
    assert set(read) == set(range(sending.given)), counts
    assert lag(running, sending.source) == 0, counts
