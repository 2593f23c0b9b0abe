"""Random .proto files as descriptors, with everything that proto3 has, as a compiler would make them."""

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from pragma_contracts.descriptors import parse_file
from tests.proto_source.compiling import compiled

NAME = "a/b/random.proto"
OPTIONS = "marks/marks.proto"
OTHER = "a/other.proto"

_SOURCES = {
    OPTIONS: """syntax = "proto3";
package marks;
import "google/protobuf/descriptor.proto";
import "google/protobuf/duration.proto";
message Mark {
  string text = 1;
  repeated string texts = 2;
  Mark inner = 3;
  repeated Mark many = 4;
  bytes raw = 5;
  repeated sint64 numbers = 6;
  Size size = 7;
  map<string, int32> sizes = 8;
  double ratio = 9;
  optional bool flag = 10;
  google.protobuf.Duration time = 11;
  repeated Size all = 12;
}
enum Size { SIZE_UNSPECIFIED = 0; SIZE_BIG = 4; }
extend google.protobuf.FileOptions { Mark on_file = 50001; string file_text = 50002; }
extend google.protobuf.MessageOptions { Mark on_message = 50001; repeated int32 message_numbers = 50002; }
extend google.protobuf.FieldOptions { Mark on_field = 50001; float field_ratio = 50003; bytes field_raw = 50002; }
extend google.protobuf.OneofOptions { Mark on_oneof = 50001; bool oneof_flag = 50002; }
extend google.protobuf.EnumOptions { Mark on_enum = 50001; repeated Size enum_sizes = 50002; }
extend google.protobuf.EnumValueOptions { repeated Mark on_value = 50001; fixed64 value_number = 50002; }
""",
    OTHER: """syntax = "proto3";
package a;
message Other { message Inner { int32 number = 1; } enum Kind { KIND_UNSPECIFIED = 0; } }
message Timestamp {}
enum Colour { COLOUR_UNSPECIFIED = 0; COLOUR_RED = 1; }
""",
}
_OUTER_TYPES = (".a.Other", ".a.Other.Inner", ".a.Timestamp", ".google.protobuf.Timestamp", ".marks.Mark")
_OUTER_ENUMS = (".a.Other.Kind", ".a.Colour", ".marks.Size", ".google.protobuf.NullValue")
# Names that hide others from where they stand, and words of the language.
_HARD = ("a", "b", "google", "marks", "Other", "Colour", "message", "string", "map", "stream", "reserved", "Inner")
_KEYS = [
    FieldDescriptorProto.Type.Value(f"TYPE_{name}")
    for name in "INT32 INT64 UINT32 UINT64 SINT32 SINT64 FIXED32 FIXED64 SFIXED32 SFIXED64 BOOL STRING".split()
]
_SCALARS = [*_KEYS, *map(FieldDescriptorProto.Type.Value, ("TYPE_DOUBLE", "TYPE_FLOAT", "TYPE_BYTES"))]
_MESSAGE, _ENUM = FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_ENUM
_UNPACKABLE = (FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES, _MESSAGE)
_SINGLE, _REPEATED = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED


@cache
def imports(folder: Path) -> dict[str, FileDescriptorProto]:
    """What the random files import."""
    return compiled(folder, _SOURCES)


@cache
def _pool(folder: Path) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for file in imports(folder).values():
        pool.AddSerializedFile(file.SerializeToString())
    return pool


