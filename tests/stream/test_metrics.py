"""Metrics: what Prometheus is told is what the clients count, in any thread, and a scrape changes nothing."""

import asyncio
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from confluent_kafka import Consumer as KafkaConsumer, Producer as KafkaProducer, TopicPartition
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pragma_contracts import AsyncConsumer, AsyncProducer, Consumer, Feed, Price, Producer, Record
from pragma_contracts.errors import BadRecord, ConfigurationError
from pragma_contracts.stream.metrics import METRICS
from pragma_contracts.testing import Stack

Read = Callable[[Consumer, int], list[Record]]
Write = Callable[..., None]
Ending = Callable[[], AbstractContextManager[Stack]]

PRODUCER, CONSUMER = "pragma_contracts_producer_", "pragma_contracts_consumer_"
TOPIC = "pragma-prices-v1"
# So that statistics come soon.
OFTEN = {"statistics.interval.ms": 50}
DEADLINE_S = 30.0


class Scrape:
    """What one scrape gives, as Prometheus would read it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        families = text_string_to_metric_families(generate_latest(registry).decode())
        self.samples = [sample for family in families for sample in family.samples]

    def __getitem__(self, name: str) -> float:
        """The sum of a metric over its labels."""
        return sum(sample.value for sample in self.samples if sample.name == name)

    def by(self, label: str, name: str) -> dict[str, float]:
        """The values of a metric by one of its labels."""
        found: Counter[str] = Counter()
        for sample in self.samples:
            if sample.name == name:
                found[sample.labels[label]] += sample.value  # type: ignore[assignment]  # a Counter of floats
        return dict(found)


@pytest.fixture
def registry() -> CollectorRegistry:
    """A registry of this test alone."""
    return CollectorRegistry()


def producer(running: Stack, registry: Any, **options: Any) -> Producer:
    given = {"config": OFTEN, "metrics": registry, **options}
    return Producer(running.bootstrap, registry=running.registry_url, contracts=[Price], **given)


def consumer(running: Stack, registry: Any, **options: Any) -> Consumer:
    given = {"start": "earliest", "config": OFTEN, "metrics": registry, **options}
    return Consumer(running.bootstrap, contracts=[Price], **given)


def send(out: Producer, feed: Feed, numbers: range) -> None:
    prices = out.feed(Price, feed)
    for number in numbers:
        prices.send(event_time=time.time_ns(), price=str(number))


def until(registry: CollectorRegistry, met: Callable[[Scrape], bool], meanwhile: Callable[[], object]) -> Scrape:
    """The first scrape that has what is waited for."""
    deadline = time.monotonic() + DEADLINE_S
    while not met(found := Scrape(registry)):
        assert time.monotonic() < deadline, found.samples
        meanwhile()
    return found


def test_a_producer_is_counted_as_its_stats_say_and_timed_by_librdkafka(
    kafka: Stack, registry: CollectorRegistry, perp: Feed
) -> None:
    with producer(kafka, registry) as out:
        send(out, perp, range(500))
        assert out.flush() == 0
        stats = out.stats
        batched = f"{PRODUCER}batch_messages_sum"
        scrape = until(registry, lambda found: found[batched] == 500, lambda: time.sleep(0.01))
    assert scrape.by("client", f"{PRODUCER}sent_total") == {"pulse": 500}
    assert scrape[f"{PRODUCER}delivered_total"] == stats.delivered == 500
    assert scrape[f"{PRODUCER}sent_bytes_total"] == stats.bytes > 0
    assert scrape[f"{PRODUCER}queue_messages"] == scrape[f"{PRODUCER}dropped_total"] == 0
    assert set(scrape.by("topic", f"{PRODUCER}batch_bytes_sum")) == {TOPIC}
    counts = scrape.by("stage", f"{PRODUCER}delivery_latency_seconds_count")
    assert set(counts) == {"queue", "request", "broker"}
    assert counts["queue"] == 500, "every message was in a queue once"
    waited = scrape.by("stage", f"{PRODUCER}delivery_latency_seconds_sum")["queue"] / 500
    assert 0 < waited < 5, "seconds, of some ms of linger"


def test_an_idle_producer_is_told_of_its_losses_by_the_scrape(
    ending: Ending, registry: CollectorRegistry, perp: Feed
) -> None:
    losses: list[Any] = []
    with ending() as running:
        config = {**OFTEN, "queue.buffering.max.messages": 5}
        out = producer(running, registry, config=config, on_loss=losses.append)
        send(out, perp, range(1))
        assert out.flush() == 0
    send(out, perp, range(8))
    told = len(losses)
    expired = f"{PRODUCER}failed_total"
    scrape = until(registry, lambda found: found[expired] == 5, lambda: time.sleep(0.01))
    assert sum(scrape.by("error", expired).values()) == 5
    assert scrape[f"{PRODUCER}dropped_total"] == 3
    assert scrape[f"{PRODUCER}delivered_total"] == 1
    assert len(losses) == told, "on_loss is not called in the thread of the scrape"
    out.close(timeout=0)
    assert len(losses) == 8


def test_no_counter_falls_while_others_send_scrape_and_close(
    kafka: Stack, registry: CollectorRegistry, perp: Feed
) -> None:
    seen: list[tuple[float, float]] = []
    done = threading.Event()

    def scrape() -> None:
        while not done.is_set():
            found = Scrape(registry)
            seen.append((found[f"{PRODUCER}sent_total"], found[f"{PRODUCER}delivered_total"]))

    scraping = [threading.Thread(target=scrape) for _ in range(2)]
    out = producer(kafka, registry)
    for thread in scraping:
        thread.start()
    for number in range(20):
        send(out, perp, range(500))
        if number % 5 == 0:
            assert out.flush() == 0
    out.close()
    done.set()
    for thread in scraping:
        thread.join()
    assert len(seen) > 10
    assert all(delivered <= sent for sent, delivered in seen)
    assert Scrape(registry)[f"{PRODUCER}delivered_total"] == out.stats.delivered == 10_000


def committed(running: Stack, group: str) -> dict[tuple[str, int], int]:
    """The ends of all partitions, committed for a group, so that it need not read what other tests have written."""
    client = KafkaConsumer({"bootstrap.servers": running.bootstrap, "group.id": group})
    places = [TopicPartition(TOPIC, partition) for partition in range(4)]
    for place in places:
        _, place.offset = client.get_watermark_offsets(place, DEADLINE_S)
    client.commit(offsets=places, asynchronous=False)
    client.close()
    return {(place.topic, place.partition): place.offset for place in places}


@pytest.mark.parametrize("delivery", ["at_least_once", "at_most_once", "manual", "no group"])
def test_lag_is_what_is_not_processed_on_a_real_broker(real: Stack, registry: CollectorRegistry, delivery: str) -> None:
    feed, lag, count = Feed("perp", "unknown", uuid.uuid4().hex, "BTC"), f"{CONSUMER}lag_messages", 300
    partition, here = str(feed.partition(4)), committed(real, feed.source_id)
    with producer(real, registry) as out:
        send(out, feed, range(count))
    assert Scrape(registry)[f"{PRODUCER}delivered_total"] == count
    grouped: dict[str, Any] = {"group": feed.source_id, "delivery": delivery}
    with consumer(real, registry, where=[feed], **({"at": here} if delivery == "no group" else grouped)) as stream:
        handed: list[Record] = []

        def behind(found: Scrape) -> float:
            return found.by("partition", lag).get(partition, 0)

        scrape = until(registry, lambda found: behind(found) > 0, lambda: handed.extend(stream.consume(1)))
        assert scrape.by("topic", lag).keys() == {TOPIC}
        assert count - len(handed) <= behind(scrape) <= count
        while len(handed) < count:
            handed += stream.consume(500)
        if delivery == "manual":
            stream.commit()
        until(registry, lambda found: behind(found) == 0, lambda: stream.consume(500, timeout=0.01))
    assert len(handed) == count


def test_a_consumer_is_counted_as_its_stats_say(
    dead: Stack, registry: CollectorRegistry, write: Write, read: Read, frame_of: Any
) -> None:
    key, other = b"perp-unknown-paradex-BTC", b"spot-unknown-paradex-BTC"
    write(dead, (key, frame_of()), (other, frame_of(market_type=1)), (key, b"?"), (key, None), (key, frame_of()))
    options = {"on_error": "dead_letter", "where": lambda feed: feed.market_type == 2}
    with consumer(dead, registry, config={**OFTEN, "client.id": "ingestor"}, **options) as stream:
        read(stream, 2)
        stream.consume(timeout=0)
        stats = stream.stats
        scrape = Scrape(registry)
    assert scrape.by("client", f"{CONSUMER}consumed_total") == {"ingestor": stats.consumed} == {"ingestor": 5}
    assert scrape[f"{CONSUMER}filtered_total"] == 1
    bad = scrape.by("kind", f"{CONSUMER}bad_total")
    assert bad == {"frame": 2, "key": 0, "content": 0, "schema_id": 0, "key_mismatch": 0}
    assert scrape[f"{CONSUMER}dead_letters_total"] == 2


def test_latency_is_from_the_publish_time_and_staleness_from_the_event_time(
    kafka: Stack, registry: CollectorRegistry, frame_of: Any, read: Read
) -> None:
    now = time.time_ns()
    client = KafkaProducer({"bootstrap.servers": kafka.bootstrap})
    for key, market_type, age_s in (b"perp-unknown-paradex-BTC", 2, 20), (b"spot-unknown-paradex-BTC", 1, 100):
        frame = frame_of(market_type=market_type, event_age_s=age_s)
        client.produce(TOPIC, frame, key, timestamp=now // 1_000_000 - 7_000)
    assert client.flush(DEADLINE_S) == 0
    with consumer(kafka, registry) as stream:
        read(stream, 2)
        stream.consume(timeout=0)
    scrape = Scrape(registry)
    latency = scrape.by("le", f"{CONSUMER}end_to_end_latency_seconds_bucket")
    assert (latency["5.0"], latency["300.0"], latency["+Inf"]) == (0, 2, 2)
    assert 14 <= scrape[f"{CONSUMER}end_to_end_latency_seconds_sum"] < 14 + 2 * DEADLINE_S
    staleness = scrape.by("market_type", f"{CONSUMER}staleness_seconds_sum")
    assert 20 <= staleness["perpetual"] < 20 + DEADLINE_S
    assert 100 <= staleness["spot"] < 100 + DEADLINE_S
    last = scrape.by("market_type", f"{CONSUMER}last_event_timestamp_seconds")
    assert 79 < last["perpetual"] - last["spot"] < 81


def test_nothing_is_decoded_to_be_measured(
    kafka: Stack, registry: CollectorRegistry, write: Write, frame_of: Any
) -> None:
    key, count = b"perp-unknown-paradex-BTC", f"{CONSUMER}staleness_seconds_count"
    write(kafka, (key, frame_of()), (key, b"?"))
    with consumer(kafka, registry) as stream:
        batches = stream.batches(2, 0.1)
        (good, _) = next(batches)
        write(kafka, (key, frame_of()))
        (after,) = next(batches)
        scrape = Scrape(registry)
        assert scrape[f"{CONSUMER}end_to_end_latency_seconds_count"] == 3
        assert (good.decoded, scrape[count]) == (None, 0)
        after.message  # noqa: B018  decoded now
        write(kafka, (key, frame_of()))
        next(batches)
        assert Scrape(registry)[count] == 1


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_large_batch_is_measured_by_some_of_its_records(
    kafka: Stack, registry: CollectorRegistry, perp: Feed, read: Read, one_by_one: bool
) -> None:
    with producer(kafka, False) as out:
        send(out, perp, range(3000))
    with consumer(kafka, registry, until="end") as stream:
        records = list(stream) if one_by_one else read(stream, 3000)
    assert len(records) == 3000
    count = Scrape(registry)[f"{CONSUMER}end_to_end_latency_seconds_count"]
    assert 2900 < count < 3100, "each stands for its neighbours"


def test_a_record_that_is_bad_when_it_is_decoded_takes_nothing_from_a_counter(
    kafka: Stack, registry: CollectorRegistry, write: Write
) -> None:
    write(kafka, *[(b"perp-unknown-paradex-BTC", b"?")] * 3)
    with consumer(kafka, registry) as stream:
        for record in next(stream.batches(3, 0.1)):
            with pytest.raises(BadRecord):
                record.message  # noqa: B018
            assert Scrape(registry)[f"{CONSUMER}consumed_total"] == 3
    assert Scrape(registry).by("kind", f"{CONSUMER}bad_total")["frame"] == 3


def test_the_asyncio_faces_are_measured_too(kafka: Stack, registry: CollectorRegistry, perp: Feed) -> None:
    async def main() -> None:
        async with AsyncProducer(producer(kafka, registry)) as out:
            for number in range(30):
                await out.feed(Price, perp).send(event_time=time.time_ns(), price=str(number))
            assert await out.flush() == 0
            assert Scrape(registry)[f"{PRODUCER}delivered_total"] == 30
        async with AsyncConsumer(consumer(kafka, registry, until="end")) as stream:
            assert len([record async for record in stream]) == 30
            scrape = Scrape(registry)
        assert scrape[f"{CONSUMER}consumed_total"] == 30
        assert scrape[f"{CONSUMER}end_to_end_latency_seconds_count"] > 0

    asyncio.run(main())


def test_a_name_is_one_open_client_and_goes_with_it(shared: Stack, registry: CollectorRegistry) -> None:
    first = producer(shared, registry)
    with pytest.raises(ConfigurationError) as caught:
        producer(shared, registry)
    assert str(caught.value) == (
        "metrics: a producer called 'pulse' is measured already; give this one another client.id, "
        "such as config={'client.id': 'pulse-2'}"
    )
    sent = f"{PRODUCER}sent_total"
    second = producer(shared, registry, config={"client.id": "pulse-2"})
    assert set(Scrape(registry).by("client", sent)) == {"pulse", "pulse-2"}
    first.close()
    again = producer(shared, registry)
    again.close()
    second.close()
    assert set(Scrape(registry).by("client", sent)) == {"pulse", "pulse-2"}, "what was counted can still be read"
    del first, second, again
    assert Scrape(registry).by("client", sent) == {}, "nothing keeps a client alive that nobody holds"


def test_the_users_own_statistics_go_on(kafka: Stack, registry: CollectorRegistry) -> None:
    told: list[str] = []
    out = producer(kafka, registry, config={**OFTEN, "stats_cb": told.append})
    until(registry, lambda _: bool(told), lambda: time.sleep(0.01))
    out.close()
    assert told[0].startswith("{")


def test_what_is_no_registry_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="metrics: 'yes' is no registry; give True, or a CollectorRegistry"):
        Consumer("localhost:1", contracts=[Price], metrics="yes")  # type: ignore[arg-type]


def test_without_prometheus_client_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "pragma_contracts.stream.exporter", raising=False)
    monkeypatch.delattr("pragma_contracts.stream.exporter", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        Consumer("localhost:1", contracts=[Price], metrics=True)
    assert str(caught.value) == "metrics: needs prometheus_client: pip install 'pragma-contracts[metrics]'"


def test_prometheus_client_is_loaded_only_when_it_is_asked_for() -> None:
    code = "import sys; from pragma_contracts import Consumer, Producer; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_registry_knows_whose_the_names_are(shared: Stack, registry: CollectorRegistry) -> None:
    with producer(shared, registry):
        one = registry.restricted_registry([f"{PRODUCER}sent_total"])
        assert [family.name for family in one.collect()] == [f"{PRODUCER}sent"]
    assert len({metric.name for metric in METRICS}) == len(METRICS)
