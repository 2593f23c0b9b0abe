"""Subjects in a context: named without it here, and with it there."""

import json
from typing import Any

import pytest

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.registry import Reference, Registry, RegistrySettings, unqualified
from tests.registry.serving import Answer, Asked, Server, refusal, serving

_PRICE = ":.md:prices-value"
_FILE = ":.md:a/b.proto"


def _confluent(asked: Asked) -> Answer:
    """Answers as a registry with contexts does, where everything is in the context `md`."""
    version = {
        "subject": _PRICE,
        "version": 1,
        "id": 7,
        "schema": "s",
        "references": [{"name": "a/b.proto", "subject": _FILE, "version": 1}],
    }
    path = asked.path.partition("?")[0]
    if path.endswith("/subjects"):
        return Answer(200, [_PRICE, _FILE, ":.other:prices-value", "prices-value"])
    if "/schemas/ids/" in path:
        return Answer(200, [{"subject": _PRICE, "version": 1}, {"subject": ":.other:x", "version": 2}])
    return Answer(200, [1]) if path.endswith("/versions") and asked.method == "GET" else Answer(200, version)


@pytest.mark.parametrize(
    ("subject", "parts"),
    [
        ("prices-value", (None, "prices-value")),
        (_PRICE, ("md", "prices-value")),
        (":.md:a:b", ("md", "a:b")),
        (":.:x", (None, "x")),
        (":.md:", ("md", "")),
        (":md:x", (None, ":md:x")),
        ("", (None, "")),
    ],
)
def test_the_parts_of_a_subject(subject: str, parts: tuple[str | None, str]) -> None:
    assert unqualified(subject) == parts


def _questions(server: Server, settings: RegistrySettings) -> list[str]:
    """Asks everything there is, and gives the paths."""
    with Registry(settings) as asked:
        assert asked.subjects() == ["a/b.proto", "prices-value"]
        assert asked.subjects_of(7) == [":.other:x", "prices-value"]
        found = asked.version("prices-value", 1)
        assert (found.subject, found.references) == ("prices-value", (Reference("a/b.proto", "a/b.proto", 1),))
        assert asked.look_up("prices-value", "s", found.references) == found
        asked.versions("a/b.proto")
    return server.paths


def test_a_context_is_asked_for_with_each_subject() -> None:
    with serving(_confluent) as server:
        assert _questions(server, RegistrySettings(server.url, context="md")) == [
            "GET /subjects?subjectPrefix=%3A.md%3A",
            "GET /schemas/ids/7/versions?deleted=true&subject=%3A.md%3A",
            "GET /subjects/%3A.md%3Aprices-value/versions/1",
            "POST /subjects/%3A.md%3Aprices-value",
            "GET /subjects/%3A.md%3Aa%2Fb.proto/versions",
        ]
        (looked_up,) = [asked for asked in server.asked if asked.method == "POST"]
    # As those who ask at the root of the context write them, and are looked up by.
    assert json.loads(looked_up.body)["references"] == [{"name": "a/b.proto", "subject": "a/b.proto", "version": 1}]


@pytest.mark.parametrize("root", ["/contexts/.md", "/contexts/:.md:/", "/contexts/md"])
def test_the_root_of_a_context_is_understood(root: str) -> None:
    with serving(_confluent) as server:
        paths = _questions(server, RegistrySettings(server.url + root))
    assert paths[2:] == [
        f"GET {root.rstrip('/')}/subjects/prices-value/versions/1",
        f"POST {root.rstrip('/')}/subjects/prices-value",
        f"GET {root.rstrip('/')}/subjects/a%2Fb.proto/versions",
    ]


def test_without_a_context_others_keep_their_names() -> None:
    with serving(_confluent) as server, Registry(server.url) as asked:
        assert asked.subjects() == [_FILE, _PRICE, ":.other:prices-value", "prices-value"]
        assert asked.versions(_PRICE) == [1]
        assert server.paths == ["GET /subjects", "GET /subjects/%3A.md%3Aprices-value/versions"]


def test_contracts_lock_keeps_contexts_apart() -> None:
    names = {
        RegistrySettings("http://host/", context="md").identity,
        RegistrySettings("http://host/contexts/.md").identity,
        RegistrySettings("http://host/contexts/.md", context="md").identity,
    }
    assert names == {"http://host/contexts/.md"}
    assert RegistrySettings("http://host").identity == "http://host"


@pytest.mark.parametrize(
    "given",
    [
        {"url": "http://host", "context": ":.md:"},
        {"url": "http://host", "context": ""},
        {"url": "http://host", "context": "a/b"},
        {"url": "http://host/contexts/.md", "context": "other"},
        {"url": "http://host/contexts/.md,http://host/contexts/.other"},
        {"url": "http://host/contexts/.md,http://host"},
    ],
)
def test_a_context_that_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"^context: "):
        RegistrySettings(**given)


def test_an_id_without_any_version_is_nobodys() -> None:
    with serving(lambda _: Answer(200, [])) as server, Registry(server.url) as asked:
        assert asked.subjects_of(7) is None
        assert server.paths == ["GET /schemas/ids/7/versions?deleted=true"]
    with serving(lambda _: refusal(404, 40403)) as server, Registry(server.url) as asked:
        assert asked.subjects_of(7) is None
