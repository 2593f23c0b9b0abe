"""Schema ids: from the lock without any registry, or by content from a registry; and the file that holds them."""

from pathlib import Path
from typing import Any

import pytest

from pragma_contracts.errors import ConfigurationError, ForeignSchema, LockError, RegistryError, RegistryUnavailable
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.registry import RegistrySettings, normalised_url
from pragma_contracts.stream.ids import ConsumerIds, Lock, Locked, producer_ids
from pragma_contracts.testing import embedded
from pragma_contracts.testing.server import free_port
from tests.registry.serving import Answer, serving

URL = "http://registry.example:8081"


def _subjects(first_id: int = 10) -> dict[str, Locked]:
    return {
        contract.subject: Locked(schema_id, 1, contract.fingerprint)
        for schema_id, contract in enumerate(CONTRACTS, first_id)
    }


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock of one registry with every installed contract."""
    path = tmp_path / "contracts.lock"
    Lock(path, {URL: _subjects()}).write()
    return path


def test_a_lock_needs_no_registry(lock: Path) -> None:
    ids = {contract: schema_id for schema_id, contract in enumerate(CONTRACTS, 10)}
    assert producer_ids(CONTRACTS, lock=lock) == ids
    assert producer_ids(CONTRACTS, lock=lock, registry="HTTP://Registry.Example:8081/") == ids


def test_the_variable_names_a_lock(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAGMA_CONTRACTS_LOCK", str(lock))
    assert producer_ids(CONTRACTS)[CONTRACTS[0]] == 10


def test_of_several_registries_one_is_chosen(lock: Path) -> None:
    Lock(lock, {URL: _subjects(), "https://other": _subjects(20)}).write()
    assert producer_ids(CONTRACTS, lock=lock, registry="https://other:443")[CONTRACTS[0]] == 20
    with pytest.raises(LockError, match=r"has the registries http://registry.example:8081, https://other; choose one"):
        producer_ids(CONTRACTS, lock=lock)
    with pytest.raises(LockError, match=r"does not have the registry http://third; it has"):
        producer_ids(CONTRACTS, lock=lock, registry="http://third")


def test_a_lock_of_another_schema_is_refused_with_what_to_do(lock: Path) -> None:
    subject = CONTRACTS[0].subject
    Lock(lock, {URL: _subjects() | {subject: Locked(10, 1, "0" * 64)}}).write()
    with pytest.raises(
        LockError, match=rf"{subject}: was written for another schema .*run `pragma-contracts register`"
    ):
        producer_ids(CONTRACTS, lock=lock)
    with pytest.raises(LockError, match="was written for another schema"):
        ConsumerIds(CONTRACTS, lock=lock)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ("[]", "is not of format 1"),
        ('{"format": 2}', "is not of format 1"),
        ('{"format": 1, "registries": {"http://a": {"s": {}}}}', "is damaged"),
        ('{"format": 1, "registries": {"http://a": {}}}', "does not have pragma-"),
        ('{"format": 1, "registries": {}}', "has the registries none"),
    ],
)
def test_a_lock_that_cannot_be_used_says_why(lock: Path, text: str | None, problem: str) -> None:
    if text is None:
        lock.unlink()
    else:
        lock.write_text(text, encoding="utf-8")
    with pytest.raises(LockError, match=problem) as caught:
        producer_ids(CONTRACTS, lock=lock)
    assert str(lock) in str(caught.value)


def test_a_lock_is_sorted_json_with_a_line_for_each_entry(lock: Path) -> None:
    Lock(lock, {URL: _subjects(), "https://other": {}}).write()
    lines = lock.read_text(encoding="utf-8").splitlines()
    entry = '{"fingerprint": "%s", "schema_id": %d, "version": 1}'
    first, second = CONTRACTS
    assert lines == [
        "{",
        '  "format": 1,',
        '  "registries": {',
        f'    "{URL}": {{',
        f'      "{first.subject}": {entry % (first.fingerprint, 10)},',
        f'      "{second.subject}": {entry % (second.fingerprint, 11)}',
        "    },",
        '    "https://other": {',
        "    }",
        "  }",
        "}",
    ]
    Lock(lock, {URL: _subjects()}).write()
    assert Lock.read(lock).registries == {URL: _subjects()}
    assert [path.name for path in lock.parent.iterdir()] == ["contracts.lock"]


def test_ids_are_looked_up_by_content() -> None:
    with embedded() as running:
        with pytest.raises(RegistryError, match="is not registered; run `pragma-contracts register`"):
            producer_ids(CONTRACTS, registry=running.registry_url)
        register_installed(running.registry_url)
        assert sorted(producer_ids(CONTRACTS, registry=running.registry_url).values()) == [4, 5]


def test_without_lock_and_registry_there_are_no_ids() -> None:
    with pytest.raises(ConfigurationError, match="schema ids come from"):
        producer_ids(CONTRACTS)
    with pytest.raises(RegistryUnavailable, match="no answer"):
        producer_ids(CONTRACTS, registry=f"http://127.0.0.1:{free_port()}")


def test_a_consumer_tells_good_foreign_and_unknown_apart() -> None:
    now = [0.0]
    first, second = CONTRACTS
    with embedded() as running:
        register_installed(running.registry_url)
        ids = producer_ids(CONTRACTS, registry=running.registry_url)
        told = ConsumerIds(CONTRACTS, registry=running.registry_url, clock=lambda: now[0])
        assert told.is_known(first, ids[first])
        with pytest.raises(ForeignSchema, match=f"schema id {ids[second]} belongs to {second.subject}"):
            told.is_known(first, ids[second])
        assert not told.is_known(first, 99)
    # The registry is gone: what it said stays, what it did not know is asked again later, and stays unknown.
    assert told.is_known(first, ids[first])
    with pytest.raises(ForeignSchema):
        told.is_known(first, ids[second])
    now[0] = 31.0
    assert not told.is_known(first, 99)
    assert told.outages == 1
    for schema_id in 99, 100:
        assert not told.is_known(first, schema_id)
    assert told.outages == 1, "one that is away is asked about no id for a while"
    now[0] = 62.0
    assert not told.is_known(first, 100)
    assert told.outages == 2
    told.close()


def test_a_consumer_with_neither_knows_no_id() -> None:
    assert not ConsumerIds(CONTRACTS).is_known(CONTRACTS[0], 1)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://Host:80/", "http://host"),
        ("https://host:443/apis/ccompat/v7/", "https://host/apis/ccompat/v7"),
        ("http://[::1]:8081", "http://[::1]:8081"),
    ],
)
def test_urls_have_one_form(url: str, normal: str) -> None:
    assert normalised_url(url) == normal


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "http://u:p@host"},
        {"url": "host:8081"},
        {"url": "http://host:x"},
        {"url": "http://host", "user": "u"},
        {"url": "http://host", "user": "u", "password": "p", "token": "t"},
        {"url": "http://host", "key_file": "k"},
    ],
)
def test_settings_that_make_no_sense_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        RegistrySettings(**arguments)


def test_secrets_are_not_in_the_repr() -> None:
    shown = repr(RegistrySettings("http://host", user="u", password="pa55")) + repr(
        RegistrySettings("http://h", token="t0k")
    )
    assert "pa55" not in shown
    assert "t0k" not in shown


@pytest.mark.parametrize(
    ("places", "known"),
    [
        pytest.param([{"subject": ":.md:pragma-prices-v1-value", "version": 1}], True, id="in a context"),
        pytest.param([], False, id="every version deleted"),
    ],
)
def test_a_consumer_understands_what_registries_answer(places: list[dict[str, Any]], known: bool) -> None:
    (price,) = (contract for contract in CONTRACTS if contract.subject == "pragma-prices-v1-value")
    with serving(lambda asked: Answer(200, places if "/schemas/ids/" in asked.path else [1])) as server:
        told = ConsumerIds([price], registry=server.url)
        assert told.is_known(price, 7) is known
        told.close()


def test_a_context_is_part_of_what_the_lock_calls_a_registry(lock: Path) -> None:
    Lock(lock, {f"{URL}/contexts/.md": _subjects(20), URL: _subjects()}).write()
    settings = RegistrySettings(URL, context="md")
    assert producer_ids(CONTRACTS, lock=lock, registry=settings)[CONTRACTS[0]] == 20
    assert producer_ids(CONTRACTS, lock=lock, registry=URL)[CONTRACTS[0]] == 10
    assert ConsumerIds(CONTRACTS, lock=lock, registry=settings).is_known(CONTRACTS[0], 20)
