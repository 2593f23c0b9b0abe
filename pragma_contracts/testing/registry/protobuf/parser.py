"""Parses a .proto source into a FileDescriptorProto that is not linked."""

import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    UninterpretedOption,
)

from pragma_contracts.testing.registry.protobuf.lexer import NotProtobuf, Tokens

SCALARS = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in FieldDescriptorProto.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
_LABELS = {
    "optional": FieldDescriptorProto.LABEL_OPTIONAL,
    "required": FieldDescriptorProto.LABEL_REQUIRED,
    "repeated": FieldDescriptorProto.LABEL_REPEATED,
}
_LAST_NUMBER = (1 << 29) - 1
_LAST_ENUM_NUMBER = (1 << 31) - 1
_OPTION_PART = re.compile(r"\(([^)]*)\)|([^.()]+)")
_COMMENT_EDGES = re.compile(r"^\s*(?://|/?\*+/?) ?|\s*\*/$")


def parse(source: str) -> FileDescriptorProto:
    """A source as a file without a name: types as they are written, options uninterpreted, comments of declarations.

    Raises:
        NotProtobuf: it is none, or it has services or groups.
    """
    return _Parser(source).file()


class _Parser:
    def __init__(self, source: str) -> None:
        self._tokens = Tokens(source)
        self._file = FileDescriptorProto()

    def file(self) -> FileDescriptorProto:
        tokens, file = self._tokens, self._file
        while tokens.now.kind != "end":
            comments, at = tokens.now.comments, tokens.now.at
            keyword = ";" if tokens.took(";") else tokens.word()
            if keyword == "syntax":
                tokens.expect("=")
                syntax = tokens.string()
                file.syntax = "" if syntax == "proto2" else syntax
                tokens.expect(";")
            elif keyword == "package":
                file.package = tokens.word()
                tokens.expect(";")
            elif keyword == "import":
                self._import()
            elif keyword == "option":
                self._option(file.options)
            elif keyword == "message":
                self._commented((4, len(file.message_type)), comments)
                self._message(file.message_type.add(), (4, len(file.message_type) - 1))
            elif keyword == "enum":
                self._commented((5, len(file.enum_type)), comments)
                self._enum(file.enum_type.add(), (5, len(file.enum_type) - 1))
            elif keyword == "extend":
                self._extend(file.extension, (7,))
            elif keyword != ";":
                raise NotProtobuf(at, f"unexpected label: {keyword}")
        return file

    def _import(self) -> None:
        tokens, file = self._tokens, self._file
        if tokens.took("public"):
            file.public_dependency.append(len(file.dependency))
        else:
            tokens.took("weak")
        file.dependency.append(tokens.string())
        tokens.expect(";")

    def _message(self, message: DescriptorProto, path: tuple[int, ...]) -> None:
        tokens = self._tokens
        message.name = tokens.word()
        tokens.expect("{")
        while not tokens.took("}"):
            comments = tokens.now.comments
            if tokens.took(";"):
                continue
            keyword = tokens.take().text
            if keyword == "option":
                self._option(message.options)
                _interpret_map_entry(message)
            elif keyword == "message":
                self._commented((*path, 3, len(message.nested_type)), comments)
                self._message(message.nested_type.add(), (*path, 3, len(message.nested_type) - 1))
            elif keyword == "enum":
                self._commented((*path, 4, len(message.enum_type)), comments)
                self._enum(message.enum_type.add(), (*path, 4, len(message.enum_type) - 1))
            elif keyword == "extend":
                self._extend(message.extension, (*path, 6))
            elif keyword == "oneof":
                self._oneof(message, path)
            elif keyword == "reserved":
                self._reserved(message, _LAST_NUMBER, past=1)
            elif keyword == "extensions":
                raise NotProtobuf(tokens.now.at, "this registry reads no extension ranges")
            else:
                self._commented((*path, 2, len(message.field)), comments)
                self._field(message.field.add(), keyword, message)

    def _field(self, field: FieldDescriptorProto, keyword: str, message: DescriptorProto | None) -> None:
        tokens = self._tokens
        field.label = _LABELS.get(keyword, FieldDescriptorProto.LABEL_OPTIONAL)
        field.proto3_optional = keyword == "optional" and self._file.syntax == "proto3"
        if not field.proto3_optional:
            field.ClearField("proto3_optional")
        kind = tokens.word() if keyword in _LABELS else keyword
        if kind == "group":
            raise NotProtobuf(tokens.now.at, "this registry reads no groups")
        entry = self._map_types() if kind == "map" and message is not None else None
        field.name = tokens.word()
        if entry is not None and message is not None:
            field.label = FieldDescriptorProto.LABEL_REPEATED
            field.type_name = _add_entry(message, field.name, *entry)
        else:
            _set_type(field, kind)
        tokens.expect("=")
        field.number = tokens.number()
        self._bracketed(field)
        tokens.expect(";")

    def _map_types(self) -> tuple[str, str]:
        tokens = self._tokens
        tokens.expect("<")
        key = tokens.word()
        tokens.expect(",")
        value = tokens.word()
        tokens.expect(">")
        return key, value

    def _oneof(self, message: DescriptorProto, path: tuple[int, ...]) -> None:
        tokens = self._tokens
        index = len(message.oneof_decl)
        oneof = message.oneof_decl.add(name=tokens.word())
        tokens.expect("{")
        while not tokens.took("}"):
            comments = tokens.now.comments
            if tokens.took(";"):
                continue
            keyword = tokens.word()
            if keyword == "option":
                self._option(oneof.options)
                continue
            self._commented((*path, 2, len(message.field)), comments)
            field = message.field.add(oneof_index=index)
            self._field(field, keyword, None)

    def _enum(self, enum: EnumDescriptorProto, path: tuple[int, ...]) -> None:
        tokens = self._tokens
        enum.name = tokens.word()
        tokens.expect("{")
        while not tokens.took("}"):
            comments = tokens.now.comments
            if tokens.took(";"):
                continue
            keyword = tokens.word()
            if keyword == "option":
                self._option(enum.options)
            elif keyword == "reserved":
                self._reserved(enum, _LAST_ENUM_NUMBER, past=0)
            else:
                self._commented((*path, 2, len(enum.value)), comments)
                value = enum.value.add(name=keyword)
                tokens.expect("=")
                value.number = tokens.number()
                self._bracketed(value)
                tokens.expect(";")

    def _extend(self, extensions: Any, path: tuple[int, ...]) -> None:
        tokens = self._tokens
        extendee = tokens.word()
        tokens.expect("{")
        while not tokens.took("}"):
            comments = tokens.now.comments
            if tokens.took(";"):
                continue
            self._commented((*path, len(extensions)), comments)
            extension = extensions.add(extendee=extendee)
            self._field(extension, tokens.word(), None)

    def _reserved(self, element: Any, last: int, past: int) -> None:
        """past: how far behind the last number a range of this kind of element says that it ends."""
        tokens = self._tokens
        while True:
            if tokens.now.kind == "text":
                element.reserved_name.append(tokens.string())
            else:
                start = end = tokens.number()
                if tokens.took("to"):
                    end = last if tokens.took("max") else tokens.number()
                element.reserved_range.add(start=start, end=end + past)
            if not tokens.took(","):
                break
        tokens.expect(";")

    def _option(self, options: Any) -> None:
        self._assignment(options)
        self._tokens.expect(";")

    def _bracketed(self, element: Any) -> None:
        tokens = self._tokens
        if tokens.took("["):
            self._assignment(element.options)
            while tokens.took(","):
                self._assignment(element.options)
            tokens.expect("]")

    def _assignment(self, options: Any) -> None:
        tokens = self._tokens
        name = ""
        while not tokens.took("="):
            name += tokens.take().text
        option = options.uninterpreted_option.add()
        for extension, plain in _OPTION_PART.findall(name):
            option.name.add(name_part=extension or plain, is_extension=bool(extension))
        self._value(option)

    def _value(self, option: UninterpretedOption) -> None:
        tokens = self._tokens
        if tokens.now.kind == "text":
            option.string_value = tokens.string().encode()
        elif tokens.took("{"):
            parts: list[str] = []
            depth = 1
            while depth:
                token = tokens.take()
                depth += (token.text in ("{", "<")) - (token.text in ("}", ">")) if token.kind == "sign" else 0
                parts.append(token.text)
            option.aggregate_value = " ".join(parts[:-1])
        else:
            # Numbers too: they are written back as they were.
            option.identifier_value = tokens.word()

    def _commented(self, path: tuple[int, ...], comments: tuple[str, ...]) -> None:
        lines = [_COMMENT_EDGES.sub("", line).rstrip() for each in comments for line in each.splitlines()]
        if any(lines):
            self._file.source_code_info.location.add(path=path, leading_comments="\n".join(filter(None, lines)))


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    if kind in SCALARS:
        field.type = SCALARS[kind]
    else:
        field.type_name = kind


def _interpret_map_entry(message: DescriptorProto) -> None:
    """Reads back how registries write out what makes a message the entry of a map."""
    options = message.options
    last = options.uninterpreted_option[-1]
    if [each.name_part for each in last.name] == ["map_entry"] and last.identifier_value == "true":
        del options.uninterpreted_option[-1]
        options.map_entry = True


def _add_entry(message: DescriptorProto, name: str, key: str, value: str) -> str:
    """Adds the message that a map is made of, under the name that only a text has for it."""
    entry = message.nested_type.add(name=f"{name}Entry")
    entry.options.map_entry = True
    add: Callable[..., FieldDescriptorProto] = entry.field.add
    for number, (part, kind) in enumerate((("key", key), ("value", value)), 1):
        _set_type(add(name=part, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL), kind)
    return entry.name
