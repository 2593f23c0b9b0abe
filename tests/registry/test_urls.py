"""A registry at several URLs: which is asked, which is asked next, and what the registry is called."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pragma_contracts.errors import ConfigurationError, RegistryError, RegistryUnavailable
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.registry import Registry, RegistrySettings, normalised_url
from pragma_contracts.stream.ids import Lock, Locked, producer_ids
from pragma_contracts.testing import embedded
from pragma_contracts.testing.server import free_port
from tests.registry.serving import Answer, Asked, Server, dripping, refusal, serving


@contextmanager
def _two(first: Answer, second: Answer) -> Iterator[tuple[Server, Server]]:
    with ExitStack() as stack:
        yield stack.enter_context(serving(lambda _: first)), stack.enter_context(serving(lambda _: second))


GOOD = Answer(200, [1])


@pytest.mark.parametrize("status", [500, 502, 503])
def test_the_next_one_is_asked_when_one_fails_and_stays(status: int) -> None:
    with _two(refusal(status, 0), GOOD) as (bad, good), Registry(f"{bad.url}, {good.url}/") as asked:
        for _ in range(3):
            assert asked.versions("s") == [1]
        assert (len(bad.asked), len(good.asked)) == (1, 3)


def test_the_next_one_is_asked_when_one_is_away_or_hangs() -> None:
    with serving(lambda _: GOOD) as good:
        with Registry(f"http://127.0.0.1:{free_port()},{good.url}", tries=1) as asked:
            assert asked.versions("s") == [1]
        with dripping([b"", b"never"], 30.0) as hangs, Registry(f"{hangs},{good.url}", tries=1, deadline=1.0) as asked:
            assert asked.versions("s") == [1]


@pytest.mark.parametrize("status", [404, 409, 422, 501])
def test_a_refusal_is_the_registrys_and_asked_nowhere_else(status: int) -> None:
    with _two(refusal(status, 0), GOOD) as (first, second), Registry(f"{first.url},{second.url}") as asked:
        with pytest.raises(RegistryError, match=f"GET {first.url}/subjects/s/versions: {status}"):
            asked.versions("s")
        assert second.asked == []


def test_who_is_asked_too_often_is_asked_again_and_not_elsewhere() -> None:
    with (
        _two(refusal(429, 0, Retry_After="0"), GOOD) as (first, second),
        Registry(f"{first.url},{second.url}") as asked,
    ):
        with pytest.raises(RegistryUnavailable, match="429"):
            asked.versions("s")
        assert (len(first.asked), len(second.asked)) == (4, 0)


def test_when_none_answers_each_is_named() -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with (
        serving(lambda _: refusal(503, 50003, "no leader")) as server,
        Registry(f"{away},{server.url}", tries=2) as asked,
        pytest.raises(RegistryUnavailable) as caught,
    ):
        asked.versions("s")
    assert str(caught.value).startswith(f"GET {server.url}/subjects/s/versions: 503: no leader (after 2 tries")
    assert f"; {away}: " in str(caught.value)


def test_one_that_comes_back_is_asked_when_the_other_goes() -> None:
    state = {"bad": "first"}

    def answer(name: str) -> Answer:
        return refusal(503, 0) if state["bad"] == name else GOOD

    def first(_: Asked) -> Answer:
        return answer("first")

    def second(_: Asked) -> Answer:
        return answer("second")

    with serving(first) as one, serving(second) as other, Registry(f"{one.url},{other.url}") as asked:
        asked.versions("s")
        state["bad"] = "second"
        asked.versions("s")
        asked.versions("s")
        assert (len(one.asked), len(other.asked)) == (3, 2)


def test_a_registry_is_called_by_its_first_url(tmp_path: Path) -> None:
    both = "HTTP://Registry.Example:80/,http://other.example:8081"
    assert normalised_url(both) == "http://registry.example"
    assert RegistrySettings(both).identity == "http://registry.example"
    with Registry(both) as asked:
        assert asked.url == "http://registry.example"
    lock = tmp_path / "contracts.lock"
    entries = {contract.subject: Locked(4, 1, contract.fingerprint) for contract in CONTRACTS}
    Lock(lock, {"http://registry.example": entries, "http://third": {}}).write()
    for given in both, RegistrySettings(both), "http://registry.example":
        assert set(producer_ids(CONTRACTS, registry=given, lock=lock).values()) == {4}


@pytest.mark.parametrize("url", ["http://a,", "http://a,ftp://b", "http://a,http://u:hunter2@b", ",http://a"])
def test_each_url_has_to_be_one(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RegistrySettings(url)
    assert "hunter2" not in str(caught.value)


def test_everything_goes_through_when_the_first_is_away() -> None:
    with embedded() as running:
        urls = f"http://127.0.0.1:{free_port()},{running.registry_url}"
        assert register_installed(urls) > 0
        assert sorted(producer_ids(CONTRACTS, registry=urls).values()) == [4, 5]
