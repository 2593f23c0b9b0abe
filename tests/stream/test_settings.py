"""The librdkafka settings: defaults, the user's own on top, contradictions, and secrets that stay secret."""

from typing import Any

import pytest
from confluent_kafka import Producer

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.stream.settings import consumer_settings, create, producer_settings


def test_a_producer_neither_waits_nor_repeats_by_default() -> None:
    assert producer_settings("broker:9092", None) == {
        "log_level": 2,
        "bootstrap.servers": "broker:9092",
        "acks": 1,
        "retries": 0,
        "message.timeout.ms": 1000,
        "request.timeout.ms": 1000,
        "socket.timeout.ms": 1000,
        "linger.ms": 5,
        "compression.type": "lz4",
        "partitioner": "murmur2_random",
        "reconnect.backoff.max.ms": 1000,
        "delivery.report.only.error": True,
    }


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
        ({"sasl.mechanism": "PLAIN"}, "sasl.mechanism", "PLAIN"),
    ],
)
def test_what_the_user_sets_wins(config: dict[str, Any], name: str, value: object) -> None:
    assert producer_settings("broker:9092", config)[name] == value


def test_an_idempotent_producer_is_not_held_to_acks_1() -> None:
    settings = producer_settings("127.0.0.1:1", {"enable.idempotence": True})
    assert not {"acks", "retries"} & settings.keys()
    create(Producer, settings)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"linger.ms": 2000}, "config: message.timeout.ms 1000 is below linger.ms 2000: every message would expire"),
        ({"message.timeout.ms": 4}, "config: message.timeout.ms 4 is below linger.ms 5"),
        ({"linger.ms": "soon"}, "config['linger.ms']: 'soon' is no number of milliseconds"),
        ({"bootstrap.servers": "b:1"}, "config['bootstrap.servers']: is the first argument"),
        ({"metadata.broker.list": "b:1"}, "config['bootstrap.servers']: is the first argument"),
        ({"on_delivery": print}, "config['on_delivery']: is used to count failures; read producer.stats"),
        ({"transactional.id": "t"}, "config['transactional.id']: needs a transactional producer"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(config: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        producer_settings("broker:9092", config)
    assert str(caught.value).startswith(problem)


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


def test_a_secret_is_not_quoted_when_a_setting_is_refused() -> None:
    secret = "hunter2-not-a-private-key"
    config = {"security.protocol": "SSL", "ssl.key.pem": secret, "compression.type": secret}
    with pytest.raises(ConfigurationError) as caught:
        create(Producer, producer_settings("broker:9092", config))
    error = caught.value
    assert secret not in f"{error}{error!r}{error.__cause__!r}"
    assert "***" in str(error)
    assert error.__suppress_context__
