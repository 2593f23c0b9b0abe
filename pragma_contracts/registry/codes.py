"""What the error codes of the API mean, and what to do about them.

Source: Confluent's Schema Registry API reference; 40901 and 50004 and up are of its server.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """A code in a sentence, for a registry that says nothing itself, and what to do."""

    sentence: str
    advice: str


_LATER = "nothing is lost; try again later"
_SOFT = "soft-deleted versions still count; delete it with permanent=true, or register it again"
_FIRST = "delete it without permanent=true first"

MEANINGS = {
    40401: Meaning("the subject does not exist", "is its name right, and its context? otherwise register it first"),
    40402: Meaning("the subject does not have the version", "ask for its versions, deleted ones included"),
    40403: Meaning("the schema is not there", "register it first; was it registered in another registry or context?"),
    40404: Meaning("the subject was soft-deleted", _SOFT),
    40405: Meaning("the subject was not soft-deleted first", _FIRST),
    40406: Meaning("the version was soft-deleted", _SOFT),
    40407: Meaning("the version was not soft-deleted first", _FIRST),
    40408: Meaning("the subject has no compatibility level of its own", "the registry's own level holds for it"),
    40409: Meaning("the subject has no mode of its own", "the registry's own mode holds for it"),
    40901: Meaning("the schema is incompatible", "`pragma-contracts gate` says what breaks whom"),
    42201: Meaning("the schema is invalid", "is each file that it imports registered, in the version that is named?"),
    42202: Meaning("that is no version", "versions are numbers from 1 on"),
    42203: Meaning("that is no compatibility level", "give one that this registry has, such as BACKWARD_TRANSITIVE"),
    42204: Meaning("that is no mode", "give one that this registry has, such as READWRITE"),
    42205: Meaning("the operation is not permitted", "is the registry, or the subject, in a mode that is read only?"),
    42206: Meaning("another schema refers to it", "delete what refers to it first"),
    42207: Meaning("the id is that of another schema", "let the registry choose the id"),
    42208: Meaning("that is no name of a subject", "give another name"),
    42209: Meaning("the schema is too large", "make it smaller, or let the registry take more"),
    42210: Meaning("the rules of the schema are invalid", "look at the registry's words"),
    50001: Meaning("the store behind the registry fails", f"it may be read only, or away; {_LATER}"),
    50002: Meaning("the registry did not finish in its time", _LATER),
    50003: Meaning("the registry could not pass the request on to its leader", _LATER),
    50004: Meaning("the registry does not know its leader", _LATER),
    50005: Meaning("the registry's leader gave an answer that is no JSON", _LATER),
}

# Of HTTP, where the code says no more.
BY_STATUS = {
    401: Meaning("who asks is not known", "are the credentials right, and for this registry?"),
    403: Meaning("who asks may not do this", "it needs other permissions, or other credentials"),
    407: Meaning("the proxy does not know who asks", "give a user and a password in the URL of the proxy"),
    409: MEANINGS[40901],
    413: MEANINGS[42209],
    429: Meaning("the registry is asked too often", "ask less at once, or for a higher limit"),
}

WRONG_ROOT = "is this the root of its API? some have it at a path, such as /apis/ccompat/v7"


def meaning_of(status: int, code: int) -> Meaning:
    """What an answer means; empty words for one that nothing is known of."""
    return MEANINGS.get(code) or BY_STATUS.get(status) or Meaning("", "")
