"""The form flat-proto: a contract as one .proto file that needs no other one of ours, for any protobuf tool."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from pragma_contracts.descriptors import parse_file, parse_set
from pragma_contracts.governance.model import Message, Schemas
from pragma_contracts.governance.words import snake, words
from pragma_contracts.proto_source import source

_SYNTAX, _PACKAGE, _MESSAGE, _ENUM, _NESTED, _NESTED_ENUM = 12, 2, 4, 5, 3, 4


def flat_name(contract: Message) -> str:
    """The name of a contract's file, such as market_depth.proto."""
    return f"{snake(contract.name)}.proto"


def flat_file(schemas: Schemas, contract: Message) -> FileDescriptorProto:
    """A contract and all that it is made of, but for google/protobuf, which stays imported, as one file with comments.

    The contract is the first message, as the Confluent frame wants it, and has its name, package and fields; options of
    ours are gone. Types of other packages stand in the contract's own one: under their own name, or where that is taken
    in a message that is named after their package.
    """
    return _Flat(schemas, contract).file


def flat_source(schemas: Schemas, contract: Message) -> str:
    """The .proto source of `flat_file`."""
    return source(flat_file(schemas, contract), comments=True)


class _Type:
    """A message or an enum of a file's top level."""

    def __init__(self, file: FileDescriptorProto, path: tuple[int, int], proto: Any) -> None:
        self.file = file
        self.path = path
        self.proto = proto
        self.is_enum = path[0] == _ENUM
        self.full_name = f".{file.package}.{proto.name}" if file.package else f".{proto.name}"

    @property
    def names(self) -> set[str]:
        """The names that it takes where it stands: values stand beside their enum."""
        return {self.proto.name, *(value.name for value in (self.proto.value if self.is_enum else ()))}


class _Flat:
    def __init__(self, schemas: Schemas, contract: Message) -> None:
        # In this form options of ours are unknown fields.
        files = [_without_unknown(file) for file in parse_set(schemas.image).file]
        self._types = {each.full_name: each for file in files for each in _types(file)}
        first = self._types[f".{contract.full_name}"]
        package = first.file.package
        self._prefix = f".{package}." if package else "."
        self._renamed: dict[str, str] = {}
        self.file = parse_file(b"")
        self.file.name, self.file.syntax = flat_name(contract), "proto3"
        if package:
            self.file.package = package
        if first.file.HasField("options"):
            self.file.options.CopyFrom(first.file.options)
        option = contract.contract
        assert option is not None  # noqa: S101  it is a contract
        head = (
            f"{contract.name} {option.version} on the topic {option.topic}, with all that it is made of: written by "
            "`pragma-contracts schemas`"
        )
        self.file.source_code_info.location.add(path=[_SYNTAX], leading_comments=head)
        self._copy_comments(first, (_PACKAGE,), (_PACKAGE,))
        self._taken: set[str] = set()
        self._holders: dict[str, int] = {}
        # Those of its own package first: they keep their names.
        for each in sorted(self._reached(first), key=lambda each: each.file.package != package):
            self._place(each, own=each.file.package == package)
        for field in _fields(self.file.message_type):
            if field.type_name:
                field.type_name = self._new_name(field.type_name)

    def _reached(self, first: _Type) -> list[_Type]:
        """The type and all that its fields refer to, in the order of their first mention; notes what stays imported."""
        found = {first.full_name: first}
        waiting = [first]
        imports = set()
        while waiting:
            each = waiting.pop(0)
            if each.is_enum:
                continue
            for field in _fields([each.proto]):
                if not field.type_name:
                    continue
                target = self._types[self._outermost(field.type_name)]
                if target.file.name.startswith("google/"):
                    imports.add(target.file.name)
                elif target.full_name not in found:
                    found[target.full_name] = target
                    waiting.append(target)
        self.file.dependency.extend(sorted(imports))
        return list(found.values())

    def _place(self, each: _Type, *, own: bool) -> None:
        if own or not self._taken & each.names:
            self._taken |= each.names
            name = each.proto.name
            path: tuple[int, ...] = ()
            messages, enums, kinds = self.file.message_type, self.file.enum_type, (_MESSAGE, _ENUM)
        else:
            index = self._holder(each.file.package)
            holder = self.file.message_type[index]
            name, path = f"{holder.name}.{each.proto.name}", (_MESSAGE, index)
            messages, enums, kinds = holder.nested_type, holder.enum_type, (_NESTED, _NESTED_ENUM)
        self._renamed[each.full_name] = self._prefix + name
        siblings: Any = enums if each.is_enum else messages
        self._copy_comments(each, each.path, (*path, kinds[each.is_enum], len(siblings)))
        siblings.add().CopyFrom(each.proto)

    def _holder(self, package: str) -> int:
        """The index of the message that holds those types of a package whose names are taken."""
        if package not in self._holders:
            name = "".join(word.capitalize() for word in words(package.replace(".", "_"))) or "Unnamed"
            while name in self._taken:
                name += "_"
            self._taken.add(name)
            self._holders[package] = len(self.file.message_type)
            self.file.message_type.add(name=name)
        return self._holders[package]

    def _copy_comments(self, each: _Type, old: tuple[int, ...], new: tuple[int, ...]) -> None:
        for place in each.file.source_code_info.location:
            if tuple(place.path[: len(old)]) == old:
                copy = self.file.source_code_info.location.add()
                copy.CopyFrom(place)
                copy.path[:] = [*new, *place.path[len(old) :]]

    def _outermost(self, type_name: str) -> str:
        """The type of a file's top level that a type is, or is nested in."""
        while type_name not in self._types:
            type_name = type_name.rpartition(".")[0]
        return type_name

    def _new_name(self, type_name: str) -> str:
        outermost = self._outermost(type_name)
        return self._renamed.get(outermost, outermost) + type_name.removeprefix(outermost)


def _without_unknown(file: FileDescriptorProto) -> FileDescriptorProto:
    # Typed as if it were only there on generated classes.
    discarding: Any = file
    discarding.DiscardUnknownFields()
    return file


def _types(file: FileDescriptorProto) -> Iterator[_Type]:
    for index, message in enumerate(file.message_type):
        yield _Type(file, (_MESSAGE, index), message)
    for index, enum in enumerate(file.enum_type):
        yield _Type(file, (_ENUM, index), enum)


def _fields(messages: Iterable[DescriptorProto]) -> Iterator[FieldDescriptorProto]:
    """The fields of messages and of those nested in them; extensions, which are no part of them, are removed."""
    for message in messages:
        message.ClearField("extension")
        yield from message.field
        yield from _fields(message.nested_type)
