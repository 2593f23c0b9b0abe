"""Reads the schema model out of file descriptors, without importing any generated code."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

from pragma_contracts.descriptors import default_json_name, normalised
from pragma_contracts.governance.import_order import in_import_order
from pragma_contracts.governance.model import (
    OPTIONS_PACKAGE,
    ContractOption,
    Enum,
    EnumValue,
    Field,
    File,
    Message,
    Order,
    Others,
    Place,
    Reserved,
    Schemas,
)
from pragma_contracts.governance.words import snake

_ORDERS: dict[int, Order] = {1: "ascending", 2: "descending"}
# Numbers of FileDescriptorProto, DescriptorProto and EnumDescriptorProto fields, which make up source info paths.
_MESSAGE, _ENUM, _EXTENSION, _NESTED, _NESTED_ENUM, _NESTED_EXTENSION, _FIELD, _VALUE = 4, 5, 7, 3, 4, 6, 2, 2


def read(descriptors: FileDescriptorSet) -> Schemas:
    """The model of a self-contained set of files, as `descriptors.parse_set` gives it.

    Comments and lines come from the source info when the set has it. The imports under google/ are resolved but are not
    part of the result's files.
    """
    ordered = in_import_order(descriptors.file)
    options = _Options(ordered)
    reader = _Reader(options)
    files = [reader.file(proto) for proto in ordered]
    return Schemas(
        files=tuple(file for file in files if not file.name.startswith("google/")),
        messages={message.full_name: message for file in files for message in file.walk()},
        enums={enum.full_name: enum for file in files for enum in file.walk_enums()},
        image=descriptors.SerializeToString(),
    )


class _Options:
    """Parses option messages again in a pool that knows the custom options, which are unknown fields until then."""

    def __init__(self, files: Iterable[FileDescriptorProto]) -> None:
        pool = descriptor_pool.DescriptorPool()
        names = [file.name for file in files]
        if "google/protobuf/descriptor.proto" not in names:
            pool.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
        for file in files:
            pool.AddSerializedFile(file.SerializeToString())
        self._pool = pool
        self._extensions: dict[str, Any] = {}
        for file in files:
            if file.package == OPTIONS_PACKAGE:
                for extension in file.extension:
                    self._extensions[extension.name] = pool.FindExtensionByName(f"{file.package}.{extension.name}")

    def get(self, options: Any, name: str) -> Any:
        """The value of a custom option, or None when it is not set."""
        extension = self._extensions.get(name)
        if extension is None:
            return None
        cls = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name))
        parsed: Any = cls.FromString(options.SerializeToString())
        return parsed.Extensions[extension] if parsed.HasExtension(extension) else None

    def others(self, proto: Any, *handled: str) -> Others:
        """What a descriptor says beside its handled fields and options, so that no difference goes unseen."""
        cls: Any = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(proto.DESCRIPTOR.full_name))
        copy = cls.FromString(proto.SerializeToString())
        found = []
        for option, value in copy.options.ListFields():
            name = f"({option.full_name})" if option.is_extension else option.name
            # Somebody else's option may be called "required" or "type" too, and that one is not handled.
            foreign = option.is_extension and option.full_name != f"{OPTIONS_PACKAGE}.{option.name}"
            if foreign or option.name not in handled:
                found.append((name, _text(option, value)))
        copy.ClearField("options")
        for name in handled:
            if name in copy.DESCRIPTOR.fields_by_name:
                copy.ClearField(name)
        rest = text_format.MessageToString(copy, as_one_line=True, print_unknown_fields=True)
        return (*sorted(found), *([("rest", rest)] if rest else []))


class _Reader:
    def __init__(self, options: _Options) -> None:
        self._options = options
        self._file = ""
        self._packs = False
        self._places: dict[tuple[int, ...], tuple[Place, str]] = {}

    def file(self, proto: FileDescriptorProto) -> File:
        self._file = proto.name
        self._packs = proto.syntax not in ("", "proto2")  # unless a field says otherwise
        self._places = {
            tuple(place.path): (Place(proto.name, place.span[0] + 1, place.span[1] + 1), _comment(place))
            for place in proto.source_code_info.location
        }
        prefix = f"{proto.package}." if proto.package else ""
        return File(
            name=proto.name,
            package=proto.package,
            syntax=proto.syntax or "proto2",
            dependencies=tuple(proto.dependency),
            public=tuple(proto.dependency[index] for index in proto.public_dependency),
            messages=tuple(
                self._message(message, prefix, (), (index,), (_MESSAGE, index))
                for index, message in enumerate(proto.message_type)
            ),
            enums=tuple(self._enum(enum, prefix, (), (_ENUM, index)) for index, enum in enumerate(proto.enum_type)),
            extensions=(
                *self._extensions(proto.extension, (), (_EXTENSION,)),
                *self._nested_extensions(proto.message_type, (), (_MESSAGE,)),
            ),
            others=self._options.others(
                proto,
                *("name", "package", "syntax", "dependency", "public_dependency", "message_type", "enum_type"),
                *("extension", "source_code_info"),
            ),
            serialized=normalised(proto.SerializeToString()),
        )

    def _extensions(
        self, protos: Iterable[FieldDescriptorProto], parents: tuple[str, ...], place: tuple[int, ...]
    ) -> Iterator[Field]:
        for index, proto in enumerate(protos):
            name = ".".join((*parents, proto.name))
            yield replace(self._field(DescriptorProto(), proto, (*place, index)), name=name)

    def _nested_extensions(
        self, protos: Iterable[DescriptorProto], parents: tuple[str, ...], place: tuple[int, ...]
    ) -> Iterator[Field]:
        """Those that are declared in messages, with the names of these."""
        for index, proto in enumerate(protos):
            path, here = (*parents, proto.name), (*place, index)
            yield from self._extensions(proto.extension, path, (*here, _NESTED_EXTENSION))
            yield from self._nested_extensions(proto.nested_type, path, (*here, _NESTED))

    def _place(self, path: tuple[int, ...]) -> tuple[Place, str]:
        return self._places.get(path, (Place(self._file, 0, 0), ""))

    def _message(
        self,
        proto: DescriptorProto,
        prefix: str,
        parents: tuple[str, ...],
        index: tuple[int, ...],
        place: tuple[int, ...],
    ) -> Message:
        path = (*parents, proto.name)
        found, comment = self._place(place)
        contract = self._options.get(proto.options, "contract")
        return Message(
            full_name=prefix + ".".join(path),
            path=path,
            file=self._file,
            fields=tuple(
                self._field(proto, field, (*place, _FIELD, number)) for number, field in enumerate(proto.field)
            ),
            messages=tuple(
                self._message(nested, prefix, path, (*index, number), (*place, _NESTED, number))
                for number, nested in enumerate(proto.nested_type)
            ),
            enums=tuple(
                self._enum(enum, prefix, path, (*place, _NESTED_ENUM, number))
                for number, enum in enumerate(proto.enum_type)
            ),
            # protoc makes a oneof of its own for each `optional` field; those are not the author's.
            oneofs=tuple(
                oneof.name
                for number, oneof in enumerate(proto.oneof_decl)
                if not any(f.proto3_optional and f.oneof_index == number for f in proto.field)
            ),
            contract=None
            if contract is None
            else ContractOption(contract.topic, contract.data_type, contract.version, tuple(contract.key)),
            columns=bool(self._options.get(proto.options, "columns")),
            map_entry=proto.options.map_entry,
            index=index,
            # The end of a range of a message does not belong to it; that of an enum does.
            reserved=Reserved(
                tuple((each.start, each.end - 1) for each in proto.reserved_range), tuple(proto.reserved_name)
            ),
            others=(
                *self._options.others(
                    proto,
                    *("name", "field", "nested_type", "enum_type", "oneof_decl", "reserved_range", "reserved_name"),
                    "extension",
                    *("map_entry", "contract", "columns"),
                ),
                *(
                    (f"{name} of oneof {oneof.name}", text)
                    for oneof in proto.oneof_decl
                    for name, text in self._options.others(oneof, "name")
                ),
            ),
            comment=comment,
            place=found,
        )

    def _field(self, message: DescriptorProto, proto: FieldDescriptorProto, place: tuple[int, ...]) -> Field:
        found, comment = self._place(place)
        in_oneof = proto.HasField("oneof_index") and not proto.proto3_optional
        repeated = proto.label == FieldDescriptorProto.LABEL_REPEATED
        kind = FieldDescriptorProto.Type.Name(proto.type).removeprefix("TYPE_").lower()
        return Field(
            name=proto.name,
            number=proto.number,
            kind=kind,
            type_name=proto.type_name.removeprefix("."),
            repeated=repeated,
            optional=proto.proto3_optional,
            oneof=message.oneof_decl[proto.oneof_index].name if in_oneof else "",
            packed=repeated
            and kind not in ("string", "bytes", "message", "group")
            and (proto.options.packed if proto.options.HasField("packed") else self._packs),
            required=bool(self._options.get(proto.options, "required")),
            decimal=bool(self._options.get(proto.options, "decimal")),
            order=_ORDERS.get(self._options.get(proto.options, "order") or 0, ""),
            json_name=proto.json_name or default_json_name(proto.name),
            others=self._options.others(
                proto,
                *("name", "number", "label", "type", "type_name", "oneof_index", "proto3_optional", "json_name"),
                *("packed", "required", "decimal", "order"),
            ),
            comment=comment,
            place=found,
        )

    def _enum(self, proto: EnumDescriptorProto, prefix: str, parents: tuple[str, ...], place: tuple[int, ...]) -> Enum:
        path = (*parents, proto.name)
        found, comment = self._place(place)
        value_prefix = snake(proto.name).upper() + "_"
        values = []
        for number, value in enumerate(proto.value):
            value_place, value_comment = self._place((*place, _VALUE, number))
            short_name = value.name.removeprefix(value_prefix)
            # The zero value means "not set": it has no text, so that it can be neither written nor read.
            text = self._options.get(value.options, "text") or (short_name.lower() if value.number else "")
            values.append(
                EnumValue(
                    name=value.name,
                    short_name=short_name,
                    number=value.number,
                    text=text,
                    key_token=self._options.get(value.options, "key_token") or text,
                    others=self._options.others(value, "name", "number", "text", "key_token"),
                    comment=value_comment,
                    place=value_place,
                )
            )
        return Enum(
            full_name=prefix + ".".join(path),
            path=path,
            file=self._file,
            values=tuple(values),
            reserved=Reserved(
                tuple((each.start, each.end) for each in proto.reserved_range), tuple(proto.reserved_name)
            ),
            others=self._options.others(proto, "name", "value", "reserved_range", "reserved_name"),
            comment=comment,
            place=found,
        )


def _text(option: Any, value: Any) -> str:
    if hasattr(value, "DESCRIPTOR"):
        return text_format.MessageToString(value, as_one_line=True)
    if option.enum_type is not None:
        names = {each.number: each.name for each in option.enum_type.values}
        numbers = [value] if isinstance(value, int) else value
        return ", ".join(names.get(number, str(number)) for number in numbers)
    return json.dumps(value) if isinstance(value, (str, bool, int, float)) else str(value)


def _comment(place: Any) -> str:
    text = place.leading_comments or place.trailing_comments
    return "\n".join(line.strip() for line in text.strip().splitlines())
