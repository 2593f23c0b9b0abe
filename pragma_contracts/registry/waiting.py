"""How long to wait before a registry is asked again."""

import random
import re
import time
from email.utils import parsedate_to_datetime

_FIRST_S = 0.2
_LAST_S = 2.0

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)

# The answers that say "later": of HTTP, beside all 5xx but 501, which says "never".
_LATER = {408, 425, 429}


def is_failing(status: int) -> bool:
    """Whether an answer says that the server fails, so that another one may do better."""
    return status >= 500 and status != 501


def is_later(status: int) -> bool:
    """Whether an answer says that the same request may do better later."""
    return status in _LATER or is_failing(status)


def backoff(tries: int) -> float:
    """The seconds to wait after so many tries: twice as long each time, and never the same for two that failed at once.

    Jitter, so that the jobs of one pipeline do not all come back together.
    """
    longest: float = min(_FIRST_S * 2 ** (tries - 1), _LAST_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret depends on it


def retry_after(value: str | None) -> float | None:
    """The seconds that a Retry-After header asks to wait, as a number or as a date; None when it says neither."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
