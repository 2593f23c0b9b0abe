"""Subjects in contexts: Confluent's registry writes the subject `s` of the context `c` as `:.c:s`."""

import re

_QUALIFIED = re.compile(r":\.([^:]*):(.*)", re.DOTALL)
_IN_URL = re.compile(r"/contexts/:?\.?([^/:]*):?$")


def qualified(context: str | None, subject: str) -> str:
    """A subject as it is named outside its context; without one, or when it names one already, as it is."""
    if not context or _QUALIFIED.fullmatch(subject):
        return subject
    return f":.{context}:{subject}"


def unqualified(subject: str) -> tuple[str | None, str]:
    """The context that a subject's name says, None for the default one, and its name in there."""
    found = _QUALIFIED.fullmatch(subject)
    return (found[1] or None, found[2]) if found else (None, subject)


def context_of(url: str) -> str | None:
    """The context that a normalised URL is the root of, as `http://host/contexts/.c` is of `c`; None for no other."""
    found = _IN_URL.search(url)
    return found[1] or None if found else None
