"""Replays the recorded sample: every message is produced, and the perpetuals alone are consumed meanwhile."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from pragma_contracts.contract import Contract
from pragma_contracts.demo.figures import Batches, Figures, Traffic, percentiles
from pragma_contracts.errors import BrokerError
from pragma_contracts.messages import CONTRACTS, MarketType
from pragma_contracts.registry import RegistrySettings
from pragma_contracts.stream.consumer import Consumer, Record
from pragma_contracts.stream.filter import feeds
from pragma_contracts.stream.producer import Producer
from pragma_contracts.testing.sample import sample
from pragma_contracts.wire.glance import HEADER_SIZE
from pragma_contracts.wire.json import from_json
from pragma_contracts.wire.lookup import contract_of

_WANTED = MarketType.PERPETUAL
_AT_ONCE = 100
_PATIENCE_S = 30.0
_STATISTICS_MS = 100

Progress = Callable[[int], None]
Counted = Counter[tuple[Contract[Any], int, str]]


def replay(
    bootstrap: str, registry: str | RegistrySettings, *, rate: int, progress: Callable[[str, int], Progress]
) -> Figures:
    """Sends the whole sample, at most `rate` messages a second, and consumes its perpetuals.

    progress(name, total) begins a bar and gives the function that advances it. The schemas must be registered, and on
    a broker that does not create topics by itself the topics must exist.

    Raises:
        ContractError: what the producer and the consumer raise; BrokerError when records stop coming.
    """
    messages: list[Message] = [from_json(obj) for obj in sample()]
    classes = [contract.message for contract in CONTRACTS]
    expected = sum(message.market_type == _WANTED for message in messages)  # type: ignore[attr-defined]
    # On a topic that was there before, this tells the run's own records from all others.
    name = f"pulse-demo-{uuid.uuid4()}"
    with Consumer(
        bootstrap,
        registry=registry,
        group=name,
        contracts=classes,
        where=feeds(market_type=_WANTED),
        start="earliest",
        # The embedded broker answers a fetch that waits only when its wait has passed, not when a record arrives.
        config={"fetch.wait.max.ms": 5},
    ) as consumer:
        _join(consumer, bootstrap)
        with ThreadPoolExecutor(1) as pool:
            stop = threading.Event()
            reading = _Reading(consumer, bootstrap, name, expected, len(messages), progress("consumed", expected))
            latencies = pool.submit(reading.run, stop)
            try:
                sent, batches, elapsed, lost = _produce(
                    (bootstrap, registry, name), classes, messages, rate, progress("produced", len(messages))
                )
            except BaseException:
                stop.set()
                raise
            measured = latencies.result()
        skipped = consumer.stats.filtered
    return _figures(sent, batches, elapsed, measured, skipped, lost)


def _join(consumer: Consumer, bootstrap: str) -> None:
    """Waits until the consumer has its partitions: what it missed before would count as latency."""
    deadline = time.monotonic() + _PATIENCE_S
    while not consumer.assignment:
        consumer.consume(timeout=0.1)
        if time.monotonic() > deadline:
            raise BrokerError(bootstrap, "_TIMED_OUT", f"no partition was assigned within {_PATIENCE_S:.0f} s")


def _produce(
    to: tuple[str, str | RegistrySettings, str],
    classes: Sequence[type[Message]],
    messages: Sequence[Message],
    rate: int,
    progress: Progress,
) -> tuple[Counted, Batches, float, int]:
    batches, sent = Batches(), Counted()
    config = {
        "statistics.interval.ms": _STATISTICS_MS,
        "stats_cb": lambda text: batches.add(json.loads(text)),
    }
    pause = threading.Event()
    begin = time.perf_counter()
    bootstrap, registry, name = to
    with Producer(bootstrap, registry=registry, contracts=classes, producer=name, config=config) as producer:
        for count, message in enumerate(messages, 1):
            producer.send(message)
            contract, number = contract_of(message), int(message.market_type)  # type: ignore[attr-defined]
            sent[contract, number, "messages"] += 1
            sent[contract, number, "bytes"] += HEADER_SIZE + message.ByteSize()
            if count % _AT_ONCE == 0 or count == len(messages):
                progress(_AT_ONCE if count % _AT_ONCE == 0 else count % _AT_ONCE)
                pause.wait(max(0.0, begin + count / rate - time.perf_counter()))
        producer.flush()
        elapsed = time.perf_counter() - begin
        # The last interval's statistics come with the next poll after it has ended.
        pause.wait(2 * _STATISTICS_MS / 1000)
        stats = producer.stats
    return sent, batches, elapsed, stats.dropped + sum(stats.failed.values())


@dataclass(frozen=True, slots=True)
class _Reading:
    """Consumes the records of this run: `expected` are wanted, of `total` that were sent."""

    consumer: Consumer
    bootstrap: str
    producer: str
    expected: int
    total: int
    progress: Progress

    def run(self, stop: threading.Event) -> list[float]:
        """Latencies of the expected records, in milliseconds; it goes on until the unwanted ones were skipped too."""
        latencies: list[float] = []
        heard, seen = time.monotonic(), 0
        while (len(latencies) < self.expected or seen < self.total) and not stop.is_set():
            fresh = self._latencies(self.consumer.consume(timeout=0.5))
            latencies += fresh
            self.progress(len(fresh))
            if self.consumer.stats.consumed > seen:
                heard, seen = time.monotonic(), self.consumer.stats.consumed
            elif time.monotonic() - heard > _PATIENCE_S:
                detail = f"{len(latencies)} of {self.expected} records came, and then none for {_PATIENCE_S:.0f} s"
                raise BrokerError(self.bootstrap, "_TIMED_OUT", detail)
        return latencies

    def _latencies(self, records: Sequence[Record]) -> list[float]:
        now_ns = time.time_ns()
        envelopes: list[Any] = [record.message.envelope for record in records]  # type: ignore[attr-defined]
        return [
            (now_ns - envelope.publish_timestamp.ToNanoseconds()) / 1e6
            for envelope in envelopes
            if envelope.producer == self.producer
        ]


def _figures(
    sent: Counted, batches: Batches, elapsed: float, latencies: list[float], skipped: int, lost: int
) -> Figures:
    traffic = [
        Traffic(
            contract.name,
            contract.topic,
            MarketType(number).text,
            sent[contract, number, "messages"],
            sent[contract, number, "bytes"],
        )
        for contract, number, unit in sent
        if unit == "messages"
    ]
    count = sum(row.messages for row in traffic)
    return Figures(
        traffic=sorted(traffic, key=lambda row: (row.contract, row.market_type)),
        average_message_bytes=round(sum(row.bytes for row in traffic) / count, 1),
        average_batch_messages=batches.messages,
        average_batch_bytes=batches.bytes,
        messages_per_second=round(count / elapsed, 1),
        latency_ms=percentiles(latencies),
        consumed=len(latencies),
        skipped_without_decoding=skipped,
        not_confirmed=lost,
    )
