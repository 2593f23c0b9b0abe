"""The in-memory registries that answer like Apicurio's before 3.1: verbatim, and blind to descriptors."""

import base64
from collections.abc import Iterator

import pytest

from pragma_contracts import Price
from pragma_contracts.testing import Behaviour, registry_server
from tests.testing.asking import Asker, message, path

DESCRIPTOR = base64.b64encode(Price.DESCRIPTOR.file.serialized_pb).decode()


@pytest.fixture(params=[Behaviour.APICURIO_2, Behaviour.APICURIO_3_0], ids=lambda each: each.value)
def behaviour(request: pytest.FixtureRequest) -> Behaviour:
    assert isinstance(request.param, Behaviour)
    return request.param


@pytest.fixture
def registry(behaviour: Behaviour) -> Iterator[Asker]:
    with registry_server(behaviour) as url:
        yield Asker(url)


def test_what_is_sent_is_kept_and_found_byte_for_byte(registry: Asker) -> None:
    text = message("string a = 1").replace("message", "// A comment.\n//\nmessage")
    assert registry.register("m-value", text) == (200, {"id": 1})
    assert registry.stored("m-value") == text
    assert registry.look_up("m-value", text)[1]["version"] == 1
    assert registry.look_up("m-value", text.replace("A comment", "Another"))[1]["error_code"] == 40403
    assert registry.register("p-value", DESCRIPTOR) == (200, {"id": 2})
    assert registry.stored("p-value") == DESCRIPTOR
    assert registry.register("bad-value", "message {")[1]["error_code"] == 42201


def test_a_verdict_that_has_to_read_a_descriptor_is_answered_with_500(registry: Asker) -> None:
    registry.register("p-value", DESCRIPTOR)
    assert registry.judge("p-value", DESCRIPTOR)[1]["is_compatible"] is True
    assert registry.ask("PUT", "/config/p-value", {"compatibility": "BACKWARD_TRANSITIVE"})[0] == 200
    for which in "", "/latest", "/1":
        status, failed = registry.judge("p-value", DESCRIPTOR, which=which)
        assert (status, failed["error_code"]) == (500, 0)
        assert failed["message"].startswith("Syntax error in :1:1: unexpected label: ")
    assert registry.register("p-value", message("string a = 1"))[0] == 500
    # What is there already is not judged.
    assert registry.register("p-value", DESCRIPTOR) == (200, {"id": 1})


def test_a_verdict_on_text_refuses_any_change_of_a_field(registry: Asker, behaviour: Behaviour) -> None:
    registry.ask("PUT", "/config/m-value", {"compatibility": "BACKWARD"})
    registry.register("m-value", message("string a = 1"))
    for change in "int64 a = 1", "bytes a = 1", "string b = 1", "string a = 2":
        status, verdict = registry.judge("m-value", message(change))
        assert (status, verdict["is_compatible"]) == (200, False)
        assert ("reason" in verdict) == (behaviour is Behaviour.APICURIO_2)
        assert registry.register("m-value", message(change))[1]["error_code"] == 409
    assert registry.judge("m-value", message("string a = 1", "string b = 2"))[1]["is_compatible"] is True
    assert registry.judge("nosuch", message("string a = 1"))[1]["error_code"] == 40401


def test_modes(registry: Asker, behaviour: Behaviour) -> None:
    status, answer = registry.get("/mode")
    own, own_answer = registry.get("/mode/m-value?defaultToGlobal=true")
    if behaviour is Behaviour.APICURIO_2:
        assert (status, answer) == (404, {"error_code": 0, "message": "Operation not supported."})
        assert (own, own_answer["error_code"]) == (404, 0)
    else:
        assert ((status, answer), (own, own_answer)) == ((404, ""), (204, ""))


def test_a_level_is_a_rule_that_none_takes_away(registry: Asker, behaviour: Behaviour) -> None:
    assert registry.get("/config") == (200, {"compatibilityLevel": "NONE"})
    assert registry.get("/config/m-value?defaultToGlobal=true")[1]["error_code"] == 40401
    key = "compatibility" if behaviour is Behaviour.APICURIO_2 else "compatibilityLevel"
    assert registry.ask("PUT", "/config/m-value", {"compatibility": "FULL"}) == (200, {key: "FULL"})
    assert registry.get("/config/m-value") == (200, {"compatibilityLevel": "FULL"})
    assert registry.ask("PUT", "/config/m-value", {"compatibility": "NONE"})[0] == 200
    assert registry.get("/config/m-value")[1]["error_code"] == 40401
    registry.register("m-value", message("string a = 1"))
    assert registry.get("/config/m-value") == (200, {"compatibilityLevel": "NONE"})
    assert registry.ask("PUT", "/config/m-value", {"compatibility": "BOGUS"})[0] >= 400


def test_deletion(registry: Asker) -> None:
    registry.register("m-value", message("string a = 1"))
    versions = f"{path('m-value')}/versions"
    assert registry.ask("DELETE", f"{versions}/1?permanent=true")[:1] == (409,)
    assert registry.ask("DELETE", path("m-value")) == (200, [1])
    assert registry.ask("DELETE", path("m-value"))[1]["error_code"] == 40404
    assert registry.register("m-value", message("string a = 1")) == (200, {"id": 1})
    assert registry.get(versions) == (200, [2])
    assert registry.get(f"{versions}?deleted=true") == (200, [1, 2])
