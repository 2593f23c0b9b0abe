"""The librdkafka settings of a producer and a consumer: our defaults, the user's own on top, checked together."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

from confluent_kafka import KafkaException
from google.protobuf.message import Message

from pragma_contracts.contract import Contract
from pragma_contracts.errors import ConfigurationError, shown
from pragma_contracts.stream import security
from pragma_contracts.stream.options import OPTIONS, Profile, Tuning, conflicts, defaults, enabled, number, value_of
from pragma_contracts.stream.security import Settings
from pragma_contracts.wire.lookup import contract_of

Config = Mapping[str, Any]
T = TypeVar("T")

# librdkafka takes each of these under two names, and the last one set wins: one name keeps that out of the merge.
_ALIASES = {
    "auto.commit.enable": "enable.auto.commit",
    "compression.codec": "compression.type",
    "delivery.timeout.ms": "message.timeout.ms",
    "max.in.flight": "max.in.flight.requests.per.connection",
    "message.send.max.retries": "retries",
    "metadata.broker.list": "bootstrap.servers",
    "queue.buffering.max.ms": "linger.ms",
    "request.required.acks": "acks",
    "sasl.mechanism": "sasl.mechanisms",
    "sasl.oauthbearer.client.credentials.client.id": "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.secret": "sasl.oauthbearer.client.secret",
}

_OWN = {
    "bootstrap.servers": "is the first argument",
    "error_cb": "is used to report errors; they are logged and raised",
    "default.topic.config": "would pass by the checks; put what is in it into config itself",
}
_PRODUCER_OWN = {
    **_OWN,
    "on_delivery": "is used to count failures; read producer.stats, or give on_loss",
    "dr_cb": "is used to count failures; read producer.stats, or give on_loss",
    "delivery.report.only.error": "is always on; read producer.stats for the figures",
    "transactional.id": "needs a transactional producer, which this one is not",
}
_CONSUMER_OWN = {
    **_OWN,
    "group.id": "is the argument group",
    "auto.offset.reset": "is the argument start",
    "enable.auto.offset.store": "is always off: offsets are stored once a record has been processed",
    "enable.partition.eof": "is always off: a consumer has no end",
}


def producer_settings(
    bootstrap: str, config: Config | None, profile: Profile = "realtime", tuning: Tuning = "latency"
) -> Settings:
    """Every setting of a producer but its callbacks. Raises ConfigurationError when they contradict each other."""
    _check_bootstrap(bootstrap)
    _check_word("profile", profile, get_args(Profile))
    _check_word("tuning", tuning, get_args(Tuning))
    settings = _merged(defaults("client", "producer", profile, tuning), config, _PRODUCER_OWN)
    if profile == "durable" and not enabled(settings, "enable.idempotence"):
        problem = "without it retries double messages, which is not durable; leave it out, or use profile='realtime'"
        raise ConfigurationError("config['enable.idempotence']", problem)
    for option, conflict in conflicts(settings):
        beside = "".join(f" beside {name} {value_of(settings, name)}" for name in conflict.beside)
        problem = f"{value_of(settings, option.name)}{beside}: {conflict.problem}"
        raise ConfigurationError(f"config[{option.name!r}]", problem)
    # 0 is librdkafka's word for no limit.
    if timeout := int(number(settings, "message.timeout.ms")):
        for option in OPTIONS:
            if option.follows_timeout is not None:
                least, most = option.follows_timeout
                settings.setdefault(option.name, max(least, min(timeout, most)))
    return Settings(settings, **{"bootstrap.servers": bootstrap, "delivery.report.only.error": True})


def consumer_settings(bootstrap: str, group: str, start: str, config: Config | None) -> Settings:
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
    return Settings(_merged(defaults("client", "consumer"), config, _CONSUMER_OWN), **own)


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
        # The cause would quote the secrets that are taken out.
        raise ConfigurationError(_blamed(reason, settings), security.redacted(reason, settings)) from None


def _merged(ours: Config, config: Config | None, own: Mapping[str, str]) -> Settings:
    """Our defaults, over them the environment's security options, over them the user's own."""
    given: dict[str, Any] = {}
    for written, value in (config or {}).items():
        name = _ALIASES.get(written, written)
        if name in own:
            raise ConfigurationError(f"config[{name!r}]", own[name])
        if name in given:
            raise ConfigurationError(f"config[{written!r}]", f"is another name of {name}; give one of them")
        given[name] = value
    environment = {_ALIASES.get(name, name): value for name, value in security.from_environment(os.environ).items()}
    merged = Settings({**ours, **environment, **given})
    security.check(merged, given)
    return merged


def _blamed(reason: str, settings: Mapping[str, Any]) -> str:
    """Where the setting was given that librdkafka's text quotes: a variable of the environment, or config."""
    for name, value in settings.items():
        variable = security.variable(name)
        if f'"{name}"' in reason and os.environ.get(variable) == value:
            return variable
    return "config"


def _check_bootstrap(bootstrap: str) -> None:
    if not bootstrap:
        raise ConfigurationError("bootstrap", "is empty; name a broker, such as localhost:9092")


def _check_word(option: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise ConfigurationError(option, f"{shown(word)} is none of {', '.join(known)}")
