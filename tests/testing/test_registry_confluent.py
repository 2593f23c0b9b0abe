"""The in-memory registry that answers like Confluent's: what it keeps, finds, refuses and forgets."""

import base64
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from pragma_contracts.descriptors import normalised, parse_set
from pragma_contracts.governance.compiler import compile_texts
from pragma_contracts.testing import Behaviour, registry_server
from tests.testing.asking import OPTIONS, ORDER, Asker, body, message, path

REFERENCES = ("t/options.proto",)
ORDER_TEXT = """syntax = "proto3";
package t;

import "t/options.proto";

message Order {
  option (t.about) = {
    topic: "orders",
    level: 3,
    key: [
      "a",
      "b"
    ]
  };

  string price = 1 [deprecated = true];
  Side side = 2;
  map<string, string> labels = 3;

  message Side {
    bool is_bid = 1;
  }
}
"""
ORDER_FROM_DESCRIPTOR = """syntax = "proto3";
package t;

import "t/options.proto";

message Order {
  string price = 1 [deprecated = true];
  .t.Order.Side side = 2;
  repeated .t.Order.LabelsEntry labels = 3;

  message LabelsEntry {
    option map_entry = true;
  
    string key = 1;
    string value = 2;
  }
  message Side {
    bool is_bid = 1;
  }
}
"""  # noqa: W293  the registry indents empty lines


@pytest.fixture
def registry() -> Iterator[Asker]:
    with registry_server(Behaviour.CONFLUENT) as url:
        yield Asker(url)


@pytest.fixture(scope="module")
def descriptor() -> str:
    """The order as base64 of a compiled file."""
    texts = {"t/options.proto": OPTIONS.encode(), "t/order.proto": ORDER.encode()}
    files = {file.name: file.SerializeToString() for file in parse_set(compile_texts(texts).image).file}
    return base64.b64encode(normalised(files["t/order.proto"])).decode()


def test_text_is_kept_in_words_of_its_own(registry: Asker) -> None:
    assert registry.register("t/options.proto", OPTIONS)[0] == 200
    status, answer = registry.register("orders-value", ORDER, REFERENCES)
    assert (status, answer["id"], answer["version"], answer["schema"]) == (200, 2, 1, ORDER_TEXT)
    assert registry.stored("orders-value", "1") == ORDER_TEXT
    again = ORDER.replace("// An order.\n", "").replace("  string", "\tstring")
    assert registry.register("orders-value", again, REFERENCES)[1]["version"] == 1
    assert registry.look_up("orders-value", again, REFERENCES)[1]["id"] == 2
    assert registry.look_up("orders-value", ORDER.replace("Side side", "t.Order.Side side"), REFERENCES)[0] == 404


def test_a_descriptor_loses_its_custom_options_and_is_not_found_as_text(registry: Asker, descriptor: str) -> None:
    registry.register("t/options.proto", OPTIONS)
    assert registry.register("orders-value", descriptor, REFERENCES)[1]["schema"] == ORDER_FROM_DESCRIPTOR
    assert registry.look_up("orders-value", descriptor, REFERENCES)[1]["version"] == 1
    assert registry.look_up("orders-value", ORDER_FROM_DESCRIPTOR, REFERENCES)[1]["version"] == 1
    assert registry.look_up("orders-value", ORDER, REFERENCES) == (
        404,
        {"error_code": 40403, "message": "Schema not found"},
    )
    assert registry.register("orders-value", ORDER, REFERENCES)[1]["version"] == 2
    assert registry.look_up("orders-value", descriptor, REFERENCES)[1]["version"] == 1


def test_the_order_of_references_counts(registry: Asker) -> None:
    registry.register("a.proto", message(name="A"))
    registry.register("b.proto", message(name="B"))
    user = message("A a = 1", "B b = 2")
    assert registry.register("u-value", user, ("a.proto", "b.proto"))[0] == 200
    assert registry.look_up("u-value", user, ("a.proto", "b.proto"))[0] == 200
    assert registry.look_up("u-value", user, ("b.proto", "a.proto"))[0] == 404


def test_a_serialized_answer_has_no_options(registry: Asker) -> None:
    registry.register("t/options.proto", OPTIONS)
    registry.register("orders-value", ORDER, REFERENCES)
    _, found = registry.get(f"{path('orders-value')}/versions/1?format=serialized")
    file = FileDescriptorProto.FromString(base64.b64decode(found["schema"]))
    (order,) = file.message_type
    assert (file.name, order.HasField("options"), order.field[1].type_name) == ("default", False, "Side")
    assert [(nested.name, nested.options.map_entry) for nested in order.nested_type] == [
        ("labelsEntry", True),
        ("Side", False),
    ]
    _, found = registry.get(f"{path('orders-value')}/versions/1?format=ignore_extensions")
    assert "about" not in found["schema"]
    assert "map<string, string> labels" in found["schema"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("", "Empty schema"),
        ('syntax = "proto3"; message A { string a = ; }', "Syntax error in :1:43: expected a word"),
        ('syntax = "proto3"; message A { Nosuch a = 1; }', "Could not resolve type: Nosuch"),
    ],
)
def test_what_cannot_be_read_is_refused_with_42201(registry: Asker, schema: str, words: str) -> None:
    status, refused = registry.register("bad-value", schema)
    assert (status, refused["error_code"]) == (422, 42201)
    assert refused["message"].endswith(words)
    assert registry.judge("bad-value", schema)[1]["is_compatible"] is False


