"""The Kafka servers of the real stack: their properties, their storage, and when one of them answers."""

import os
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from pragma_contracts.errors import StackError
from pragma_contracts.testing.server import Server, free_port, java

_PROTOCOLS = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"


class Cluster:
    """Makes the brokers of one cluster; the first is also its controller."""

    def __init__(
        self,
        jars: Sequence[Path],
        folder: Path,
        size: int,
        overrides: Mapping[str, str],
        listeners: Mapping[str, int],
    ) -> None:
        """folder: where each broker gets its own. size: how many brokers. The rest is as for `stack`."""
        self._java = java("-cp", os.pathsep.join(map(str, jars)))
        self._folder = folder
        self._size = size
        self._overrides = overrides
        self._listeners = listeners
        self._id = str(uuid.uuid4())
        self._controller = 0

    def broker(self, number: int) -> tuple[Server, str]:
        """A broker on ports of its own, and its address. The first, number 1, comes first. Raises StackError."""
        port = free_port()
        listeners = {"PLAINTEXT": port, **self._listeners}
        if number == 1:
            self._controller = free_port()
        folder = Path(tempfile.mkdtemp(prefix=f"kafka-{number}-", dir=self._folder))
        config = folder / "server.properties"
        properties = self._properties(number, folder, {name: f"127.0.0.1:{at}" for name, at in listeners.items()})
        config.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")
        self._format(config)
        address = f"127.0.0.1:{port}"
        admin = AdminClient({"bootstrap.servers": address, "log_level": 0, "reconnect.backoff.max.ms": 200})

        def answers() -> bool:
            try:
                return number in admin.list_topics(timeout=1).brokers
            except KafkaException:
                return False

        name = "Kafka" if self._size == 1 else f"Kafka {number}"
        return Server(name, [*self._java, "kafka.Kafka", str(config)], folder / "log", answers), address

    def _properties(self, number: int, folder: Path, listeners: Mapping[str, str]) -> dict[str, str]:
        advertised = ",".join(f"{name}://{address}" for name, address in listeners.items())
        controller, copies = f"127.0.0.1:{self._controller}", str(self._size)
        first = number == 1
        return {
            "process.roles": "broker,controller" if first else "broker",
            "node.id": str(number),
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"{advertised},CONTROLLER://{controller}" if first else advertised,
            "advertised.listeners": advertised,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": _PROTOCOLS,
            "log.dirs": str(folder / "data"),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            **self._overrides,
        }

    def _format(self, config: Path) -> None:
        formatted = subprocess.run(
            [*self._java, "kafka.tools.StorageTool", "format", "-t", self._id, "-c", str(config)],
            capture_output=True,
            text=True,
            check=False,
        )
        if formatted.returncode:
            said = formatted.stderr.strip() or formatted.stdout.strip()
            raise StackError("Kafka", f"cannot format its storage: {said}")
