"""The flat form of a contract: any compiler takes the one file, and its messages are the contract's, byte for byte."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from pragma_contracts import encode, from_json, stamp
from pragma_contracts.descriptors import normalised, parse_set
from pragma_contracts.governance.compiler import compile_folder
from pragma_contracts.governance.export.flat import flat_name, flat_source
from pragma_contracts.governance.model import Schemas
from tests.export.conftest import CONTRACTS, Contract, fill
from tests.proto_source.compiling import compiled

Files = dict[str, FileDescriptorProto]


@pytest.fixture(scope="module")
def flat(schemas: Schemas, contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Files]:
    """What protoc makes of the flat file of a contract: each alone, for they share names."""

    def compile_it(name: str) -> Files:
        return compiled(
            tmp_path_factory.mktemp(name), {flat_name(contract(name)): flat_source(schemas, contract(name))}
        )

    found = {name: compile_it(name) for name in CONTRACTS}
    return found.__getitem__


def _class(files: Files, full_name: str) -> Any:
    pool = descriptor_pool.DescriptorPool()
    for file in files.values():
        pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(full_name))


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_file_stands_alone(flat: Callable[[str], Files], contract: Contract, name: str) -> None:
    files = flat(name)
    file = files[flat_name(contract(name))]
    assert f"{file.package}.{file.message_type[0].name}" == contract(name).full_name
    assert all(each.startswith("google/protobuf/") for each in files if each != file.name)
    assert "google/protobuf/descriptor.proto" not in files
    # With custom options the bytes of a file would change when what is unknown is dropped.
    copy = FileDescriptorProto.FromString(file.SerializeToString())
    copy.DiscardUnknownFields()
    assert copy.SerializeToString() == file.SerializeToString()


def _same(ours: Any, flat: Any, seen: dict[str, str]) -> None:
    """Compares messages field by field; `seen` has what each type of ours is called in the flat file."""
    if ours.full_name in seen:
        assert seen[ours.full_name] == flat.full_name
        return
    seen[ours.full_name] = flat.full_name
    facts = [
        [
            (
                *(field.number, field.name, field.json_name, field.type, field.is_repeated, field.is_packed),
                *(field.has_presence, field.containing_oneof and field.containing_oneof.name),
            )
            for field in each.fields
        ]
        for each in (ours, flat)
    ]
    assert facts[0] == facts[1], ours.full_name
    assert ours.GetOptions().map_entry == flat.GetOptions().map_entry
    for one, other in zip(ours.fields, flat.fields, strict=True):
        if one.message_type is not None:
            _same(one.message_type, other.message_type, seen)
        if one.enum_type is not None:
            values = [[(value.name, value.number) for value in each.enum_type.values] for each in (one, other)]
            assert values[0] == values[1]


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_field_is_the_contracts(
    flat: Callable[[str], Files], contract: Contract, message_class: Callable[[str], Any], name: str
) -> None:
    seen: dict[str, str] = {}
    full_name = contract(name).full_name
    _same(message_class(name).DESCRIPTOR, _class(flat(name), full_name).DESCRIPTOR, seen)
    package = full_name.rpartition(".")[0]
    assert all(flat == ours for ours, flat in seen.items() if ours.startswith((f"{package}.", "google.protobuf.")))


@pytest.mark.parametrize("name", CONTRACTS)
def test_any_message_comes_back_byte_for_byte(
    flat: Callable[[str], Files], contract: Contract, message_class: Callable[[str], Any], name: str
) -> None:
    cls = _class(flat(name), contract(name).full_name)
    for seed in range(50):
        message: Any = message_class(name)()
        fill(message, Random(seed))
        data = message.SerializeToString(deterministic=True)
        again = cls.FromString(data)
        assert again.SerializeToString(deterministic=True) == data
        assert _unknown(again) == []


def _unknown(message: Any) -> list[str]:
    copy = type(message).FromString(message.SerializeToString())
    copy.DiscardUnknownFields()
    return [] if copy.ByteSize() == message.ByteSize() else [message.DESCRIPTOR.full_name]


def test_recorded_frames_come_back_byte_for_byte(
    flat: Callable[[str], Files], contract: Contract, recorded: list[dict[str, Any]]
) -> None:
    classes = {name: _class(flat(name), contract(name).full_name) for name in ("Price", "MarketDepth")}
    for obj in recorded[::50]:
        message: Any = from_json(obj)
        stamp(message)
        payload = encode(message, 1)[6:]
        again = classes[type(message).__name__].FromString(payload)
        assert again.SerializeToString(deterministic=True) == payload
        assert _unknown(again) == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_buf_compiles_it_to_the_same(
    flat: Callable[[str], Files], schemas: Schemas, contract: Contract, name: str, tmp_path: Path
) -> None:
    file = flat_name(contract(name))
    (tmp_path / file).write_text(flat_source(schemas, contract(name)), encoding="utf-8")
    buf = str(Path(sys.executable).with_name("buf"))
    command = [buf, "build", "--exclude-imports", "--output", "image.binpb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = parse_set((tmp_path / "image.binpb").read_bytes()).file
    # What buf adds to an image.
    built.DiscardUnknownFields()
    assert normalised(built.SerializeToString()) == normalised(flat(name)[file].SerializeToString())


def test_comments_are_kept(schemas: Schemas, contract: Contract) -> None:
    lines = flat_source(schemas, contract("Price")).split("\n")
    assert lines[0] == (
        "// Price 1.1 on the topic pragma-prices-v1, with all that it is made of: written by `pragma-contracts schemas`"
    )
    assert "  // UUID of this message, version 7: sortable by time of publication." in lines
    assert "  // Not set. Producers refuse it, consumers report it." in lines


TAKEN = """syntax = "proto3";