def test_a_reference_to_nothing_is_refused(registry: Asker) -> None:
    status, refused = registry.register("u-value", message("A a = 1"), ("a.proto",))
    assert (status, refused["error_code"]) == (422, 42201)
    assert refused["message"].endswith('No schema reference found for subject "a.proto" and version 1')


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("string b = 2", None),
        ("bytes a = 1", None),
        ("string other = 1", None),
        ("string a = 5", None),
        ("int64 a = 1", "FIELD_SCALAR_KIND_CHANGED"),
        ("map<string, string> a = 1", "FIELD_KIND_CHANGED"),
    ],
)
def test_a_verdict_is_about_kinds(registry: Asker, change: str, error: str | None) -> None:
    registry.register("m-value", message("string a = 1"))
    status, verdict = registry.judge("m-value", message(change))
    assert (status, verdict["is_compatible"]) == (200, error is None)
    assert bool(verdict["messages"]) == (error is not None)
    status, answer = registry.register("m-value", message(change))
    assert status == (200 if error is None else 409)
    if error is not None:
        assert error in verdict["messages"][0]
        assert verdict["messages"][1] == "{oldSchemaVersion: 1}"
        assert answer["error_code"] == 40901


def test_the_level_says_which_versions_are_compared(registry: Asker) -> None:
    for fields in ("string a = 1", "string b = 2"), ("string b = 2",):
        assert registry.register("m-value", message(*fields))[0] == 200
    changed = message("int64 a = 1", "string b = 2")
    assert registry.judge("m-value", changed)[1] == {"is_compatible": True, "messages": []}
    assert registry.ask("PUT", "/config/m-value", {"compatibility": "BACKWARD_TRANSITIVE"})[0] == 200
    assert registry.judge("m-value", changed)[1]["messages"][1] == "{oldSchemaVersion: 1}"
    assert registry.judge("m-value", changed, which="/latest")[1]["is_compatible"] is True
    assert registry.ask("PUT", "/config/m-value", {"compatibility": "NONE"})[0] == 200
    assert registry.register("m-value", changed)[0] == 200


def test_levels_and_modes_that_are_not_set_are_those_of_all_when_that_is_asked(registry: Asker) -> None:
    for path_, code, key, value in (
        ("/config/m-value", 40408, "compatibilityLevel", "BACKWARD"),
        ("/mode/m-value", 40409, "mode", "READWRITE"),
    ):
        status, absent = registry.get(path_)
        assert (status, absent["error_code"]) == (404, code)
        assert registry.get(f"{path_}?defaultToGlobal=true") == (200, {key: value})
    assert registry.ask("PUT", "/config/:.c:", {"compatibility": "FULL"})[0] == 200
    found = registry.get("/config/:.c:m-value?defaultToGlobal=true")
    assert found == (200, {"compatibilityLevel": "FULL"})
    assert registry.ask("PUT", "/config/m-value", {"compatibility": "BOGUS"})[1]["error_code"] == 42203
    assert registry.ask("PUT", "/mode/m-value", {"mode": "BOGUS"})[1]["error_code"] == 42204


def test_a_read_only_subject_takes_nothing_new(registry: Asker) -> None:
    assert registry.register("m-value", message("string a = 1"))[0] == 200
    assert registry.ask("PUT", "/mode/m-value", {"mode": "READONLY"}) == (200, {"mode": "READONLY"})
    refused = [
        registry.register("m-value", message("string a = 1", "string b = 2")),
        registry.ask("PUT", "/config/m-value", {"compatibility": "FULL"}),
        registry.ask("DELETE", path("m-value")),
    ]
    assert [(status, answer["error_code"]) for status, answer in refused] == [(422, 42205)] * 3
    assert registry.register("m-value", message("string a = 1"))[1]["id"] == 1
    assert registry.ask("DELETE", "/mode/m-value") == (200, {"mode": "READONLY"})
    assert registry.register("m-value", message("string a = 1", "string b = 2"))[0] == 200


