"""Who asks: what a request gets to say so, and what is done when the registry does not believe it."""

import time
from base64 import b64encode
from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from pragma_contracts.errors import RegistryError
from pragma_contracts.registry.settings import RegistrySettings, check_token

# The extension of a request that asks for a token, and not the registry.
FOR_TOKEN = "pragma_contracts.token"  # noqa: S105

# A token is renewed this long before its end, or, of one that lives shortly, at nine tenths of its life.
_EARLY_S = 30.0
_EARLY_SHARE = 0.1

_Flow = Generator[httpx.Request, httpx.Response, None]


def shown_url(request: httpx.Request) -> str:
    """The URL of a request as it may be shown: a token endpoint may have a key in its query."""
    url = request.url
    return str(url.copy_with(query=None) if FOR_TOKEN in request.extensions else url)


def credentials(settings: RegistrySettings) -> httpx.Auth | None:
    """What says who asks, or None for nobody."""
    if settings.user is not None:
        return httpx.BasicAuth(settings.user, settings.password or "")
    if settings.oauth_url is not None:
        return _ClientCredentials(settings)
    if callable(settings.token):
        return _Asked(settings.token)
    return _Fixed(settings.token) if settings.token is not None else None


class _Fixed(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> _Flow:
        yield _bearing(request, self._token)


class _Asked(httpx.Auth):
    """A token that somebody else knows, who is asked again when the registry answers 401."""

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> _Flow:
        used = self._token or self._renewed()
        response = yield _bearing(request, used)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            # Another thread may have renewed it in the meantime.
            known = self._token
            yield _bearing(request, known if known and known != used else self._renewed())

    def _renewed(self) -> str:
        token = self._ask()
        check_token(token)
        self._token = token
        return token


class _ClientCredentials(httpx.Auth):
    """OAuth 2.0 client credentials (RFC 6749, section 4.4): a token is kept until shortly before its end, or a 401."""

    requires_response_body = True

    def __init__(self, settings: RegistrySettings) -> None:
        pair = f"{quote_plus(settings.oauth_client_id or '')}:{quote_plus(settings.oauth_client_secret or '')}"
        self._authorization = f"Basic {b64encode(pair.encode()).decode()}"
        self._url = settings.oauth_url or ""
        self._form = {"grant_type": "client_credentials"}
        if settings.oauth_scope is not None:
            self._form["scope"] = settings.oauth_scope
        # A token, and until when it is used.
        self._kept: tuple[str, float] | None = None

    def auth_flow(self, request: httpx.Request) -> _Flow:
        for _ in range(2):
            kept = self._kept
            if kept is None or kept[1] <= time.monotonic():
                answer = yield self._request()
                if not answer.is_success:
                    # The answer to the registry's question is then this one: tried again, or an error, like any other.
                    return
                self._kept = kept = self._read(answer)
            response = yield _bearing(request, kept[0])
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
            if self._kept == kept:
                self._kept = None

    def _request(self) -> httpx.Request:
        headers = {
            "Accept": "application/json",
            "Authorization": self._authorization,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        content = urlencode(self._form).encode()
        return httpx.Request("POST", self._url, headers=headers, content=content, extensions={FOR_TOKEN: True})

    def _read(self, answer: httpx.Response) -> tuple[str, float]:
        try:
            found: dict[str, Any] = answer.json()
            token, lives = str(found["access_token"]), float(found.get("expires_in") or "inf")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            detail, advice = "answered with something that holds no token", "is this the token endpoint?"
            raise RegistryError("POST", shown_url(answer.request), answer.status_code, 0, detail, advice) from error
        check_token(token)
        return token, time.monotonic() + lives - min(_EARLY_S, lives * _EARLY_SHARE)


def _bearing(request: httpx.Request, token: str) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
