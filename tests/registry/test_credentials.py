"""Who asks: tokens that are renewed, OAuth 2.0 client credentials, further headers, and that none of it is shown."""

import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest

from pragma_contracts.errors import ConfigurationError, RegistryError, RegistryUnavailable
from pragma_contracts.registry import Registry, RegistrySettings
from pragma_contracts.testing.server import free_port
from tests.registry.serving import Answer, Asked, Server, refusal, serving

_SECRET = "hunter2-secret"


@contextmanager
def _believing(*tokens: str) -> Iterator[Server]:
    """A registry that believes these tokens."""

    def answer(asked: Asked) -> Answer:
        good = asked.headers.get("authorization") in {f"Bearer {token}" for token in tokens}
        return Answer(200, [1]) if good else refusal(401, 40101, "Unauthorized")

    with serving(answer) as server:
        yield server


def test_a_token_is_asked_for_once_and_again_when_it_is_refused() -> None:
    tokens = iter(["old", "new", "newest"])
    with _believing("new") as server, Registry(RegistrySettings(server.url, token=lambda: next(tokens))) as asked:
        for _ in range(3):
            assert asked.versions("s") == [1]
        assert len(server.asked) == 4
    assert next(tokens) == "newest"


def test_a_token_that_stays_refused_is_renewed_once() -> None:
    given: list[str] = []

    def ask() -> str:
        given.append(_SECRET)
        return _SECRET

    with _believing() as server, Registry(RegistrySettings(server.url, token=ask)) as asked:
        with pytest.raises(RegistryError, match="401 40101: Unauthorized; are the credentials right") as caught:
            asked.versions("s")
        assert (len(given), len(server.asked)) == (2, 2)
    assert _SECRET not in f"{caught.value!r}"


@pytest.mark.parametrize("token", [f"{_SECRET}\n", f"{_SECRET}é", ""])
def test_a_token_that_cannot_be_sent_is_not_shown(token: str) -> None:
    with (
        Registry(RegistrySettings("http://127.0.0.1:1", token=lambda: token)) as asked,
        pytest.raises(ConfigurationError, match="the token ") as caught,
    ):
        asked.versions("s")
    assert _SECRET not in f"{caught.value!r}"


def _oauth(server: Server, **more: Any) -> dict[str, Any]:
    return {
        "oauth_url": f"{server.url}/token?key=k3y",
        "oauth_client_id": "pulse",
        "oauth_client_secret": _SECRET,
        **more,
    }


def test_oauth_gets_a_token_and_keeps_it() -> None:
    with serving(lambda _: Answer(200, {"access_token": "t1", "expires_in": 3600})) as idp, _believing("t1") as server:
        settings = RegistrySettings(
            server.url, headers={"target-sr-cluster": "lsrc-1"}, **_oauth(idp, oauth_scope="a b")
        )
        with Registry(settings) as asked:
            assert [asked.versions("s") for _ in range(3)] == [[1]] * 3
        assert len(server.asked) == 3
        (request,) = idp.asked
    assert (request.method, request.path) == ("POST", "/token?key=k3y")
    assert parse_qs(request.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["a b"]}
    assert request.headers["authorization"] == f"Basic {b64encode(f'pulse:{_SECRET}'.encode()).decode()}"
    assert "target-sr-cluster" not in request.headers


