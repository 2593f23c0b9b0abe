"""The error that a response of a registry is."""

from typing import Any

import httpx

from pragma_contracts.errors import RegistryError
from pragma_contracts.registry.codes import WRONG_ROOT, meaning_of
from pragma_contracts.registry.credentials import FOR_TOKEN, shown_url

_TOKEN_ADVICE = "are the OAuth URL, client id, secret and scope right?"  # noqa: S105


def error_of(response: httpx.Response, path: str) -> RegistryError:
    """The registry's own code and words when it gives them, ours or HTTP's otherwise. path: that was asked for."""
    request, status = response.request, response.status_code
    url = shown_url(request)
    if response.has_redirect_location:
        return RegistryError(request.method, url, status, 0, *_redirect(response, path))
    answer = _json(response)
    given = answer.get("error_code")
    code = given if isinstance(given, int) else 0
    meaning = meaning_of(status, code)
    words = answer.get("message") or answer.get("detail") or meaning.sentence or response.reason_phrase
    advice = meaning.advice
    if FOR_TOKEN in request.extensions:
        named = [str(answer[key]) for key in ("error", "error_description") if answer.get(key)]
        words, advice = ": ".join(named) or words, _TOKEN_ADVICE
    elif status == httpx.codes.NOT_FOUND and code in (0, status):
        advice = WRONG_ROOT
    return RegistryError(request.method, url, status, code, " ".join(str(words).split()), advice)


def _json(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _redirect(response: httpx.Response, path: str) -> tuple[str, str]:
    target = response.request.url.join(response.headers["Location"])
    shown = str(target.copy_with(userinfo=b"", query=None, fragment=None))
    plain = path.partition("?")[0]
    root = shown.removesuffix(plain) if shown.endswith(plain) else shown
    advice = f"redirects are not followed, because credentials would go along; give {root} itself if it is right"
    return f"{response.reason_phrase}: redirects to {shown}", advice