def test_a_deleted_version_keeps_its_id_and_comes_back_under_another_number(registry: Asker) -> None:
    for fields in ("string a = 1",), ("string a = 1", "string b = 2"):
        registry.register("m-value", message(*fields))
    versions = f"{path('m-value')}/versions"
    assert registry.ask("DELETE", f"{versions}/1?permanent=true")[1]["error_code"] == 40407
    assert registry.ask("DELETE", f"{versions}/1") == (200, 1)
    assert registry.ask("DELETE", f"{versions}/1")[1]["error_code"] == 40406
    assert registry.get(versions) == (200, [2])
    assert registry.get(f"{versions}?deleted=true") == (200, [1, 2])
    assert registry.get(f"{versions}/1")[1]["error_code"] == 40402
    assert registry.get("/schemas/ids/1/versions") == (200, [])
    assert registry.get("/schemas/ids/1")[0] == 200
    assert registry.look_up("m-value", message("string a = 1"))[1]["error_code"] == 40403
    again = registry.register("m-value", message("string a = 1"))[1]
    assert (again["id"], again["version"]) == (1, 3)


def test_a_deleted_subject_is_gone_for_good_when_that_is_asked(registry: Asker) -> None:
    registry.register("m-value", message("string a = 1"))
    assert registry.ask("DELETE", path("m-value")) == (200, [1])
    assert registry.ask("DELETE", path("m-value"))[1]["error_code"] == 40404
    assert registry.get("/subjects") == (200, [])
    assert registry.get("/subjects?deleted=true") == (200, ["m-value"])
    assert registry.get("/schemas/ids/1/versions") == (200, [])
    assert registry.ask("DELETE", f"{path('m-value')}?permanent=true") == (200, [1])
    assert registry.get("/schemas/ids/1")[1]["error_code"] == 40403
    assert registry.ask("DELETE", path("m-value"))[1]["error_code"] == 40401


def test_what_is_referenced_stays(registry: Asker) -> None:
    registry.register("a.proto", message(name="A"))
    registry.register("u-value", message("A a = 1"), ("a.proto",))
    assert registry.get(f"{path('a.proto')}/versions/1/referencedby") == (200, [2])
    for each in path("a.proto"), f"{path('a.proto')}/versions/1":
        assert registry.ask("DELETE", each)[1]["error_code"] == 42206


def test_a_context_has_subjects_and_ids_of_its_own(registry: Asker) -> None:
    registry.register("plain-value", message(name="Plain"))
    user = message("A a = 1")
    assert registry.register(":.c:u-value", user, ("a.proto",))[1]["error_code"] == 42201
    assert registry.register(":.c:a.proto", message(name="A"))[1]["id"] == 1
    assert registry.register(":.c:u-value", user, ("a.proto",))[1]["id"] == 2
    assert registry.look_up(":.c:u-value", user, ("a.proto",))[0] == 200
    assert registry.look_up(":.c:u-value", user, (":.c:a.proto",))[0] == 404
    assert registry.get("/contexts") == (200, [".", ".c"])
    assert registry.get("/subjects") == (200, [":.c:a.proto", ":.c:u-value", "plain-value"])
    assert registry.get("/subjects?subjectPrefix=:.c:u") == (200, [":.c:u-value"])
    assert registry.get("/subjects?subjectPrefix=:.:") == (200, ["plain-value"])
    assert registry.get("/schemas/ids/1/versions") == (200, [{"subject": "plain-value", "version": 1}])
    there = [{"subject": ":.c:u-value", "version": 1}]
    assert registry.get("/schemas/ids/2/versions")[1]["error_code"] == 40403
    assert registry.get("/schemas/ids/2/versions?subject=:.c:") == (200, there)
    assert registry.get("/schemas/ids/2/versions?subject=u-value") == (200, there)
    root = Asker(f"{registry.url}/contexts/.c")
    assert root.get("/subjects") == (200, [":.c:a.proto", ":.c:u-value"])
    assert root.get("/subjects/u-value/versions/1")[1]["subject"] == ":.c:u-value"
    assert root.get("/schemas/ids/2/versions") == (200, there)
    assert root.ask("POST", "/subjects/u-value/versions", body(user, ("a.proto",)))[1]["id"] == 2


@pytest.mark.parametrize(
    ("path_", "status", "code"),
    [
        ("/nosuch", 404, 404),
        ("/subjects/nosuch/versions", 404, 40401),
        ("/subjects/m-value/versions/7", 404, 40402),
        ("/subjects/m-value/versions/x", 422, 42202),
        ("/subjects/m-value/versions/0", 422, 42202),
        ("/schemas/ids/9", 404, 40403),
        ("/schemas/ids/9/versions", 404, 40403),
    ],
)
def test_what_is_not_there(registry: Asker, path_: str, status: int, code: int) -> None:
    registry.register("m-value", message("string a = 1"))
    found, answer = registry.get(path_)
    assert (found, answer["error_code"]) == (status, code)
