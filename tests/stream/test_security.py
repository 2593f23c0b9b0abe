"""Security: TLS, mTLS and SASL on a real broker, settings from the environment, and secrets that are never shown."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from confluent_kafka import Producer as KafkaProducer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # they are documented as part of it
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pragma_contracts import Consumer, Feed, Loss, Price, Producer, Record
from pragma_contracts.errors import BrokerError, ConfigurationError
from pragma_contracts.stream import security
from pragma_contracts.stream.settings import consumer_settings, create, producer_settings
from pragma_contracts.testing import Stack, stack
from pragma_contracts.testing.server import free_port

Read = Callable[[Consumer, int], list[Record]]

_PASSWORD = "correct-horse-battery"
_WRONG = "hunter2-is-wrong"
_SECRETS = [
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.ca.pem",
    "ssl.certificate.pem",
    "ssl.keystore.password",
    "sasl.password",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.assertion.private.key.passphrase",
]


@dataclass(frozen=True)
class Secured:
    """A real broker with three doors: TLS with a password, TLS with a certificate, and an open one."""

    sasl_ssl: str
    ssl: str
    registry_url: str
    ca: Path
    authority: trustme.CA

    def password(self, **changes: Any) -> dict[str, Any]:
        """The config of a client that may write."""
        return {
            "security.protocol": "sasl_ssl",
            "ssl.ca.location": str(self.ca),
            "sasl.mechanism": "PLAIN",
            "sasl.username": "pulse",
            "sasl.password": _PASSWORD,
            **changes,
        }

    def producer(self, config: dict[str, Any] | None, **options: Any) -> Producer:
        given = {"registry": self.registry_url, "contracts": [Price], "config": config, **options}
        return Producer(self.sasl_ssl, **given)


@pytest.fixture(scope="module")
def secured(real: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    ports = {"SASL_SSL": free_port(), "SSL": free_port()}
    with stack(kafka=_properties(folder, authority, ca), listeners=ports) as running:
        _add_users(running.bootstrap)
        sasl_ssl, ssl = (f"127.0.0.1:{port}" for port in ports.values())
        yield Secured(sasl_ssl, ssl, real.registry_url, ca, authority)


def _properties(folder: Path, authority: trustme.CA, ca: Path) -> dict[str, str]:
    certificate = authority.issue_cert("127.0.0.1")
    keystore = folder / "server.pem"
    key = load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    keystore.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + b"".join(part.bytes() for part in certificate.cert_chain_pems)
    )
    module = "org.apache.kafka.common.security"
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca),
        "listener.name.ssl.ssl.client.auth": "required",
        "listener.name.ssl.ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f'{module}.plain.PlainLoginModule required user_pulse="{_PASSWORD}" user_reader="{_PASSWORD}";'
        ),
        "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:pulse",
    }


def _add_users(bootstrap: str) -> None:
    """pulse may do everything, also by SCRAM; reader may see the topics, and nothing else."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    upsertion = UserScramCredentialUpsertion("pulse", scram, _PASSWORD.encode())
    for done in admin.alter_user_scram_credentials([upsertion]).values():
        done.result()
    sees = AclBinding(
        ResourceType.TOPIC,
        "pragma-",
        ResourcePatternType.PREFIXED,
        "User:reader",
        "*",
        AclOperation.DESCRIBE,
        AclPermissionType.ALLOW,
    )
    for done in admin.create_acls([sees]).values():
        done.result()


def _round_trip(where: Secured, bootstrap: str, config: dict[str, Any] | None, read: Read) -> None:
    group = f"{bootstrap}-{sorted(config or {})}"
    feed = Feed("perp", "unknown", group, "BTC")
    with Producer(bootstrap, registry=where.registry_url, contracts=[Price], config=config) as out:
        out.feed(Price, feed).send(event_time=1, price="65432.10")
    assert out.stats.delivered == 1
    options: dict[str, Any] = {"group": group, "contracts": [Price], "start": "earliest", "config": config}
    with Consumer(bootstrap, where=lambda found: found == feed, **options) as stream:
        assert read(stream, 1)[0].feed == feed


def test_tls_with_a_password(secured: Secured, read: Read) -> None:
    _round_trip(secured, secured.sasl_ssl, secured.password(), read)


def test_a_certificate_of_the_client_instead_of_a_password(secured: Secured, read: Read) -> None:
    certificate = secured.authority.issue_cert("client.invalid", common_name="pulse")
    config = {
        "security.protocol": "ssl",
        "ssl.ca.pem": secured.authority.cert_pem.bytes().decode(),
        "ssl.certificate.pem": b"".join(part.bytes() for part in certificate.cert_chain_pems).decode(),
        "ssl.key.pem": certificate.private_key_pem.bytes().decode(),
    }
    _round_trip(secured, secured.ssl, config, read)


