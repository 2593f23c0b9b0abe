"""The source of a descriptor compiles to that descriptor again, byte for byte, whatever the descriptor holds."""

from functools import cache
from itertools import count
from pathlib import Path
from random import Random

import pytest
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from hypothesis import HealthCheck, given, settings, strategies as st

from pragma_contracts.descriptors import normalised, parse_file, parse_set
from pragma_contracts.errors import SchemaError
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.sources import installed
from pragma_contracts.proto_source import source
from tests.gate.soundness.schemas import FILE, MARKET_TYPE_FILE, schema
from tests.proto_source.compiling import compiled
from tests.proto_source.files import NAME, RandomFile, imports

_FOLDERS = count()


def _same(one: FileDescriptorProto, other: FileDescriptorProto) -> None:
    ours, theirs = (normalised(each.SerializeToString()) for each in (one, other))
    assert _shown(ours) == _shown(theirs)
    assert ours == theirs


def _shown(data: bytes) -> list[str]:
    return text_format.MessageToString(parse_file(data), print_unknown_fields=True).split("\n")


@cache
def _checked_in() -> dict[str, FileDescriptorProto]:
    """Our own files and the odd ones, compiled with their comments."""
    root = Path(__file__).parents[2]
    return {
        file.name: file
        for file in parse_set(compile_as_it_is(root / "schemas", root / "tests/schemas").image).file
        if not file.name.startswith("google/")
    }


@pytest.mark.parametrize("comments", [False, True])
def test_files_come_back(comments: bool, tmp_path: Path) -> None:
    sources = {
        name: source(file, imports=_checked_in().values(), comments=comments) for name, file in _checked_in().items()
    }
    again = compiled(tmp_path, sources)
    for name, file in _checked_in().items():
        _same(again[name], file)


def test_installed_files_have_the_same_source() -> None:
    """Their descriptors have no default JSON names and no source info."""
    files = [file.serialized for file in installed().files]
    for data in files:
        file = _checked_in()[parse_file(data).name]
        assert source(data, imports=files) == source(file, imports=_checked_in().values())


