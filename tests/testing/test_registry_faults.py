"""What an in-memory registry does wrong on purpose, of whichever kind it is."""

import socket
import threading
from urllib.parse import urlsplit

import httpx
import pytest

from pragma_contracts.errors import RegistryError
from pragma_contracts.registry import Registry
from pragma_contracts.testing import Behaviour, Faults, registry_server
from tests.testing.asking import Asker, message, path

EVERY = pytest.mark.parametrize("behaviour", list(Behaviour), ids=lambda each: each.value)


@EVERY
def test_the_first_requests_are_too_many(behaviour: Behaviour) -> None:
    with registry_server(behaviour, Faults(throttled=2, retry_after=7)) as url:
        answers = [httpx.get(f"{url}/subjects") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["7", "7", None]


@EVERY
def test_a_read_only_registry_registers_nothing(behaviour: Behaviour) -> None:
    with registry_server(behaviour, Faults(read_only=True)) as url:
        registry = Asker(url)
        assert registry.get("/mode/m-value?defaultToGlobal=true") == (200, {"mode": "READONLY"})
        refused = [
            registry.register("m-value", message("string a = 1")),
            registry.ask("PUT", "/config/m-value", {"compatibility": "FULL"}),
            registry.ask("DELETE", path("m-value")),
        ]
        assert [(status, answer["error_code"]) for status, answer in refused] == [(422, 42205)] * 3
        assert registry.get("/subjects") == (200, [])


def test_an_endpoint_that_is_not_there() -> None:
    with registry_server(Behaviour.CONFLUENT, Faults(absent=["/mode.*", "/compatibility/.*"])) as url:
        registry = Asker(url)
        registry.register("m-value", message("string a = 1"))
        assert registry.get("/mode/m-value")[0] == 404
        assert registry.judge("m-value", message("string a = 1"))[0] == 404
        with Registry(url) as asked:
            assert asked.mode("m-value") is None


def test_subjects_of_others_and_such_as_vanish() -> None:
    faults = Faults(forbidden=["secret-value"], vanishing=["fleeting-value"])
    with registry_server(Behaviour.CONFLUENT, faults) as url:
        registry = Asker(url)
        assert registry.register("secret-value", message("string a = 1"))[0] == 403
        assert registry.get("/subjects") == (200, ["fleeting-value", "secret-value"])
        with Registry(url) as asked:
            assert asked.versions("fleeting-value") == []
            with pytest.raises(RegistryError, match="40301"):
                asked.versions("secret-value")


@pytest.mark.parametrize("drips_headers", [False, True])
def test_an_answer_that_drips_arrives_in_the_end(drips_headers: bool) -> None:
    with registry_server(faults=Faults(dripping=["/subjects"], drip=0.0, drips_headers=drips_headers)) as url:
        assert httpx.get(f"{url}/subjects").json() == []


@pytest.mark.parametrize("drips_headers", [False, True])
def test_an_answer_that_drips_ends_with_the_registry(drips_headers: bool) -> None:
    faults = Faults(dripping=["/subjects"], drip=600.0, drips_headers=drips_headers)
    received = bytearray()
    with registry_server(faults=faults) as url:
        place = urlsplit(url)
        connection = socket.create_connection((place.hostname, place.port))
        connection.sendall(b"GET /subjects HTTP/1.1\r\nHost: x\r\n\r\n")

        def read() -> None:
            while data := connection.recv(1000):
                received.extend(data)

        reader = threading.Thread(target=read)
        reader.start()
        if not drips_headers:
            # The head of an answer whose body drips comes at once.
            while b"\r\n\r\n" not in received:
                assert reader.is_alive()
    reader.join(30)
    assert not reader.is_alive()
    assert received.endswith(b"\r\n\r\n") != drips_headers
    connection.close()