def test_the_environment_alone_is_enough(secured: Secured, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in secured.password(**{"sasl.mechanism": "SCRAM-SHA-256"}).items():
        monkeypatch.setenv(security.variable(name), value)
    _round_trip(secured, secured.sasl_ssl, None, read)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_wrong_password_is_an_error_that_does_not_show_it(
    secured: Secured, caplog: pytest.LogCaptureFixture, mechanism: str
) -> None:
    config = secured.password(**{"sasl.mechanism": mechanism, "sasl.password": _WRONG})
    with caplog.at_level(logging.DEBUG), pytest.raises(BrokerError) as caught:
        secured.producer(config, start_timeout=2.0)
    assert caught.value.code == "_AUTHENTICATION"
    assert "are sasl.mechanisms, sasl.username and sasl.password what the broker expects?" in str(caught.value)
    with pytest.raises(BrokerError) as consumers:
        Consumer(secured.sasl_ssl, group="g", contracts=[Price], config=config, start_timeout=2.0)
    assert consumers.value.code == "_AUTHENTICATION"
    assert _WRONG not in f"{caught.value!r}{caught.value.__cause__!r}{consumers.value!r}{caplog.text}"


def test_a_broker_that_another_authority_vouches_for_is_not_trusted(secured: Secured) -> None:
    stranger = {"ssl.ca.location": None, "ssl.ca.pem": trustme.CA().cert_pem.bytes().decode()}
    config = {name: value for name, value in secured.password(**stranger).items() if value is not None}
    with pytest.raises(BrokerError) as caught:
        secured.producer(config, start_timeout=2.0)
    assert caught.value.code in {"_SSL", "_TRANSPORT"}
    assert "certificate verify failed" in str(caught.value)
    assert "are security.protocol and the ssl.* settings what the broker expects?" in str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"security.protocol": "plaintext"}, id="no-tls"),
        pytest.param({"security.protocol": "ssl", "ssl.ca.location": "the authority"}, id="no-certificate"),
    ],
)
def test_a_client_at_the_wrong_door_is_told(secured: Secured, config: dict[str, Any]) -> None:
    given = {name: str(secured.ca) if value == "the authority" else value for name, value in config.items()}
    with pytest.raises(BrokerError) as caught:
        Producer(secured.ssl, registry=secured.registry_url, contracts=[Price], config=given, start_timeout=2.0)
    assert "no answer within 2 s" in str(caught.value)
    assert "security.protocol" in str(caught.value)


def test_what_a_user_may_not_write_is_not_confirmed(secured: Secured, perp: Feed) -> None:
    losses: list[Loss] = []
    config = secured.password(**{"sasl.username": "reader"})
    with secured.producer(config, on_loss=losses.append) as out:
        out.feed(Price, perp).send(event_time=1, price="1")
    assert out.stats.failed == {"TOPIC_AUTHORIZATION_FAILED": 1}
    assert [loss.error for loss in losses] == ["TOPIC_AUTHORIZATION_FAILED"]


def test_a_client_that_can_go_on_no_more_says_so_at_the_next_call(secured: Secured, perp: Feed) -> None:
    """Who may write nothing may not be idempotent either, from which librdkafka does not recover."""
    losses: list[Loss] = []
    config = secured.password(**{"sasl.username": "reader"})
    out = secured.producer(config, profile="durable", on_loss=losses.append)
    prices = out.feed(Price, perp)
    prices.send(event_time=1, price="1")
    with pytest.raises(BrokerError) as caught:
        out.flush(timeout=30.0)
    assert caught.value.code == "CLUSTER_AUTHORIZATION_FAILED"
    assert "the client cannot go on, make a new one" in str(caught.value)
    with pytest.raises(BrokerError) as again:
        prices.send(event_time=2, price="2")
    assert str(again.value) == str(caught.value), "the cause, and not just that there was one"
    out.close()
    stats = out.stats
    assert (stats.sent, sum(stats.failed.values()), stats.dropped) == (1, 1, 1)
    assert sorted(loss.may_be_written for loss in losses) == [False, True]


def test_close_says_that_the_client_could_not_go_on(secured: Secured, perp: Feed) -> None:
    config = secured.password(**{"sasl.username": "reader"})

    def only_send() -> None:
        with secured.producer(config, profile="durable") as out:
            out.feed(Price, perp).send(event_time=1, price="1")

    with pytest.raises(BrokerError, match="CLUSTER_AUTHORIZATION_FAILED"):
        only_send()