def test_oauth_renews_what_is_over_or_refused() -> None:
    with (
        serving(lambda _: Answer(200, {"access_token": "t", "expires_in": 0.000001})) as idp,
        _believing("t") as server,
    ):
        with Registry(RegistrySettings(server.url, **_oauth(idp))) as asked:
            assert [asked.versions("s") for _ in range(3)] == [[1]] * 3
        assert (len(idp.asked), len(server.asked)) == (3, 3)
    tokens = iter(["old", "new"])
    with serving(lambda _: Answer(200, {"access_token": next(tokens)})) as idp, _believing("new") as server:
        with Registry(RegistrySettings(server.url, **_oauth(idp))) as asked:
            assert [asked.versions("s") for _ in range(3)] == [[1]] * 3
        assert (len(idp.asked), len(server.asked)) == (2, 4)
    with serving(lambda _: Answer(200, {"access_token": "wrong"})) as idp, _believing("new") as server:
        with (
            Registry(RegistrySettings(server.url, **_oauth(idp))) as asked,
            pytest.raises(RegistryError, match=f"GET {server.url}.*401 40101"),
        ):
            asked.versions("s")
        assert (len(idp.asked), len(server.asked)) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            Answer(401, {"error": "invalid_client", "error_description": "no such client"}),
            "/token: 401 0: invalid_client: no such client; are the OAuth URL, client id, secret and scope right?",
        ),
        (Answer(404, b"", {"Content_Type": "text/html"}), "/token: 404 0: Not Found; are the OAuth URL"),
        (Answer(200, b"<html>"), "answered with something that holds no token; is this the token endpoint?"),
        (Answer(200, {"token": _SECRET}), "answered with something that holds no token"),
        (Answer(200, [_SECRET]), "answered with something that holds no token"),
        (Answer(302, b"", {"Location": "/login"}), "/login itself if it is right"),
    ],
)
def test_what_a_token_endpoint_may_say_instead(answer: Answer, problem: str) -> None:
    with serving(lambda _: answer) as idp, _believing() as server:
        with Registry(RegistrySettings(server.url, **_oauth(idp))) as asked, pytest.raises(RegistryError) as caught:
            asked.versions("s")
        assert (len(idp.asked), server.asked) == (1, [])
    assert f"POST {idp.url}/token" in str(caught.value)
    assert problem in str(caught.value)
    for secret in _SECRET, "k3y":
        assert secret not in f"{caught.value!r}"


def test_a_token_endpoint_that_fails_is_asked_again_within_the_deadline() -> None:
    answers = iter([refusal(503, 0, Retry_After="0"), Answer(200, {"access_token": "t"})])
    with (
        serving(lambda _: next(answers)) as idp,
        _believing("t") as server,
        Registry(RegistrySettings(server.url, **_oauth(idp))) as asked,
    ):
        assert asked.versions("s") == [1]
    with _believing("t") as server:
        away = f"http://127.0.0.1:{free_port()}/token"
        settings = RegistrySettings(server.url, **_oauth(server, oauth_url=away))
        with Registry(settings, tries=2) as asked, pytest.raises(RegistryUnavailable, match=f"POST {away}.*in 2 tries"):
            asked.versions("s")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"oauth_url": "https://idp/t"}, "OAuth needs all of"),
        ({"oauth_scope": "s"}, "OAuth needs all of"),
        ({"oauth_url": "idp", "oauth_client_id": "i", "oauth_client_secret": _SECRET}, "oauth_url: is no http"),
        (
            {"oauth_url": f"https://u:{_SECRET}@idp", "oauth_client_id": "i", "oauth_client_secret": "s"},
            "oauth_url: is no http",
        ),
        (
            {"oauth_url": "https://idp", "oauth_client_id": "i", "oauth_client_secret": _SECRET, "token": "t"},
            "give either",
        ),
        ({"headers": {"X": f"{_SECRET}\r\nInjected: 1"}}, "the value of X has characters"),
        ({"headers": {f"{_SECRET}: x\r\nY": "1"}}, "a name that HTTP does not allow"),
        ({"headers": {"Host": "other"}}, "Host is not for you to set"),
        ({"headers": {"authorization": _SECRET}, "token": "t"}, "authorization is not for you to set"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RegistrySettings("http://host", **settings)
    assert problem in str(caught.value)
    assert _SECRET not in f"{caught.value!r}"


def test_headers_are_sent_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    headers = {"target-sr-cluster": "lsrc-1", "Confluent-Identity-Pool-Id": _SECRET}
    with serving(lambda _: refusal(403, 40301)) as server, caplog.at_level(logging.DEBUG):
        settings = RegistrySettings(server.url, headers=headers)
        with Registry(settings) as asked, pytest.raises(RegistryError) as caught:
            asked.versions("s")
        (request,) = server.asked
    assert {name: request.headers[name.lower()] for name in headers} == headers
    assert _SECRET not in f"{settings!r}{caught.value!r}{caplog.text}"
    assert hash(settings) == hash(RegistrySettings(server.url, headers={}))
