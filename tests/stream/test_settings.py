"""The librdkafka settings: profiles, the user's own on top, contradictions, and the page that documents them."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.stream.settings import consumer_settings, create, producer_settings

_PRODUCER = {
    "log_level": 2,
    "bootstrap.servers": "broker:9092",
    "linger.ms": 5,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
    "queue.buffering.max.messages": 100_000,
    "queue.buffering.max.kbytes": 131_072,
    "reconnect.backoff.max.ms": 1000,
    "delivery.report.only.error": True,
}


def test_a_realtime_producer_neither_waits_nor_repeats() -> None:
    assert producer_settings("broker:9092", None) == {
        **_PRODUCER,
        "acks": 1,
        "retries": 0,
        "message.timeout.ms": 1000,
        "request.timeout.ms": 1000,
        "socket.timeout.ms": 1000,
    }


def test_a_durable_producer_repeats_until_every_replica_has_it() -> None:
    assert producer_settings("broker:9092", None, "durable") == {
        **_PRODUCER,
        "acks": "all",
        "enable.idempotence": True,
        "message.timeout.ms": 120_000,
        "request.timeout.ms": 30_000,
        "socket.timeout.ms": 60_000,
    }


def test_the_tuning_changes_how_long_a_batch_is_waited_for_and_nothing_else() -> None:
    for profile in "realtime", "durable":
        latency, throughput = (
            producer_settings("broker:9092", None, profile, tuning) for tuning in ("latency", "throughput")
        )
        assert {name for name in latency if latency[name] != throughput[name]} == {"linger.ms"}
        assert (latency["linger.ms"], throughput["linger.ms"]) == (5, 50)


def test_a_consumer_stores_its_offsets_itself() -> None:
    assert consumer_settings("broker:9092", "ingestor", "earliest", None) == {
        "log_level": 2,
        "bootstrap.servers": "broker:9092",
        "group.id": "ingestor",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": True,
        "enable.auto.offset.store": False,
        "allow.auto.create.topics": False,
        "topic.metadata.refresh.interval.ms": 10_000,
    }


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        ({"acks": "all"}, "acks", "all"),
        ({"request.required.acks": "all"}, "acks", "all"),
        ({"delivery.timeout.ms": 5000}, "message.timeout.ms", 5000),
        ({"delivery.timeout.ms": 5000}, "request.timeout.ms", 5000),
        ({"message.timeout.ms": 90_000}, "socket.timeout.ms", 60_000),
        ({"message.timeout.ms": 5000, "socket.timeout.ms": 700}, "socket.timeout.ms", 700),
        ({"security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER"}, "sasl.mechanisms", "OAUTHBEARER"),
        ({"retries": 3, "max.in.flight": 1}, "retries", 3),
        ({"partitioner": "murmur2"}, "partitioner", "murmur2"),
    ],
)
def test_what_the_user_sets_wins(config: dict[str, Any], name: str, value: object) -> None:
    settings = producer_settings("127.0.0.1:1", config)
    assert settings[name] == value
    create(Producer, settings)


@pytest.mark.parametrize("profile", ["realtime", "durable"])
@pytest.mark.parametrize("tuning", ["latency", "throughput"])
def test_librdkafka_takes_every_profile_and_tuning(profile: Any, tuning: Any) -> None:
    create(Producer, producer_settings("127.0.0.1:1", None, profile, tuning))


@pytest.mark.parametrize(
    ("profile", "config", "problem"),
    [
        (
            "realtime",
            {"linger.ms": 1000},
            "config['message.timeout.ms']: 1000 beside linger.ms 1000: every message would expire unsent; set ",
        ),
        ("realtime", {"message.timeout.ms": "4"}, "config['message.timeout.ms']: 4 beside linger.ms 5: every "),
        ("realtime", {"linger.ms": "soon"}, "config['linger.ms']: 'soon' is no number"),
        ("realtime", {"message.timeout.ms": float("inf")}, "config['message.timeout.ms']: inf is no number"),
        ("realtime", {"acks": 0}, "config['acks']: 0: nothing would be confirmed, and every message would count as "),
        ("realtime", {"acks": "0"}, "config['acks']: 0: nothing would be confirmed"),
        ("realtime", {"enable.idempotence": True}, "config['acks']: 1 beside enable.idempotence True: an idempotent "),
        ("realtime", {"retries": 2}, "config['retries']: 2 beside max.in.flight.requests.per.connection 1000000: a "),
        ("realtime", {"partitioner": "consistent"}, "config['partitioner']: consistent: feeds would not be in the "),
        (
            "realtime",
            {"queue.buffering.max.messages": 0},
            "config['queue.buffering.max.messages']: 0: without a limit memory",
        ),
        (
            "realtime",
            {"queue.buffering.max.kbytes": 900},
            "config['queue.buffering.max.kbytes']: 900 beside message.max.bytes 1000000: a message of ",
        ),
        ("realtime", {"bootstrap.servers": "b:1"}, "config['bootstrap.servers']: is the first argument"),
        ("realtime", {"metadata.broker.list": "b:1"}, "config['bootstrap.servers']: is the first argument"),
        ("realtime", {"on_delivery": print}, "config['on_delivery']: is used to count failures; read producer.stats"),
        ("realtime", {"transactional.id": "t"}, "config['transactional.id']: needs a transactional producer"),
        ("realtime", {"default.topic.config": {"acks": 0}}, "config['default.topic.config']: would pass by the checks"),
        (
            "realtime",
            {"acks": 1, "request.required.acks": "all"},
            "config['request.required.acks']: is another name of acks; give one of them",
        ),
        ("durable", {"acks": 1}, "config['acks']: 1 beside enable.idempotence True: an idempotent producer needs the "),
        ("durable", {"retries": 0}, "config['retries']: 0 beside enable.idempotence True: an idempotent producer is "),
        (
            "durable",
            {"max.in.flight": 6},
            "config['max.in.flight.requests.per.connection']: 6 beside enable.idempotence True: the broker remembers ",
        ),
        ("durable", {"enable.idempotence": "false"}, "config['enable.idempotence']: without it retries double"),
        ("durable", {"linger.ms": 120_000}, "config['message.timeout.ms']: 120000 beside linger.ms 120000: every "),
        ("careful", {}, "profile: 'careful' is none of realtime, durable"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(profile: Any, config: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        producer_settings("broker:9092", config, profile)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    "config", [{"queuing.strategy": "lifo"}, {"queue.buffering.backpressure.threshold": 2}, {"batch.size": 0}]
)
def test_what_only_librdkafka_knows_it_refuses_itself(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"^config: .*{next(iter(config))}"):
        create(Producer, producer_settings("127.0.0.1:1", config, "durable"))


def test_an_unknown_tuning_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^tuning: 'fast' is none of latency, throughput"):
        producer_settings("broker:9092", None, tuning="fast")  # type: ignore[arg-type]


def test_an_unlimited_message_timeout_is_no_contradiction() -> None:
    assert "request.timeout.ms" not in producer_settings("broker:9092", {"message.timeout.ms": 0, "linger.ms": 2000})


@pytest.mark.parametrize("name", ["group.id", "auto.offset.reset", "enable.auto.offset.store"])
def test_a_consumer_has_arguments_for_what_config_may_not_change(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        consumer_settings("broker:9092", "ingestor", "latest", {name: "other"})
    assert str(caught.value).startswith(f"config['{name}']: is ")


def test_an_unknown_setting_is_refused_with_its_name() -> None:
    with pytest.raises(ConfigurationError) as caught:
        create(Producer, producer_settings("broker:9092", {"linger": 5}))
    assert str(caught.value) == 'config: No such configuration property: "linger"'


def test_the_page_of_the_settings_is_up_to_date(root: Path) -> None:
    page = runpy.run_path(str(root / "docs" / "configuration.py"))["page"]
    assert (root / "docs" / "configuration.md").read_text(encoding="utf-8") == page(), "run `make gen`"