def test_config_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAGMA_CONTRACTS_KAFKA_SECURITY_PROTOCOL", "sasl_ssl")
    monkeypatch.setenv("PRAGMA_CONTRACTS_KAFKA_SASL_MECHANISM", "PLAIN")
    monkeypatch.setenv("PRAGMA_CONTRACTS_KAFKA_SASL_USERNAME", "from-environment")
    monkeypatch.setenv("PRAGMA_CONTRACTS_KAFKA_SASL_PASSWORD", _PASSWORD)
    config = {"sasl.username": "from-config", "sasl.mechanisms": "SCRAM-SHA-256"}
    wanted = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanisms": "SCRAM-SHA-256",
        "sasl.username": "from-config",
        "sasl.password": _PASSWORD,
    }
    for settings in producer_settings("b:1", config), consumer_settings("b:1", "g", "latest", config):
        assert {name: settings[name] for name in settings if name.startswith(("sasl.", "security."))} == wanted


def test_a_protocol_in_config_is_meant_whatever_the_environment_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAGMA_CONTRACTS_KAFKA_SECURITY_PROTOCOL", "sasl_ssl")
    monkeypatch.setenv("PRAGMA_CONTRACTS_KAFKA_SASL_PASSWORD", _PASSWORD)
    assert producer_settings("b:1", {"security.protocol": "plaintext"})["security.protocol"] == "plaintext"


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("LINGER_MS", "5", "PRAGMA_CONTRACTS_KAFKA_LINGER_MS: linger.ms is no security option, and only those "),
        ("SASL_PASSWORD", "", "PRAGMA_CONTRACTS_KAFKA_SASL_PASSWORD: is empty; give it a value, or unset it"),
        (
            "SASL_PASSWORD",
            _PASSWORD,
            "PRAGMA_CONTRACTS_KAFKA_SASL_PASSWORD: is given, but security.protocol 'plaintext' does not use it",
        ),
        ("SECURITY_PROTOCOL", "tls", 'PRAGMA_CONTRACTS_KAFKA_SECURITY_PROTOCOL: Invalid value "tls" for configuration'),
        (
            "SECURITY_PROTOCOLS",
            "ssl",
            'PRAGMA_CONTRACTS_KAFKA_SECURITY_PROTOCOLS: No such configuration property: "security.protocols"',
        ),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(f"PRAGMA_CONTRACTS_KAFKA_{variable}", value)
    with pytest.raises(ConfigurationError) as caught:
        create(KafkaProducer, producer_settings("127.0.0.1:1", None))
    assert str(caught.value).startswith(problem)
    with pytest.raises(ConfigurationError) as caught:
        create(KafkaProducer, consumer_settings("127.0.0.1:1", "g", "latest", None))
    assert str(caught.value).startswith(problem)


def test_every_security_option_has_a_variable_of_its_own() -> None:
    for option in security.OPTIONS:
        assert security.from_environment({security.variable(option.name): "x"}) == {option.name: "x"}


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"sasl.username": "pulse"}, "config['sasl.username']: is given, but security.protocol 'plaintext' does not "),
        (
            {"security.protocol": "SSL", "sasl.password": _PASSWORD},
            "config['sasl.password']: is given, but security.protocol 'ssl' does not use it",
        ),
        (
            {"security.protocol": "sasl_plaintext", "ssl.ca.location": "ca.pem"},
            "config['ssl.ca.location']: is given, but security.protocol 'sasl_plaintext' does not use it",
        ),
    ],
)
def test_credentials_that_would_not_be_used_are_refused(config: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        producer_settings("b:1", config)
    assert str(caught.value).startswith(problem)
    assert _PASSWORD not in repr(caught.value)


@pytest.mark.parametrize("name", _SECRETS)
@pytest.mark.parametrize(
    ("secret", "elsewhere"),
    [
        ("hunter2-short", "compression.type"),
        ("  hunter2-with-blanks ", "compression.type"),
        ("hunter2-" + "long" * 400, "compression.type"),
        ("hunter2-in-flags", "debug"),
        ("hunter2-as-text", "partitioner"),
    ],
)
def test_a_secret_is_shown_nowhere(name: str, secret: str, elsewhere: str) -> None:
    """Also when librdkafka quotes it, because it was given for another option too, and cuts it off."""
    protocol = "ssl" if name.startswith("ssl.") else "sasl_ssl"
    given = {"security.protocol": protocol, name: secret}
    settings = consumer_settings("127.0.0.1:1", "g", "latest", given)
    assert "hunter2" not in f"{settings}{settings!r}"
    assert "'***'" in repr(settings)
    with pytest.raises(ConfigurationError) as caught:
        create(KafkaProducer, {**settings, elsewhere: secret})
    error = caught.value
    assert "hunter2" not in f"{error}{error!r}{error.__cause__!r}"
    assert "***" in str(error)
    assert error.__suppress_context__


@pytest.mark.parametrize("name", ["ssl.key.pem", "ssl.certificate.pem", "ssl.ca.pem"])
def test_a_key_that_cannot_be_read_is_not_quoted(name: str) -> None:
    settings = producer_settings("127.0.0.1:1", {"security.protocol": "ssl", name: "hunter2-no-pem"})
    with pytest.raises(ConfigurationError) as caught:
        create(KafkaProducer, settings)
    assert "hunter2" not in str(caught.value)
