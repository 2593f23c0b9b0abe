"""What a registry's refusal says: its own words, what its code means, and what to do."""

import pickle

import pytest

from pragma_contracts.errors import RegistryError
from pragma_contracts.registry import Registry
from pragma_contracts.registry.codes import MEANINGS
from tests.registry.serving import Answer, refusal, serving


def _error(answer: Answer, path: str = "") -> RegistryError:
    with (
        serving(lambda _: answer) as server,
        Registry(server.url + path, tries=1) as asked,
        pytest.raises(RegistryError) as caught,
    ):
        asked.version("s", 1)
    return caught.value


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_code_has_its_own_words(code: int) -> None:
    meaning = MEANINGS[code]
    silent = _error(Answer(code // 100, {"error_code": code}))
    assert (silent.status, silent.code, silent.advice) == (code // 100, code, meaning.advice)
    assert silent.detail.startswith(meaning.sentence)
    told = _error(refusal(code // 100, code, "the registry's\nown words"))
    assert told.detail.startswith("the registry's own words")
    assert str(told).endswith(f"; {meaning.advice}")
    assert len(str(told).splitlines()) == 1


def test_no_two_codes_mean_the_same() -> None:
    assert len({meaning.sentence for meaning in MEANINGS.values()}) == len(MEANINGS)


def test_an_error_keeps_its_parts() -> None:
    error = _error(refusal(422, 42205, "Subject s is in read-only mode"))
    assert error.method == "GET"
    assert error.url.endswith("/subjects/s/versions/1")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.advice) == (str(error), error.advice)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "are the credentials right"),
        (403, "other permissions"),
        (404, "is this the root of its API?"),
        (409, "`pragma-contracts gate`"),
    ],
)
def test_where_the_code_says_nothing_http_does(status: int, advice: str) -> None:
    error = _error(Answer(status, b"<html>", {"Content-Type": "text/html"}))
    assert (error.status, error.code) == (status, 0)
    assert advice in error.advice


def test_a_path_that_a_registry_does_not_have_may_be_below_another_root() -> None:
    assert "is this the root of its API?" in _error(refusal(404, 404, "HTTP 404 Not Found"), "/api").advice


@pytest.mark.parametrize(
    ("location", "root"),
    [
        ("https://other.example/subjects/s/versions/1", "https://other.example"),
        ("/apis/ccompat/v7/subjects/s/versions/1?x=1", "/apis/ccompat/v7"),
        ("https://user:hunter2@login.example/sso?key=hunter2", "https://login.example/sso"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_says_where_to_and_is_not_followed(status: int, location: str, root: str) -> None:
    error = _error(Answer(status, b"", {"Location": location}))
    assert f"{root} itself if it is right" in error.advice
    assert "redirects to" in error.detail
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("location", ["http://h:x/", "https://h:port/"])
def test_a_redirect_to_nowhere_is_an_error_all_the_same(location: str) -> None:
    assert "Invalid URL in location header" in str(_error(Answer(302, b"", {"Location": location})))


def test_an_answer_that_cannot_be_unpacked_is_not_asked_for_again() -> None:
    with serving(lambda _: Answer(200, b"[1]", {"Content-Encoding": "gzip"})) as server, Registry(server.url) as asked:
        with pytest.raises(RegistryError, match="cannot be unpacked"):
            asked.versions("s")
        assert len(server.asked) == 1
