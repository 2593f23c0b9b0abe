"""The librdkafka settings of a producer and a consumer: our defaults, the user's own on top, checked together."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from confluent_kafka import KafkaException
from google.protobuf.message import Message

from pragma_contracts.contract import Contract
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.wire.lookup import contract_of

Config = Mapping[str, Any]
T = TypeVar("T")

# librdkafka takes each of these under two names, and the last one set wins: one name keeps that out of the merge.
_ALIASES = {
    "compression.codec": "compression.type",
    "delivery.timeout.ms": "message.timeout.ms",
    "message.send.max.retries": "retries",
    "metadata.broker.list": "bootstrap.servers",
    "queue.buffering.max.ms": "linger.ms",
    "request.required.acks": "acks",
}
_SECRET = re.compile(r"password|secret|\.pem$|token|oauthbearer", re.IGNORECASE)

_DEFAULTS: Config = {
    # Errors come through error_cb as well, once each, into our log; librdkafka's own lines would go to stderr.
    "log_level": 2,
}
_PRODUCER: Config = {
    # Losing a message is acceptable, waiting is not: the leader's word is enough, and what is late is dropped.
    "acks": 1,
    "retries": 0,
    "message.timeout.ms": 1000,
    "linger.ms": 5,
    "compression.type": "lz4",
    # As Java's client partitions; librdkafka's own default is CRC32.
    "partitioner": "murmur2_random",
    # librdkafka waits up to 10 s before it connects again, and every message of that time would be dropped.
    "reconnect.backoff.max.ms": 1000,
}
_CONSUMER: Config = {
    "enable.auto.commit": True,
    "allow.auto.create.topics": False,
    # A topic deleted before the first fetch is noticed by this refresh alone, which comes every 5 minutes by default.
    "topic.metadata.refresh.interval.ms": 10_000,
}

_PRODUCER_OWN = {
    "bootstrap.servers": "is the first argument",
    "on_delivery": "is used to count failures; read producer.stats",
    "dr_cb": "is used to count failures; read producer.stats",
    "error_cb": "is used to report errors; they are logged and raised",
    "delivery.report.only.error": "is always on; read producer.stats for the figures",
    "transactional.id": "needs a transactional producer, which this one is not",
}
_CONSUMER_OWN = {
    "bootstrap.servers": "is the first argument",
    "group.id": "is the argument group",
    "auto.offset.reset": "is the argument start",
    "enable.auto.offset.store": "is always off: offsets are stored once a record has been processed",
    "enable.partition.eof": "is always off: a consumer has no end",
    "error_cb": "is used to report errors; they are logged and raised",
}


def producer_settings(bootstrap: str, config: Config | None) -> dict[str, Any]:
    """Every setting of a producer but its callbacks. Raises ConfigurationError when they contradict each other."""
    _check_bootstrap(bootstrap)
    given = _given(config, _PRODUCER_OWN)
    merged = {**_DEFAULTS, **_PRODUCER, **given}
    if str(given.get("enable.idempotence", False)).lower() == "true":
        merged = {name: value for name, value in merged.items() if name in given or name not in ("acks", "retries")}
    timeout, linger = _number(merged, "message.timeout.ms"), _number(merged, "linger.ms")
    # 0 is librdkafka's word for no limit.
    if 0 < timeout < linger:
        problem = f"message.timeout.ms {timeout:g} is below linger.ms {linger:g}: every message would expire unsent"
        raise ConfigurationError("config", problem)
    if timeout:
        # A request that outlives its messages only keeps the connection from being given up.
        merged.setdefault("request.timeout.ms", max(1, min(int(timeout), 30_000)))
        merged.setdefault("socket.timeout.ms", max(10, min(int(timeout), 60_000)))
    return {**merged, "bootstrap.servers": bootstrap, "delivery.report.only.error": True}


def consumer_settings(bootstrap: str, group: str, start: str, config: Config | None) -> dict[str, Any]:
    """Every setting of a consumer but its callbacks. Raises ConfigurationError."""
    _check_bootstrap(bootstrap)
    if not group:
        raise ConfigurationError("group", "is empty; name the consumer group")
    own = {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": start,
        "enable.auto.offset.store": False,
    }
    return {**_DEFAULTS, **_CONSUMER, **_given(config, _CONSUMER_OWN), **own}


def chosen(contracts: Iterable[type[Message]]) -> list[Contract[Any]]:
    """The contracts of the message classes. Raises NotAContract, or ConfigurationError when there is none."""
    found = [contract_of(contract) for contract in contracts]
    if not found:
        raise ConfigurationError("contracts", "names no message class; give at least one")
    return found


def create(make: Callable[[dict[str, Any]], T], settings: dict[str, Any]) -> T:
    """Makes a Kafka client. Raises ConfigurationError with librdkafka's reason, in which no secret is quoted."""
    try:
        return make(settings)
    except (KafkaException, TypeError, ValueError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        secrets = [str(value) for name, value in settings.items() if _SECRET.search(name) and value]
        for secret in sorted(secrets, key=len, reverse=True):
            reason = reason.replace(secret, "***")
        # The cause would quote what was just taken out.
        raise ConfigurationError("config", reason) from None


def _check_bootstrap(bootstrap: str) -> None:
    if not bootstrap:
        raise ConfigurationError("bootstrap", "is empty; name a broker, such as localhost:9092")


def _given(config: Config | None, own: Mapping[str, str]) -> dict[str, Any]:
    given = {_ALIASES.get(name, name): value for name, value in (config or {}).items()}
    for name in given:
        if name in own:
            raise ConfigurationError(f"config[{name!r}]", own[name])
    return given


def _number(settings: Config, name: str) -> float:
    try:
        return float(settings[name])
    except (TypeError, ValueError):
        raise ConfigurationError(f"config[{name!r}]", f"{settings[name]!r} is no number of milliseconds") from None
