"""Writes a parsed or compiled file in the layout of registries that keep a text of their own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from pragma_contracts.descriptors import default_json_name
from pragma_contracts.testing.registry.protobuf.lexer import Tokens

_LAST_NUMBER = 1 << 29
_LAST_ENUM_NUMBER = (1 << 31) - 1
_REPEATED = FieldDescriptorProto.LABEL_REPEATED
_OPTIONAL = FieldDescriptorProto.LABEL_OPTIONAL

_Path = tuple[int, ...]


def written(file: FileDescriptorProto, *, comments: bool = False, quoted: bool = False) -> str:
    """The text of a file: no blank line between declarations, an option of several parts on lines of their own.

    comments: whether those of declarations are kept. quoted: whether every scalar in the value of an option becomes a
    string, whatever it was.
    """
    return "\n".join(_Writer(file, comments, quoted).lines()) + "\n"


class _Writer:
    def __init__(self, file: FileDescriptorProto, comments: bool, quoted: bool) -> None:
        self._file = file
        self._quoted = quoted
        locations = file.source_code_info.location if comments else ()
        self._comments: dict[_Path, list[str]] = {
            tuple(each.path): each.leading_comments.splitlines() for each in locations
        }

    def lines(self) -> Iterator[str]:
        file = self._file
        yield f'syntax = "{file.syntax or "proto2"}";'
        if file.package:
            yield f"package {file.package};"
        if file.dependency:
            yield ""
        for index, name in enumerate(file.dependency):
            yield f'import {"public " if index in file.public_dependency else ""}"{name}";'
        options = list(self._options(file.options))
        yield from ["", *options] if options else []
        if file.message_type or file.enum_type:
            yield ""
        for index, message in enumerate(file.message_type):
            yield from self._message(message, (4, index))
        for index, enum in enumerate(file.enum_type):
            yield from self._enum(enum, (5, index))
        yield from self._extensions(file.extension, (7,))

    def _message(self, message: DescriptorProto, path: _Path) -> Iterator[str]:
        yield from self._comment(path)
        maps = {each.name: each for each in message.nested_type if each.options.map_entry}
        written_maps = {field.type_name for field in message.field} & maps.keys()
        fields = [
            (field, list(self._field(field, (*path, 2, index), maps.get(field.type_name))))
            for index, field in enumerate(message.field)
        ]
        nested = [
            # An empty line in a nested message is indented like the others.
            [line or "  " for line in self._message(each, (*path, 3, index))]
            for index, each in enumerate(message.nested_type)
            if each.name not in written_maps
        ]
        nested += [list(self._enum(each, (*path, 4, index))) for index, each in enumerate(message.enum_type)]
        parts = [
            list(self._options(message.options)),
            list(_reserved(message, _LAST_NUMBER, past=1)),
            [line for field, lines in fields if not _in_oneof(field) for line in lines],
            *([line for lines in nested for line in lines] for _ in range(bool(nested))),
            *(self._oneof(message, index, fields) for index in range(len(message.oneof_decl))),
            list(self._extensions(message.extension, (*path, 6))),
        ]
        yield from _block(f"message {message.name}", parts)

    def _oneof(
        self, message: DescriptorProto, index: int, fields: Iterable[tuple[FieldDescriptorProto, list[str]]]
    ) -> list[str]:
        members = [line for field, lines in fields if _in_oneof(field) and field.oneof_index == index for line in lines]
        oneof = message.oneof_decl[index]
        return list(_block(f"oneof {oneof.name}", [list(self._options(oneof.options)), members])) if members else []

    def _enum(self, enum: Any, path: _Path) -> Iterator[str]:
        yield from self._comment(path)
        values = []
        for index, value in enumerate(enum.value):
            values += self._comment((*path, 2, index))
            values += _assigned(f"{value.name} = {value.number}", list(self._assignments(value.options)))
        reserved = list(_reserved(enum, _LAST_ENUM_NUMBER, past=0))
        yield from _block(f"enum {enum.name}", [list(self._options(enum.options)), [*reserved, *values]])

    def _extensions(self, extensions: Sequence[FieldDescriptorProto], path: _Path) -> Iterator[str]:
        if extensions:
            yield ""
        for extendee, group in groupby(enumerate(extensions), lambda pair: pair[1].extendee):
            fields = [line for index, each in group for line in self._field(each, (*path, index), None)]
            yield from _block(f"extend {extendee}", [fields])

    def _field(self, field: FieldDescriptorProto, path: _Path, entry: DescriptorProto | None) -> Iterator[str]:
        yield from self._comment(path)
        kind = _kind(field)
        if entry is not None:
            kind = f"map<{_kind(entry.field[0])}, {_kind(entry.field[1])}>"
        elif field.label == _REPEATED:
            kind = f"repeated {kind}"
        elif field.proto3_optional or (not self._file.syntax and not _in_oneof(field)):
            kind = f"{'optional' if field.label == _OPTIONAL else 'required'} {kind}"
        assignments = list(self._assignments(field.options))
        if field.json_name and field.json_name != default_json_name(field.name):
            assignments.append([f'json_name = "{field.json_name}"'])
        yield from _assigned(f"{kind} {field.name} = {field.number}", assignments)

    def _options(self, options: Any) -> Iterator[str]:
        for first, *rest in self._assignments(options):
            yield from _ended([f"option {first}", *rest])

    def _assignments(self, options: Any) -> Iterator[list[str]]:
        """Each option as it is assigned, in lines."""
        for field, value in options.ListFields():
            if field.name != "uninterpreted_option":
                shown = field.enum_type.values_by_number[value].name if field.enum_type else _literal(value)
                yield [f"{field.name} = {shown}"]
        for option in options.uninterpreted_option:
            name = ".".join(f"({each.name_part})" if each.is_extension else each.name_part for each in option.name)
            if option.HasField("aggregate_value"):
                members = list(_members(Tokens(option.aggregate_value), self._quoted))
                yield [f"{name} = {{", *_indented(members), "}"]
            elif option.HasField("string_value"):
                yield [f'{name} = "{option.string_value.decode()}"']
            else:
                yield [f"{name} = {option.identifier_value}"]

    def _comment(self, path: _Path) -> list[str]:
        return [f"// {line}" for line in self._comments.get(path, ())]


def _kind(field: FieldDescriptorProto) -> str:
    if field.type_name:
        return field.type_name
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _in_oneof(field: FieldDescriptorProto) -> bool:
    """Whether the author put a field into a oneof; that of an `optional` field is the compiler's."""
    return field.HasField("oneof_index") and not field.proto3_optional


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _reserved(element: Any, last: int, past: int) -> Iterator[str]:
    ranges = []
    for each in element.reserved_range:
        start, end = each.start, each.end - past
        ranges.append(str(start) if start == end else f"{start} to {'max' if each.end == last else end}")
    if ranges:
        yield f"reserved {', '.join(ranges)};"
    if element.reserved_name:
        yield "reserved " + ", ".join(f'"{name}"' for name in element.reserved_name) + ";"