class RandomFile:
    """One random file; `sources` of what it imports are those of `imports`."""

    def __init__(self, random: Random, folder: Path) -> None:
        self._random = random
        self._pool = _pool(folder)
        self._numbers = 0
        package = random.choice(("", "a", "a.b", "marks.x", "b.c.d", "google.x"))
        self._prefix = f".{package}." if package else "."
        self._messages: list[str] = []
        self._enums: list[str] = []
        file = self.file = parse_file(b"")
        file.name, file.syntax = NAME, "proto3"
        if package:
            file.package = package
        names = [*sorted(imports(folder)), "google/protobuf/timestamp.proto", "google/protobuf/struct.proto"]
        file.dependency.extend(dict.fromkeys(names))
        file.public_dependency.extend(index for index in range(len(file.dependency)) if random.random() < 0.2)
        # Declared before anything refers to them.
        for _ in range(random.randint(0, 2)):
            self._enum(file.enum_type.add(), self._prefix)
        for _ in range(random.randint(1, 3)):
            self._message(file.message_type.add(), self._prefix, 2)
        for _ in range(random.randint(0, 2)):
            self._extension(file.extension.add())
        if random.random() < 0.3:
            file.options.java_package = "com.example"
            file.options.optimize_for = file.options.CODE_SIZE
        self._mark(file.options, ("on_file", "file_text"))

    def _name(self, hard: bool = True) -> str:
        self._numbers += 1
        number = self._numbers
        return (
            f"{self._random.choice(_HARD)}{'' if hard and self._random.random() < 0.5 else number}"
            if self._random.random() < 0.4
            else self._random.choice((f"Name{number}", f"name_{number}", f"_n_{number}_x", f"nAmE{number}_"))
        )

    def _fresh(self, taken: set[str]) -> str:
        name = self._name()
        while name in taken or name.replace("_", "").lower() in {each.replace("_", "").lower() for each in taken}:
            name = self._name(hard=False)
        taken.add(name)
        return name

    def _top(self) -> set[str]:
        """The names that stand in the package, and those of packages that stand in it."""
        named: list[Any] = [*self.file.message_type, *self.file.enum_type, *self.file.extension]
        names = {each.name for each in named}
        values = {value.name for enum in self.file.enum_type for value in enum.value}
        return names | values | {"a", "b", "google", "marks", "x", "c", "Other", "Timestamp", "Colour", "Inner"}

    def _enum(self, enum: EnumDescriptorProto, prefix: str, taken: set[str] | None = None) -> None:
        names = self._top() if taken is None else taken
        enum.name = self._fresh(names)
        self._enums.append(prefix + enum.name)
        numbers = [0, *self._random.sample((-3, 1, 2, 7, 99, (1 << 31) - 1), self._random.randint(0, 3))]
        if self._random.random() < 0.3:
            enum.options.allow_alias = True
            numbers.append(numbers[-1])
        for number in numbers:
            self._numbers += 1
            value = enum.value.add(name=f"V{self._numbers}", number=number)
            names.add(value.name)
            self._mark(value.options, ("on_value", "value_number"))
        if self._random.random() < 0.4:
            enum.reserved_range.add(start=-9, end=-9)
            enum.reserved_range.add(start=200, end=self._random.choice((200, 300, (1 << 31) - 2)))
            enum.reserved_name.append("GONE")
        self._mark(enum.options, ("on_enum", "enum_sizes"))

    def _message(self, message: DescriptorProto, prefix: str, depth: int, taken: set[str] | None = None) -> None:
        message.name = self._fresh(self._top() if taken is None else taken)
        name = prefix + message.name
        self._messages.append(name)
        names: set[str] = set()
        for _ in range(self._random.randint(0, 2) if depth else 0):
            self._enum(message.enum_type.add(), f"{name}.", names)
        numbers = self._random.sample((*range(1, 30), 18999, 20000, (1 << 29) - 1), self._random.randint(0, 7))
        optional = []
        for number in numbers:
            if depth and self._random.random() < 0.2:
                self._message(message.nested_type.add(), f"{name}.", depth - 1, names)
            field = message.field.add(name=self._fresh(names), number=number, label=_SINGLE)
            self._type(field)
            self._options(field)
            shape = self._random.randrange(6)
            if shape == 0:
                field.label = _REPEATED
                if field.type not in _UNPACKABLE and self._random.random() < 0.5:
                    field.options.packed = self._random.random() < 0.5
            elif shape == 1:
                field.proto3_optional = True
                optional.append(field)
            elif shape == 2:
                self._oneof(message, field, names)
            elif shape == 3:
                self._map(message, field, name)
        for field in optional:
            field.oneof_index = len(message.oneof_decl)
            oneof = field.name if field.name.startswith("_") else f"_{field.name}"
            while oneof in names:
                oneof = f"X{oneof}"
            names.add(oneof)
            message.oneof_decl.add(name=oneof)
        if self._random.random() < 0.4:
            message.reserved_range.add(start=40, end=self._random.choice((41, 50)))
            message.reserved_range.add(start=30_000, end=self._random.choice((30_001, 1 << 28)))
            message.reserved_name.append("gone")
        if self._random.random() < 0.2:
            self._extension(message.extension.add(), names)
        self._mark(message.options, ("on_message", "message_numbers"))

    def _type(self, field: FieldDescriptorProto) -> None:
        kind = self._random.randrange(4)
        if kind == 0:
            field.type, field.type_name = _MESSAGE, self._random.choice([*self._messages, *_OUTER_TYPES])
        elif kind == 1:
            field.type, field.type_name = _ENUM, self._random.choice([*self._enums, *_OUTER_ENUMS])
        else:
            field.type = self._random.choice(_SCALARS)

    def _options(self, field: FieldDescriptorProto) -> None:
        if not field.extendee and self._random.random() < 0.2:
            self._numbers += 1
            field.json_name = f'json "{self._numbers}\\ é'
        if self._random.random() < 0.1:
            field.options.deprecated = self._random.random() < 0.5
        self._mark(field.options, ("on_field", "field_ratio", "field_raw"))

    def _oneof(self, message: DescriptorProto, field: FieldDescriptorProto, names: set[str]) -> None:
        if len(message.field) < 2 or not message.field[-2].HasField("oneof_index") or self._random.random() < 0.4:
            oneof = message.oneof_decl.add(name=self._fresh(names))
            self._mark(oneof.options, ("on_oneof", "oneof_flag"))
        field.oneof_index = len(message.oneof_decl) - 1

    def _map(self, message: DescriptorProto, field: FieldDescriptorProto, name: str) -> None:
        entry = message.nested_type.add()
        entry.name = "".join(part[:1].upper() + part[1:] for part in field.name.split("_")) + "Entry"
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=self._random.choice(_KEYS), label=_SINGLE)
        value = entry.field.add(name="value", number=2, type=field.type, label=_SINGLE)
        if field.type_name:
            value.type_name = field.type_name
        field.label, field.type, field.type_name = _REPEATED, _MESSAGE, f"{name}.{entry.name}"

    def _extension(self, extension: FieldDescriptorProto, taken: set[str] | None = None) -> None:
        extension.name = self._fresh(self._top() if taken is None else taken)
        self._numbers += 1
        extension.number = 60_000 + self._numbers
        extension.extendee = f".google.protobuf.{self._random.choice(('FieldOptions', 'MessageOptions'))}"
        extension.label = self._random.choice((_SINGLE, _REPEATED))
        self._type(extension)
        self._options(extension)
        if extension.label == _SINGLE and self._random.random() < 0.3:
            extension.proto3_optional = True

    def _mark(self, options: Any, names: tuple[str, ...]) -> None:
        """Sets some custom options, as the bytes that a compiler leaves: in the order of their numbers."""
        cls: Any = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name))
        found: list[Any] = [self._pool.FindExtensionByName(f"marks.{name}") for name in names]
        for extension in sorted(found, key=lambda each: int(each.number)):
            if self._random.random() < 0.8:
                continue
            one = cls()
            if extension.name == "on_value":
                self._fill(one.Extensions[extension].add(), 2)
                self._fill(one.Extensions[extension].add(), 2)
            elif extension.message_type is not None:
                one.Extensions[extension].SetInParent()
                self._fill(one.Extensions[extension], 2)
            elif extension.name in ("message_numbers", "enum_sizes"):
                one.Extensions[extension].extend(self._scalar(extension) for _ in range(2))
            else:
                one.Extensions[extension] = self._scalar(extension)
            if data := one.SerializeToString():
                options.MergeFromString(data)

    def _fill(self, mark: Any, depth: int) -> None:
        for field in mark.DESCRIPTOR.fields:
            if self._random.random() < 0.7 or (field.message_type is not None and not depth):
                continue
            held = getattr(mark, field.name)
            if field.name == "many":
                self._fill(held.add(), depth - 1)
            elif field.name == "inner":
                held.SetInParent()
                self._fill(held, depth - 1)
            elif field.name == "sizes":
                held[self._text()] = 3
            elif field.name == "time":
                held.seconds = 5
            elif field.name in ("texts", "numbers", "all"):
                held.extend(self._scalar(field) for _ in range(self._random.randint(1, 3)))
            else:
                setattr(mark, field.name, self._scalar(field))

    def _scalar(self, field: Any) -> Any:
        if field.enum_type is not None:
            return self._random.choice((0, 4))
        if field.cpp_type == field.CPPTYPE_STRING:
            return self._text().encode() if field.type == field.TYPE_BYTES else self._text()
        if field.cpp_type == field.CPPTYPE_BOOL:
            return self._random.random() < 0.5
        if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
            exact = (0.1, -1e-300, 12345678.9) if field.cpp_type == field.CPPTYPE_DOUBLE else (0.5, -1.25, 1 / 1024)
            return self._random.choice((*exact, float("inf"), float("-inf")))
        return self._random.randint(0, (1 << 31) - 1)

    def _text(self) -> str:
        return "".join(self._random.choice("ab \"'\\\n\t\x00\x7f/*é€😀0") for _ in range(self._random.randint(0, 6)))