def test_a_contract_reads_as_it_was_written(root: Path) -> None:
    """But for the layout of its options and the empty lines between its fields."""
    name = "pragma/market/v1/price.proto"
    written = (root / "schemas" / name).read_text(encoding="utf-8")
    found = source(_checked_in()[name], imports=_checked_in().values(), comments=True)
    assert [line for line in found.split("\n") if line.startswith(("  //", "  map"))] == [
        line for line in written.split("\n") if line.startswith(("  //", "  map"))
    ]
    assert "".join(found.split()) == "".join(written.split())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_any_file_comes_back(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    beside = tmp_path_factory.getbasetemp() / "imports"
    beside.mkdir(exist_ok=True)
    file = RandomFile(Random(seed), beside).file
    folder = tmp_path_factory.mktemp(f"any{next(_FOLDERS)}")
    known = imports(beside)
    text = source(file, imports=known.values())
    sources = {name: source(each) for name, each in known.items() if not name.startswith("google/")}
    _same(compiled(folder, {**sources, NAME: text})[NAME], file)
    assert source(compiled(folder, {NAME: text})[NAME], imports=known.values()) == text


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_any_contract_comes_back(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    # Deterministic is in the order of the options' numbers, as a compiler has them.
    files = {
        name: parse_file(file.SerializeToString(deterministic=True)) for name, file in schema(Random(seed)).items()
    }
    for message in files[FILE].message_type:
        _gather(message)
    known = _checked_in() | {MARKET_TYPE_FILE: files[MARKET_TYPE_FILE], FILE: files[FILE]}
    folder = tmp_path_factory.mktemp(f"contract{next(_FOLDERS)}")
    again = compiled(folder, {name: source(file, imports=known.values()) for name, file in known.items()})
    for name in files:
        # Compared where the options are known: their order in the bytes is the generator's, not a compiler's.
        ours, theirs = (normalised(each.SerializeToString()) for each in (again[name], files[name]))
        assert FileDescriptorProto.FromString(ours) == FileDescriptorProto.FromString(theirs)


def _gather(message: DescriptorProto) -> None:
    """Puts the fields of a oneof behind its first one, where a compiler has them."""
    first = next((index for index, each in enumerate(message.field) if _in_oneof(each)), 0)
    fields = sorted(enumerate(message.field), key=lambda pair: (first if _in_oneof(pair[1]) else pair[0], pair[0]))
    del message.field[:]
    message.field.extend(field for _, field in fields)


def _in_oneof(field: FieldDescriptorProto) -> bool:
    return field.HasField("oneof_index") and not field.proto3_optional


def _file(**facts: object) -> FileDescriptorProto:
    file = FileDescriptorProto(name="a.proto", package="a.b", syntax="proto3", **facts)  # type: ignore[arg-type]
    file.message_type.add(name="M")
    return file


def test_what_it_cannot_write_it_refuses() -> None:
    old = _file()
    old.syntax = "proto2"
    serving = _file()
    serving.service.add(name="S")
    required = _file(dependency=["not/given.proto"])
    required.message_type[0].field.add(name="f", number=1, label=2, type=FieldDescriptorProto.TYPE_BOOL)
    broken = _file()
    broken.message_type[0].field.add(name="f", number=0, label=1, type=FieldDescriptorProto.TYPE_BOOL)
    marked = _file()
    marked.message_type[0].options.MergeFromString(b"\xc8\x01\x01")
    entry = _file()
    lonely = entry.message_type[0].nested_type.add(name="FEntry")
    lonely.options.map_entry = True
    for number, name in enumerate(("key", "value"), 1):
        lonely.field.add(name=name, number=number, label=1, type=FieldDescriptorProto.TYPE_BOOL)
    torn = _file()
    for index, name in enumerate("abc"):
        torn.message_type[0].field.add(name=name, number=index + 1, label=1, type=FieldDescriptorProto.TYPE_INT32)
    torn.message_type[0].oneof_decl.add(name="o")
    torn.message_type[0].field[0].oneof_index = torn.message_type[0].field[2].oneof_index = 0
    refused = {
        "its syntax is proto2; only proto3 can be written": old,
        "it has service, which cannot be written as text; leave it out": serving,
        "a.b.M.f is a group or required, which proto3 does not have": required,
        "it is no valid descriptor: Couldn't build proto file into descriptor pool: invalid field number": broken,
        "a.b.M has the option 25 of google.protobuf.MessageOptions, which no import defines; "
        "give the files that it imports": marked,
        "a.b.M.FEntry is the entry of no map": entry,
        "the fields of a oneof of a.b.M do not stand together, in the order of its oneofs": torn,
    }
    for problem, file in refused.items():
        with pytest.raises(SchemaError) as caught:
            source(file)
        assert str(caught.value).startswith(f"a.proto: {problem}")


def test_an_option_that_its_import_knows_only_in_part_is_refused(root: Path) -> None:
    known = {file.name: file.serialized for file in installed().files}
    file = parse_file(known["pragma/market/v1/price.proto"])
    # Field 9 of the option (contract), which this version of it does not have.
    file.message_type[0].options.MergeFromString(bytes.fromhex("aaf42302") + b"\x48\x01")
    with pytest.raises(SchemaError, match=r"pragma\.contracts\.v1\.Contract has the field 9, which no import defines"):
        source(file, imports=known.values())


def test_no_comment_is_empty() -> None:
    file = _file()
    place = file.source_code_info.location.add(path=[4, 0])
    place.leading_comments = " One.\n\n  Two.\n"
    place.trailing_comments = "\n"
    assert source(file, comments=True) == ('syntax = "proto3";\n\npackage a.b;\n\n// One.\n// Two.\nmessage M {\n}\n')
    assert source(file) == 'syntax = "proto3";\n\npackage a.b;\n\nmessage M {\n}\n'


def test_a_hidden_name_is_written_with_a_dot(tmp_path: Path) -> None:
    file = _file()
    inner = file.message_type[0].nested_type.add(name="a")
    inner.field.add(name="m", number=1, label=1, type=FieldDescriptorProto.TYPE_MESSAGE, type_name=".a.b.M")
    inner.nested_type.add(name="M")
    text = source(file)
    assert "    .a.b.M m = 1;" in text.split("\n")
    _same(compiled(tmp_path, {"a.proto": text})["a.proto"], file)


def test_the_end_of_what_is_reserved_is_a_number(tmp_path: Path) -> None:
    """A registry whose parser does not know `max` refused the file."""
    text = (
        'syntax = "proto3";\nmessage A {\n  reserved 7 to max;\n}\nenum B {\n  B_NONE = 0;\n  reserved 7 to max;\n}\n'
    )
    file = compiled(tmp_path, {"a.proto": text})["a.proto"]
    written = source(file)
    assert "reserved 7 to 536870911;" in written
    assert "reserved 7 to 2147483647;" in written
    _same(compiled(tmp_path, {"a.proto": written})["a.proto"], file)
