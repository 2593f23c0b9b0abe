"""How often and how long a registry is asked: its own Retry-After, growing waits, and a deadline for all of it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pragma_contracts.errors import RegistryError, RegistryUnavailable
from pragma_contracts.registry import Registry
from pragma_contracts.registry.waiting import backoff, retry_after
from pragma_contracts.testing.server import free_port
from tests.registry.serving import Answer, dripping, refusal, serving

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n"
BODY = b"[1" + b" " * 37 + b"]"


def _after(*first: Answer) -> Iterator[Answer]:
    """These answers, and then a good one for ever."""
    yield from first
    while True:
        yield Answer(200, [7])


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_do_better_later_is_asked_again(status: int) -> None:
    answers = _after(refusal(status, 0, Retry_After="0"), refusal(status, 0))
    with serving(lambda _: next(answers)) as server, Registry(server.url) as asked:
        assert asked.versions("s") == [7]
        assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with serving(lambda _: refusal(status, 0)) as server, Registry(server.url) as asked:
        with pytest.raises(RegistryError) as caught:
            asked.versions("s")
        assert not isinstance(caught.value, RegistryUnavailable)
        assert len(server.asked) == 1


def test_the_error_says_how_often_and_for_how_long() -> None:
    with serving(lambda _: refusal(503, 50001, "store away", Retry_After="0")) as server, Registry(server.url) as asked:
        with pytest.raises(RegistryUnavailable, match=r"503: store away \(after 4 tries within \d\.\d s\)") as caught:
            asked.versions("s")
        assert (caught.value.status, caught.value.code, len(server.asked)) == (503, 50001, 4)
    with (
        Registry(f"http://127.0.0.1:{free_port()}", tries=1) as asked,
        pytest.raises(RegistryUnavailable, match=r"no answer in 1 try within 0\.\d s: .*refused"),
    ):
        asked.versions("s")


@pytest.mark.parametrize("as_date", [False, True])
def test_a_wait_beyond_the_deadline_is_not_begun(as_date: bool) -> None:
    value = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True) if as_date else "3600"
    with (
        serving(lambda _: refusal(429, 42901, "slow down", Retry_After=value)) as server,
        Registry(server.url) as asked,
    ):
        with pytest.raises(RegistryUnavailable) as caught:
            asked.versions("s")
        assert len(server.asked) == 1
    # A date has whole seconds, of which some are gone.
    assert re.search(r"; it asks to wait 3[56]\d\d s, and 30 s are the deadline", str(caught.value))
    assert "ask less at once" in caught.value.advice


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        (" 0 ", 0.0),
        ("-1", None),
        ("1e9", None),
        ("soon", None),
        ("9" * 5000, None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
    ],
)
def test_what_a_server_may_say_of_later(value: str | None, seconds: float | None) -> None:
    assert retry_after(value) == seconds


def test_waits_grow_and_are_never_the_same() -> None:
    for tries, longest in enumerate([0.2, 0.4, 0.8, 1.6, 2.0, 2.0], 1):
        waits = {backoff(tries) for _ in range(50)}
        assert len(waits) > 1
        assert longest / 2 <= min(waits) <= max(waits) <= longest


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([HEAD, *(BODY[at : at + 1] for at in range(len(BODY)))], id="body"),
        pytest.param([*(HEAD[at : at + 1] for at in range(len(HEAD))), BODY], id="headers"),
    ],
)
def test_a_drip_is_no_longer_than_the_deadline(pieces: list[bytes]) -> None:
    with dripping(pieces, 0.05) as url, Registry(url, deadline=0.5) as asked:
        with pytest.raises(RegistryUnavailable, match="timed out"):
            asked.versions("s")
        with Registry(url, tries=1, timeout=0.5) as hurried, pytest.raises(RegistryUnavailable, match="in 1 try"):
            hurried.versions("s")


def test_a_server_that_is_slow_but_not_too_slow_is_heard() -> None:
    with dripping([HEAD[:20], HEAD[20:], BODY[:9], BODY[9:]], 0.05) as url, Registry(url, tries=1) as asked:
        assert asked.versions("s") == [1]


def test_of_many_tries_the_deadline_leaves_some() -> None:
    with serving(lambda _: refusal(503, 50003)) as server, Registry(server.url, tries=1000, deadline=1.0) as asked:
        with pytest.raises(RegistryUnavailable, match="503"):
            asked.versions("s")
        assert 1 < len(server.asked) < 10
