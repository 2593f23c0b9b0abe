"""The options of commands that ask a registry: each setting has one, and a variable of its own."""

from dataclasses import fields
from typing import Any

import click
import pytest

from pragma_contracts.cli.registry_options import registry_options
from pragma_contracts.registry import RegistrySettings

_SECRET = "hunter2"


@click.command()
@registry_options(required=True)
def _command(registry: str, **settings: Any) -> RegistrySettings:
    return RegistrySettings(registry, **settings)


def _given(*arguments: str) -> RegistrySettings:
    settings = _command.main(["--registry", "http://a,http://b", *arguments], standalone_mode=False)
    assert isinstance(settings, RegistrySettings)
    return settings


def test_every_setting_has_an_option() -> None:
    assert {parameter.name for parameter in _command.params} == {
        "registry" if field.name == "url" else field.name for field in fields(RegistrySettings)
    }


def test_headers_are_given_one_by_one_or_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _given("--header", "A: 1: x", "--header", "B:2").headers == {"A": "1: x", "B": "2"}
    monkeypatch.setenv("PRAGMA_CONTRACTS_REGISTRY_HEADERS", "target-sr-cluster: lsrc-1\r\n\nB: 2 3\n")
    assert _given().headers == {"target-sr-cluster": "lsrc-1", "B": "2 3"}
    assert _given("--header", "C: 3").headers == {"C": "3"}


@pytest.mark.parametrize("given", [_SECRET, f"{_SECRET} 1"])
def test_what_is_no_header_is_not_shown(given: str) -> None:
    with pytest.raises(click.BadParameter, match="write 'Name: value'") as caught:
        _given("--header", given)
    assert _SECRET not in caught.value.format_message()


def test_each_has_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    oauth = {"oauth_url": "https://idp/token", "oauth_client_id": "i", "oauth_client_secret": "s", "oauth_scope": "o"}
    given = {**oauth, "context": "md", "cert_file": "c.pem", "key_file": "k.pem", "key_password": _SECRET}
    for name, value in given.items():
        monkeypatch.setenv(f"PRAGMA_CONTRACTS_REGISTRY_{name.upper()}", value)
    settings = _given()
    assert {name: getattr(settings, name) for name in given} == given
    assert _SECRET not in repr(settings)
