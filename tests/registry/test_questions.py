"""What a registry is asked, and what is made of its answers: of a real one, and of those that know less."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pragma_contracts.errors import RegistryError
from pragma_contracts.registry import Registry
from pragma_contracts.testing import embedded
from tests.registry.serving import Answer, Asked, refusal, serving

FIRST = 'syntax = "proto3"; message M { string a = 1; }'
SECOND = 'syntax = "proto3"; message M { string a = 1; string b = 2; }'


def test_a_deleted_subject_has_deleted_versions_alone(empty_registry: str) -> None:
    with Registry(empty_registry) as asked:
        asked.register("s-value", FIRST)
        asked.register("s-value", SECOND)
        assert (asked.versions("s-value"), asked.deleted_versions("s-value")) == ([1, 2], [])
        asked.delete_subject("s-value")
        assert asked.versions("s-value") == []
        assert "s-value" not in asked.subjects()
        asked.delete_subject("s-value")


def test_versions_that_were_deleted_are_those_that_are_not_live() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("?deleted=true"):
            return Answer(200, [1, 2, 3])
        return Answer(200, [3]) if "some" in asked.path else refusal(404, 40401)

    with serving(answer) as server, Registry(server.url) as asked:
        assert asked.deleted_versions("some") == [1, 2]
        assert asked.deleted_versions("gone") == [1, 2, 3]


def test_the_level_that_holds(empty_registry: str) -> None:
    with Registry(empty_registry) as asked:
        asked.register("s-value", FIRST)
        asked.set_level("s-value", "FULL")
        assert asked.effective_level("s-value") == "FULL"
    with embedded() as running, Registry(running.registry_url) as asked:
        assert asked.level("s-value") is None
        assert asked.effective_level("s-value") == "BACKWARD"


@pytest.mark.parametrize("status", [204, 404, 405, 501])
def test_a_registry_without_modes_or_levels(status: int) -> None:
    with serving(lambda _: Answer(status, b"")) as server, Registry(server.url) as asked:
        assert asked.mode("s-value") is None
        assert asked.effective_level("s-value") is None
        assert server.paths == [
            "GET /mode/s-value?defaultToGlobal=true",
            "GET /mode",
            "GET /config/s-value?defaultToGlobal=true",
            "GET /config",
        ]


def test_the_mode_of_a_subject() -> None:
    with serving(lambda _: Answer(200, {"mode": "READONLY"})) as server, Registry(server.url) as asked:
        assert asked.mode("a/b.proto") == "READONLY"
        assert server.paths == ["GET /mode/a%2Fb.proto?defaultToGlobal=true"]
    with (
        serving(lambda _: refusal(403, 40301)) as server,
        Registry(server.url) as asked,
        pytest.raises(RegistryError, match="403 40301"),
    ):
        asked.mode("s")


def test_threads_share_a_connection() -> None:
    with (
        serving(lambda asked: Answer(200, [int(asked.path.split("/")[2])])) as server,
        Registry(server.url) as asked,
        ThreadPoolExecutor(16) as threads,
    ):
        assert list(threads.map(asked.versions, map(str, range(200)))) == [[number] for number in range(200)]
