"""Sends requests until one is answered: tries, waits and several URLs, all of it within one deadline."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from pragma_contracts.errors import RegistryUnavailable
from pragma_contracts.registry.credentials import shown_url
from pragma_contracts.registry.deadlines import within
from pragma_contracts.registry.refusals import error_of
from pragma_contracts.registry.transport import ExchangeFailed
from pragma_contracts.registry.waiting import backoff, is_failing, is_later, retry_after


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one question may take.

    tries: how often each URL is asked at most. timeout: seconds of one exchange, its connection included. deadline:
    seconds of everything, waits included.
    """

    tries: int
    timeout: float
    deadline: float


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """Why a try gave no answer. wait: the seconds that the server asks for. final: trying again would not help."""

    method: str
    url: str
    status: int
    code: int
    problem: str
    advice: str
    wait: float | None = None
    final: bool = False
    cause: Exception | None = None


class Sender:
    """Asks the URLs of one registry, beginning with the one that answered last. For any number of threads."""

    def __init__(self, client: httpx.Client, roots: tuple[str, ...], patience: Patience) -> None:
        self._client = client
        self._roots = roots
        self._patience = patience
        self._first = 0

    def send(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        """The answer to a request, which may be a refusal. Raises RegistryUnavailable: there is none."""
        patience, started = self._patience, time.monotonic()
        until = started + patience.deadline
        problems: dict[str, _Unanswered] = {}
        tries = 0
        while True:
            tries += 1
            answer = self._round(method, path, body, until, problems)
            if isinstance(answer, httpx.Response):
                return answer
            if answer.final or tries == patience.tries:
                break
            wait = answer.wait if answer.wait is not None else backoff(tries)
            if time.monotonic() + wait >= until:
                break
            time.sleep(wait)
        raise self._unavailable(answer, problems, tries, time.monotonic() - started)

    def _round(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        until: float,
        problems: dict[str, _Unanswered],
    ) -> httpx.Response | _Unanswered:
        """Asks one URL after the other, until one answers or says that all of them had better be asked later."""
        first, count = self._first, len(self._roots)
        for number in range(count):
            index = (first + number) % count
            # What is left is shared, so that one that hangs leaves time for the others.
            seconds = min(self._patience.timeout, (until - time.monotonic()) / (count - number))
            answer = self._exchange(method, self._roots[index], path, body, seconds)
            if isinstance(answer, httpx.Response):
                self._first = index
                return answer
            problems[self._roots[index]] = answer
            if answer.final or (answer.status and not is_failing(answer.status)):
                break
        return answer

    def _exchange(
        self, method: str, root: str, path: str, body: Mapping[str, Any] | None, seconds: float
    ) -> httpx.Response | _Unanswered:
        try:
            with within(seconds):
                response = self._client.request(method, root + path, json=body)
        except ExchangeFailed as error:
            return _Unanswered(
                error.request.method,
                shown_url(error.request),
                0,
                0,
                error.problem,
                error.advice,
                final=error.final,
                cause=error,
            )
        except httpx.RemoteProtocolError as error:
            # A redirect to what is no URL.
            return _Unanswered(method, root + path, 0, 0, str(error), "", final=True, cause=error)
        if not is_later(response.status_code):
            return response
        refused = error_of(response, path)
        wait = retry_after(response.headers.get("Retry-After"))
        return _Unanswered(
            refused.method, refused.url, refused.status, refused.code, refused.detail, refused.advice, wait
        )

    def _unavailable(
        self, last: _Unanswered, problems: Mapping[str, _Unanswered], tries: int, seconds: float
    ) -> RegistryUnavailable:
        effort = f"{tries} {'try' if tries == 1 else 'tries'} within {seconds:.1f} s"
        problem = f"{last.problem} (after {effort})" if last.status else f"no answer in {effort}: {last.problem}"
        if last.wait is not None and last.wait > self._patience.deadline - seconds:
            problem += f"; it asks to wait {last.wait:.0f} s, and {self._patience.deadline:g} s are the deadline"
        for root, other in problems.items():
            if other is not last:
                problem += f"; {root}: {other.problem}"
        error = RegistryUnavailable(last.method, last.url, last.status, last.code, problem, last.advice)
        error.__cause__ = last.cause
        return error
