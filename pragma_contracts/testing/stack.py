"""The real stack: Apache Kafka and the Apicurio registry, on the Java that a Python package carries."""

import os
import subprocess
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pragma_contracts.errors import StackError
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.testing import artifacts
from pragma_contracts.testing.server import Server, free_port, java

_TRIES = 3
_PROTOCOLS = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"
_ADMIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A running broker and registry.

    bootstrap: "host:port" of the broker. registry_url: root of the registry's Confluent API. Of the real stack also
    the two servers, which a test may stop and start again; a registry loses its schemas by that.
    """

    bootstrap: str
    registry_url: str
    broker: Server | None = None
    registry: Server | None = None


@contextmanager
def stack(
    *,
    topics: Iterable[str] | None = None,
    partitions: int = 4,
    kafka: Mapping[str, str] | None = None,
    listeners: Mapping[str, int] | None = None,
) -> Iterator[Stack]:
    """Starts a real Kafka broker and a real registry, and stops both at the end whatever happens.

    topics: created at the start, with this many partitions; by default those of every contract. Other topics are not
    created by themselves. kafka: broker properties, over those that are set here. listeners: further ports of 127.0.0.1
    that the broker listens on, by security protocol, such as SASL_SSL; what it needs for them stands in `kafka`. Data
    is in a temporary folder, other ports are free ones. The first start downloads about 200 MB, which are cached.

    Raises:
        StackError: a download, a start or a topic failed.
    """
    jars, registry_folder = artifacts.kafka_jars(), artifacts.registry_folder()
    with tempfile.TemporaryDirectory(prefix="pragma-contracts-") as scratch, ThreadPoolExecutor(2) as pool:
        starts = [
            pool.submit(_started, lambda: _kafka(jars, Path(scratch), kafka or {}, listeners or {})),
            pool.submit(_started, lambda: _registry(registry_folder, Path(scratch))),
        ]
        try:
            (broker, bootstrap), (registry, registry_url) = (start.result() for start in starts)
            _create_topics(bootstrap, contract_topics() if topics is None else topics, partitions)
            yield Stack(bootstrap, registry_url, broker, registry)
        finally:
            for start in starts:
                if start.exception() is None:
                    start.result()[0].stop()


def contract_topics() -> list[str]:
    """The topics of every contract."""
    return [contract.topic for contract in CONTRACTS]


def _started(make: Callable[[], tuple[Server, str]]) -> tuple[Server, str]:
    """A started server and its address; a free port may be taken before it is bound, so it is tried again."""
    for attempt in range(_TRIES):
        server, address = make()
        try:
            server.start()
        except StackError as error:
            if attempt == _TRIES - 1 or "in use" not in str(error).lower():
                raise
        else:
            return server, address
    raise AssertionError("the last try returns or raises")


def _kafka(
    jars: list[Path], scratch: Path, overrides: Mapping[str, str], listeners: Mapping[str, int]
) -> tuple[Server, str]:
    port, controller = free_port(), free_port()
    advertised = ",".join(f"{name}://127.0.0.1:{at}" for name, at in {"PLAINTEXT": port, **listeners}.items())
    folder = Path(tempfile.mkdtemp(prefix="kafka-", dir=scratch))
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"{advertised},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": advertised,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": _PROTOCOLS,
        "log.dirs": str(folder / "data"),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        **overrides,
    }
    config = folder / "server.properties"
    config.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")
    command = java("-cp", os.pathsep.join(map(str, jars)))
    formatted = subprocess.run(
        [*command, "kafka.tools.StorageTool", "format", "-t", str(uuid.uuid4()), "-c", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    if formatted.returncode:
        raise StackError("Kafka", f"cannot format its storage: {formatted.stderr.strip() or formatted.stdout.strip()}")
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0, "reconnect.backoff.max.ms": 200})

    def answers() -> bool:
        try:
            return bool(admin.list_topics(timeout=1).brokers)
        except KafkaException:
            return False

    return Server("Kafka", [*command, "kafka.Kafka", str(config)], folder / "log", answers), f"127.0.0.1:{port}"


def _registry(folder: Path, scratch: Path) -> tuple[Server, str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    env = {
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
        "QUARKUS_MANAGEMENT_PORT": str(free_port()),
    }
    (jar,) = [*folder.glob("quarkus-run.jar"), *folder.glob("*/quarkus-run.jar")][:1]
    log = Path(tempfile.mkdtemp(prefix="registry-", dir=scratch)) / "log"

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{url}/subjects", timeout=5) as response:  # noqa: S310  our own loopback
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return Server("registry", java("-jar", str(jar)), log, answers, env), url


def _create_topics(bootstrap: str, topics: Iterable[str], partitions: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    wanted = [NewTopic(topic, num_partitions=partitions, replication_factor=1) for topic in topics]
    for topic, created in admin.create_topics(wanted, operation_timeout=_ADMIN_S).items() if wanted else ():
        try:
            created.result(_ADMIN_S)
        except KafkaException as error:
            raise StackError("Kafka", f"cannot create topic {topic}: {error.args[0].str()}") from error
