"""The real stack: Apache Kafka and the Apicurio registry, on the Java that a Python package carries."""

import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pragma_contracts.errors import StackError
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.testing import artifacts
from pragma_contracts.testing.kafka import Cluster
from pragma_contracts.testing.server import Server, free_port, java

_TRIES = 3
_ADMIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A running broker and registry.

    bootstrap: "host:port" of the broker, several with commas. registry_url: root of the registry's Confluent API. Of
    the real stack also the servers, to which a test may do what happens to servers: `stop()` or `kill()` one, `start()`
    it again on the same port and data, or hold it still for a while, `with broker.paused():`. A registry loses its
    schemas when it ends.
    """

    bootstrap: str
    registry_url: str
    brokers: tuple[Server, ...] = ()
    registry: Server | None = None

    @property
    def broker(self) -> Server | None:
        """The first broker, which is also the controller."""
        return self.brokers[0] if self.brokers else None


@contextmanager
def stack(
    *,
    topics: Iterable[str] | None = None,
    partitions: int = 4,
    brokers: int = 1,
    kafka: Mapping[str, str] | None = None,
    listeners: Mapping[str, int] | None = None,
) -> Iterator[Stack]:
    """Starts a real Kafka broker and a real registry, and stops both at the end whatever happens.

    topics: created at the start, with this many partitions and a replica on each broker; by default those of every
    contract. Other topics are not created by themselves. brokers: how many; each further one takes some seconds.
    kafka: broker properties, over those that are set here. listeners: further ports of 127.0.0.1 that a single broker
    listens on, by security protocol, such as SASL_SSL; what it needs for them stands in `kafka`. Data is in a temporary
    folder, other ports are free ones. The first start downloads about 200 MB, which are cached.

    Raises:
        StackError: a download, a start or a topic failed.
    """
    if brokers > 1 and listeners:
        raise StackError("Kafka", "listeners= are ports of a single broker; leave them out, or brokers=")
    jars, registry_folder = artifacts.kafka_jars(), artifacts.registry_folder()
    with (
        tempfile.TemporaryDirectory(prefix="pragma-contracts-") as scratch,
        ExitStack() as running,
        ThreadPoolExecutor(2) as pool,
    ):
        cluster = Cluster(jars, Path(scratch), brokers, kafka or {}, listeners or {})
        makers = [partial(cluster.broker, number) for number in range(1, brokers + 1)]
        registry_start = pool.submit(_started, running, partial(_registry, registry_folder, Path(scratch)))
        started = pool.submit(lambda: [_started(running, make) for make in makers]).result()
        registry, registry_url = registry_start.result()
        bootstrap = ",".join(address for _, address in started)
        _create_topics(bootstrap, contract_topics() if topics is None else topics, partitions, brokers)
        yield Stack(bootstrap, registry_url, tuple(server for server, _ in started), registry)


def contract_topics() -> list[str]:
    """The topics of every contract."""
    return [contract.topic for contract in CONTRACTS]


def _started(running: ExitStack, make: Callable[[], tuple[Server, str]]) -> tuple[Server, str]:
    """A started server, which `running` stops at its end, and its address.

    A free port may be taken before it is bound, so it is tried again.
    """
    for attempt in range(_TRIES):
        server, address = make()
        try:
            server.start()
        except StackError as error:
            if attempt == _TRIES - 1 or "in use" not in str(error).lower():
                raise
        else:
            running.callback(server.stop)
            return server, address
    raise AssertionError("the last try returns or raises")


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


def _create_topics(bootstrap: str, topics: Iterable[str], partitions: int, replicas: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    wanted = [NewTopic(topic, num_partitions=partitions, replication_factor=replicas) for topic in topics]
    for topic, created in admin.create_topics(wanted, operation_timeout=_ADMIN_S).items() if wanted else ():
        try:
            created.result(_ADMIN_S)
        except KafkaException as error:
            raise StackError("Kafka", f"cannot create topic {topic}: {error.args[0].str()}") from error