def _assigned(declaration: str, assignments: list[list[str]]) -> Iterator[str]:
    if not assignments:
        yield f"{declaration};"
    elif len(assignments) == 1:
        (first, *rest) = assignments[0]
        lines = [f"{declaration} [{first}", *rest]
        yield from [*lines[:-1], f"{lines[-1]}];"]
    else:
        yield f"{declaration} ["
        yield from _indented(_separated(assignments))
        yield "];"


def _members(tokens: Tokens, quoted: bool) -> Iterator[str]:
    """The fields of the value of an option, in protobuf's text format, with commas between them."""
    members: list[list[str]] = []
    while tokens.now.kind not in ("end",) and tokens.now.text not in ("}", ">"):
        name = tokens.take().text
        if name == "[":
            name = f"[{tokens.word()}]"
            tokens.expect("]")
        tokens.took(":")
        first, *rest = _member(tokens, quoted)
        members.append([f"{name}: {first}", *rest])
        if not tokens.took(","):
            tokens.took(";")
    yield from _separated(members)


def _member(tokens: Tokens, quoted: bool) -> list[str]:
    if tokens.took("{"):
        members = list(_members(tokens, quoted))
        tokens.expect("}")
        return ["{", *_indented(members), "}"]
    if tokens.took("["):
        values = []
        while not tokens.took("]"):
            values.append(_member(tokens, quoted))
            tokens.took(",")
        return ["[", *_indented(_separated(values)), "]"]
    if tokens.now.kind == "text":
        return [f'"{tokens.string()}"']
    return [f'"{tokens.word()}"' if quoted else tokens.word()]


def _separated(groups: Sequence[list[str]]) -> Iterator[str]:
    for index, lines in enumerate(groups):
        yield from lines[:-1]
        yield lines[-1] + ("," if index < len(groups) - 1 else "")


def _ended(lines: list[str]) -> Iterator[str]:
    yield from lines[:-1]
    yield f"{lines[-1]};"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line.strip() else line for line in lines)


def _block(head: str, parts: Iterable[list[str]]) -> Iterator[str]:
    """A declaration with the parts of its body, an empty line between them."""
    filled = [part for part in parts if part]
    if not filled:
        yield f"{head} {{}}"
        return
    yield f"{head} {{"
    for index, part in enumerate(filled):
        if index and part[0]:
            yield ""
        yield from _indented(part)
    yield "}"
