"""The embedded stack, asked by Confluent's own clients."""

import subprocess
import sys

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from pragma_contracts.testing import Stack, embedded

PROTO = 'syntax = "proto3"; message A {}'


def test_the_registry_answers_confluents_client() -> None:
    with embedded() as running, SchemaRegistryClient({"url": running.registry_url}) as client:
        imported = client.register_schema("a/b.proto", Schema(PROTO, "PROTOBUF"))
        assert client.register_schema("a/b.proto", Schema(PROTO, "PROTOBUF")) == imported
        user = Schema(PROTO + " ", "PROTOBUF", [SchemaReference("a/b.proto", "a/b.proto", 1)])
        schema_id = client.register_schema("t-value", user)
        assert schema_id != imported
        found = client.lookup_schema("t-value", user)
        assert (found.schema_id, found.version) == (schema_id, 1)
        assert client.get_versions("a/b.proto") == [1]
        assert client.get_subjects() == ["a/b.proto", "t-value"]
        assert client.set_compatibility("t-value", "FULL")
        assert client.get_compatibility("t-value") == "FULL"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.get_versions("none"), 40401),
        (lambda client: client.lookup_schema("none", Schema(PROTO, "PROTOBUF")), 40401),
        (lambda client: client.get_schema(99), 40403),
        (lambda client: client.get_compatibility("none"), 40408),
        (
            lambda client: client.register_schema(
                "t-value", Schema(PROTO, "PROTOBUF", [SchemaReference("x.proto", "x.proto", 1)])
            ),
            42201,
        ),
        (lambda client: client.delete_subject("none"), 405),
    ],
)
def test_the_registry_has_confluents_error_codes(pragma_embedded: Stack, ask: object, code: int) -> None:
    assert callable(ask)
    with (
        SchemaRegistryClient({"url": pragma_embedded.registry_url, "max.retries": 0}) as client,
        pytest.raises(SchemaRegistryError) as caught,
    ):
        ask(client)
    assert caught.value.error_code == code


CONSUME = """
import sys, confluent_kafka
consumer = confluent_kafka.Consumer(
    {"bootstrap.servers": sys.argv[1], "group.id": "other", "auto.offset.reset": "earliest"})
consumer.subscribe(["across"])
message = consumer.poll(30)
print(message.value().decode())
consumer.close()
"""


def test_the_broker_serves_other_processes(pragma_embedded: Stack) -> None:
    producer = Producer({"bootstrap.servers": pragma_embedded.bootstrap})
    producer.produce("across", b"hello")
    assert producer.flush(10) == 0
    command = [sys.executable, "-c", CONSUME, pragma_embedded.bootstrap]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "hello\n"