package acme.v1;

import "acme/other/v1/other.proto";
import "pragma/contracts/v1/options.proto";
import "pragma/market/v1/envelope.proto";
import "pragma/market/v1/market_type.proto";

// Quote has a field of each type whose name is taken.
message Quote {
  option (pragma.contracts.v1.contract) = {
    topic: "acme-quotes-v1"
    data_type: "quote"
    version: "1.0"
    key: ["market_type", "network_id", "source_id", "token_ticker"]
  };
  pragma.market.v1.Envelope envelope = 1 [(pragma.contracts.v1.required) = true];
  pragma.market.v1.MarketType market_type = 2 [(pragma.contracts.v1.required) = true];
  string network_id = 3 [(pragma.contracts.v1.required) = true];
  string source_id = 4 [(pragma.contracts.v1.required) = true];
  string token_ticker = 5 [(pragma.contracts.v1.required) = true];
  Envelope own_envelope = 6 [json_name = "OWN"];
  acme.other.v1.Kind other_kind = 7;
  Kind kind = 8;
  acme.other.v1.Box.Lid lid = 9;
  reserved 20 to 29, 40;
  reserved "gone";
}

// Envelope has the name of another one.
message Envelope {
  string id = 1;
}

// Kind has the values of another one.
enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_BIG = 1;
}
"""
OTHER = """syntax = "proto3";

package acme.other.v1;

// Kind has the values of another one.
enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_SMALL = 2;
}

// Box is reached by what is in it.
message Box {
  Lid lid = 1;
  // Lid is a lid.
  message Lid {
    Kind kind = 1;
    Box box = 2;
  }
}
"""


def test_names_that_are_taken_stand_in_a_message_of_their_package(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    for name, text in {"acme/v1/quote.proto": TAKEN, "acme/other/v1/other.proto": OTHER}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    schemas = compile_folder(folder)
    (quote,) = (message for _, message, _ in schemas.contracts())
    text = flat_source(schemas, quote)
    lines = [line.strip() for line in text.split("\n")]
    for line in (
        "PragmaMarketV1.Envelope envelope = 1;",
        "MarketType market_type = 2;",
        'Envelope own_envelope = 6 [json_name = "OWN"];',
        "AcmeOtherV1.Kind other_kind = 7;",
        "Kind kind = 8;",
        "Box.Lid lid = 9;",
        "reserved 20 to 29, 40;",
        "message PragmaMarketV1 {",
        "message AcmeOtherV1 {",
        "AcmeOtherV1.Kind kind = 1;",
        "// Lid is a lid.",
    ):
        assert line in lines, text
    file = compiled(tmp_path, {"quote.proto": text})["quote.proto"]
    assert file.message_type[0].name == "Quote"
