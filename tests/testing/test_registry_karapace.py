"""The in-memory registry that answers like Karapace: what it keeps, refuses, and has no endpoint for."""

import base64
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from pragma_contracts.testing import Behaviour, registry_server
from tests.testing.asking import OPTIONS, ORDER, Asker, message, path

REFERENCES = ("t/options.proto",)
ORDER_TEXT = """syntax = "proto3";
package t;

import "t/options.proto";

// An order.
message Order {
  option (t.about) = {
    topic: "orders",
    level: "3",
    key: [
      "a",
      "b"
    ]
  };

  string price = 1 [deprecated = true];
  Side side = 2;
  map<string, string> labels = 3;

  // A side.
  message Side {
    bool is_bid = 1;
  }
}
"""
MAPS_TEXT = """syntax = "proto3";
package t;

message Maps {
  repeated .t.Maps.LabelsEntry labels = 1;

  message LabelsEntry {
    string key = 1;
    string value = 2;
  }
}
"""


def maps() -> str:
    """A descriptor with a map and with an option that it declares, in base64."""
    file = FileDescriptorProto(name="t/maps.proto", package="t", syntax="proto3")
    repeated, optional = FieldDescriptorProto.LABEL_REPEATED, FieldDescriptorProto.LABEL_OPTIONAL
    text, entry = FieldDescriptorProto.TYPE_STRING, DescriptorProto(name="LabelsEntry")
    entry.options.map_entry = True
    for number, name in enumerate(("key", "value"), 1):
        entry.field.add(name=name, number=number, label=optional, type=text)
    made = file.message_type.add(name="Maps", nested_type=[entry])
    made.options.deprecated = True
    kind = FieldDescriptorProto.TYPE_MESSAGE
    made.field.add(name="labels", number=1, label=repeated, type=kind, type_name=".t.Maps.LabelsEntry")
    extendee = ".google.protobuf.MessageOptions"
    file.extension.add(name="about", number=50001, label=optional, type=text, extendee=extendee)
    return base64.b64encode(file.SerializeToString()).decode()


@pytest.fixture
def registry() -> Iterator[Asker]:
    with registry_server(Behaviour.KARAPACE) as url:
        yield Asker(url)


def test_text_keeps_comments_and_has_every_scalar_of_an_option_as_a_string(registry: Asker) -> None:
    registry.register("t/options.proto", OPTIONS)
    assert registry.register("orders-value", ORDER, REFERENCES) == (200, {"id": 2})
    assert registry.stored("orders-value") == ORDER_TEXT
    found = registry.look_up("orders-value", ORDER, REFERENCES)[1]
    assert (found["version"], "references" in found) == (1, False)
    assert registry.look_up("orders-value", ORDER.replace("An order", "Another"), REFERENCES)[1]["error_code"] == 40403


def test_a_descriptor_loses_options_what_declares_them_and_its_maps(registry: Asker) -> None:
    assert registry.register("maps-value", maps())[0] == 200
    assert registry.stored("maps-value") == MAPS_TEXT
    assert registry.look_up("maps-value", maps())[1]["id"] == 1
    text = 'syntax = "proto3"; package t; message Maps { map<string, string> labels = 1; }'
    assert registry.look_up("maps-value", text)[1]["error_code"] == 40403
    status, refused = registry.register("maps-value", text)
    assert status == 409
    assert "FIELD_KIND_ALTER" in refused["message"]


@pytest.mark.parametrize(
    ("schema", "status"),
    [
        (message("string a = 1").replace("message", "//\nmessage"), 422),
        (message("// One.\n  // \n  string a = 1"), 422),
        (message("/**/\n  string a = 1"), 422),
        (message("reserved 3 to max", "string a = 1"), 422),
        (message("string a = 1; //"), 200),
        (message("reserved 3 to 5", "string a = 1"), 200),
        (message("Nosuch a = 1"), 422),
        ('syntax = "proto3"; message M {', 422),
        ("", 422),
        (message("// 価格\n  string a = 1"), 500),
    ],
)
def test_what_is_refused(registry: Asker, schema: str, status: int) -> None:
    found, answer = registry.register("m-value", schema)
    assert found == status
    if status == 422:
        assert answer["error_code"] == 42201
    if status == 500:
        assert answer == "Internal Server Error"


def test_a_verdict_is_on_one_version(registry: Asker) -> None:
    registry.register("m-value", message("string a = 1"))
    assert registry.judge("m-value", message("string a = 1", "string b = 2")) == (404, "Not Found")
    assert registry.judge("m-value", message("bytes a = 1"), which="/1") == (200, {"is_compatible": True})
    for fields, words in (("int64 a = 1", "FIELD_KIND_ALTER"), ("string a = 2", "FIELD_TAG_ALTER")):
        verdict = {"is_compatible": False, "messages": [f"Incompatible modification Modification.{words} found"]}
        assert registry.judge("m-value", message(fields), which="/latest") == (200, verdict)
        assert registry.register("m-value", message(fields))[0] == 409
    gone = registry.judge("m-value", message("string a = 1", name="N"), which="/latest")[1]
    assert gone["messages"] == ["Incompatible modification Modification.MESSAGE_DROP found"]
    assert registry.judge("m-value", message("string a = 1"), which="/9")[1]["error_code"] == 40402
    assert registry.judge("nosuch", message("string a = 1"), which="/latest")[1]["message"] == "Version -1 not found."
    assert (
        registry.judge("m-value", "message M {", which="/latest")[1]["message"] == "Invalid SchemaType.PROTOBUF schema"
    )


def test_levels_and_the_one_mode(registry: Asker) -> None:
    for question in "/config/m-value", "/config/m-value?defaultToGlobal=true", "/mode/m-value":
        assert registry.get(question)[1]["error_code"] == 40401
    registry.register("m-value", message("string a = 1"))
    assert registry.get("/config/m-value")[1]["error_code"] == 40408
    assert registry.get("/config/m-value?defaultToGlobal=true") == (200, {"compatibilityLevel": "BACKWARD"})
    assert registry.get("/mode/m-value") == (200, {"mode": "READWRITE"})
    assert registry.ask("PUT", "/mode", {"mode": "READONLY"}) == (405, "Method Not Allowed")
    assert registry.ask("PUT", "/config/m-value", {"compatibility": "FULL"}) == (200, {"compatibility": "FULL"})
    assert registry.ask("DELETE", "/config/m-value") == (200, {"compatibility": "BACKWARD"})


def test_ids_outlive_what_is_deleted_for_good(registry: Asker) -> None:
    registry.register("m-value", message("string a = 1"))
    assert registry.ask("DELETE", path("m-value")) == (200, [1])
    assert registry.register("m-value", message("string a = 1")) == (200, {"id": 1})
    assert registry.get(f"{path('m-value')}/versions?deleted=true") == (200, [1, 2])
    for query in "", "?permanent=true":
        assert registry.ask("DELETE", path("m-value") + query)[0] == 200
    assert registry.get("/schemas/ids/1")[0] == 200
    assert registry.get("/schemas/ids/1/versions") == (200, [])
    assert registry.get("/schemas/ids/9/versions") == (200, [])
    assert registry.get("/schemas/ids/1/subjects") == (404, "Not Found")


def test_there_are_no_contexts(registry: Asker) -> None:
    assert registry.register(":.c:m-value", message("string a = 1")) == (200, {"id": 1})
    assert registry.register("m-value", message("string a = 1")) == (200, {"id": 1})
    assert registry.get("/subjects") == (200, [":.c:m-value", "m-value"])
    assert registry.get("/contexts") == (404, "Not Found")
