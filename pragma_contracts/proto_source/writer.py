"""Writes a file descriptor back as the .proto source that compiles to it, custom options included."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.unknown_fields import UnknownFieldSet

from pragma_contracts.descriptors import default_json_name, parse_file
from pragma_contracts.errors import SchemaError
from pragma_contracts.proto_source.options import Assignment, Options
from pragma_contracts.proto_source.scopes import Scopes

# Numbers of descriptor fields, which the paths of source info are made of.
_SYNTAX, _PACKAGE = (12,), (2,)
_MESSAGE, _ENUM, _EXTENSION = 4, 5, 7
_FIELD, _NESTED, _NESTED_ENUM, _NESTED_EXTENSION, _ONEOF = 2, 3, 4, 6, 8
_VALUE = 2

_Path = tuple[int, ...]


def source(
    file: FileDescriptorProto | bytes,
    *,
    imports: Iterable[FileDescriptorProto | bytes] = (),
    comments: bool = False,
) -> str:
    """The .proto source of a proto3 file. Compiled, it is the same descriptor; the same descriptor is the same text.

    Give bytes, or what `descriptors.parse_file` makes of them: only then do several custom options of one element keep
    their order. `imports` are the files that it imports, directly or not, but for those of google/protobuf: they say
    what its custom options are called, and which names would be ambiguous. `comments` keeps those of the source info.

    Raises:
        SchemaError: the file has what this cannot write: another syntax than proto3, a service, a custom option that no
            import defines, or a map entry, a oneof or an enum option that no compiler makes.
    """
    parsed = _parsed(file)
    return _Writer(parsed, [_parsed(each) for each in imports], comments).text()


def _parsed(file: FileDescriptorProto | bytes) -> FileDescriptorProto:
    return parse_file(file if isinstance(file, bytes) else file.SerializeToString())


class _Writer:
    """Collects the lines of one file."""

    def __init__(self, file: FileDescriptorProto, imports: list[FileDescriptorProto], comments: bool) -> None:
        self._file = file
        self._scopes = Scopes(file, imports)
        self._options = Options(file, imports, self._scopes)
        self._lines: list[str] = []
        self._depth = 0
        self._comments: dict[_Path, list[str]] = {}
        if comments:
            for place in file.source_code_info.location:
                text = [*place.leading_comments.splitlines(), *place.trailing_comments.splitlines()]
                # An empty `//` is a syntax error to some parsers.
                self._comments[tuple(place.path)] = [line.strip() for line in text if line.strip()]

    def text(self) -> str:
        file = self._file
        self._expect(
            file,
            *("name", "package", "syntax", "dependency", "public_dependency", "options", "source_code_info"),
            *("message_type", "enum_type", "extension"),
        )
        if file.syntax != "proto3":
            raise self._error(f"its syntax is {file.syntax or 'proto2'}; only proto3 can be written")
        self._comment(_SYNTAX)
        self._line('syntax = "proto3";')
        if file.package:
            self._gap()
            self._comment(_PACKAGE)
            self._line(f"package {file.package};")
        self._gap()
        public = set(file.public_dependency)
        for index, name in enumerate(file.dependency):
            self._line(f"import {'public ' if index in public else ''}{self._options.quoted(name)};")
        self._gap()
        self._option_lines(file.options, file.package)
        for index, message in enumerate(file.message_type):
            self._gap()
            self._message(message, file.package, (_MESSAGE, index))
        for index, enum in enumerate(file.enum_type):
            self._gap()
            self._enum(enum, file.package, (_ENUM, index))
        self._extensions(file.extension, file.package, (_EXTENSION,))
        return "\n".join(self._lines).rstrip("\n") + "\n"

    def _message(self, message: DescriptorProto, scope: str, path: _Path) -> None:
        self._expect(
            message,
            *("name", "field", "nested_type", "enum_type", "oneof_decl", "options", "extension"),
            *("reserved_range", "reserved_name"),
        )
        name = _joined(scope, message.name)
        self._comment(path)
        self._line(f"message {message.name} {{")
        self._depth += 1
        self._option_lines(message.options, name)
        ranges = [(each.start, each.end - 1) for each in message.reserved_range]
        self._reserved(ranges, list(message.reserved_name))
        self._gap()
        self._fields(message, name, path)
        for index, enum in enumerate(message.enum_type):
            self._gap()
            self._enum(enum, name, (*path, _NESTED_ENUM, index))
        self._extensions(message.extension, name, (*path, _NESTED_EXTENSION))
        self._close()

    def _fields(self, message: DescriptorProto, name: str, path: _Path) -> None:
        """Fields and nested messages: a compiler adds the entry of a map where it reads the field of the map."""
        entries = {f".{name}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry}
        order = {nested.name: index for index, nested in enumerate(message.nested_type)}
        written = 0

        def nested_until(end: int) -> None:
            nonlocal written
            for index in range(written, end):
                if not message.nested_type[index].options.map_entry:
                    self._gap()
                    self._message(message.nested_type[index], name, (*path, _NESTED, index))
                    self._gap()
            written = max(written, end)

        self._check_oneofs(message, name)
        numbered = enumerate(message.field)
        for oneof, group in groupby(numbered, lambda pair: _oneof(pair[1])):
            if oneof is not None:
                self._oneof(message, oneof, list(group), name, path)
                continue
            for index, field in group:
                entry = entries.get(field.type_name)
                if entry is not None:
                    if order[entry.name] < written or not _is_entry_of(entry, field):
                        raise self._error(f"{entry.name} of {name} is no map entry that a compiler makes")
                    nested_until(order[entry.name])
                    del entries[field.type_name]
                self._field(field, name, (*path, _FIELD, index), entry)
        if entries:
            raise self._error(f"{', '.join(entries)[1:]} is the entry of no map")
        nested_until(len(message.nested_type))

    def _oneof(
        self,
        message: DescriptorProto,
        index: int,
        fields: list[tuple[int, FieldDescriptorProto]],
        name: str,
        path: _Path,
    ) -> None:
        oneof = message.oneof_decl[index]
        self._expect(oneof, "name", "options")
        self._comment((*path, _ONEOF, index))
        self._line(f"oneof {oneof.name} {{")
        self._depth += 1
        self._option_lines(oneof.options, f"{name}.{oneof.name}")
        for number, field in fields:
            self._field(field, name, (*path, _FIELD, number))
        self._close()

    def _check_oneofs(self, message: DescriptorProto, name: str) -> None:
        found = [oneof for oneof, _ in groupby(map(_oneof, message.field)) if oneof is not None]
        made = {field.oneof_index for field in message.field if field.proto3_optional and field.HasField("oneof_index")}
        if found != [index for index in range(len(message.oneof_decl)) if index not in made]:
            raise self._error(f"the fields of a oneof of {name} do not stand together, in the order of its oneofs")

    def _field(
        self, field: FieldDescriptorProto, scope: str, path: _Path, entry: DescriptorProto | None = None
    ) -> None:
        self._expect(
            field,
            *("name", "number", "label", "type", "type_name", "extendee", "oneof_index", "proto3_optional"),
            *("json_name", "options"),
        )
        name = _joined(scope, field.name)
        if field.type == FieldDescriptorProto.TYPE_GROUP or field.label == FieldDescriptorProto.LABEL_REQUIRED:
            raise self._error(f"{name} is a group or required, which proto3 does not have")
        if entry is not None:
            kind = f"map<{self._type(entry.field[0], name)}, {self._type(entry.field[1], name)}>"
        else:
            kind = self._type(field, name)
            if field.label == FieldDescriptorProto.LABEL_REPEATED:
                kind = f"repeated {kind}"
            elif field.proto3_optional:
                kind = f"optional {kind}"
        assignments = self._options.assignments(field.options, name)
        if field.json_name and field.json_name != default_json_name(field.name):
            assignments.append(Assignment("json_name", [self._options.quoted(field.json_name)]))
        self._comment(path)
        self._assigned(f"{kind} {field.name} = {field.number}", assignments)

    def _type(self, field: FieldDescriptorProto, scope: str) -> str:
        if field.type in (FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_ENUM):
            return self._scopes.written(field.type_name, scope)
        return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()

    def _enum(self, enum: EnumDescriptorProto, scope: str, path: _Path) -> None:
        self._expect(enum, "name", "value", "options", "reserved_range", "reserved_name")
        name = _joined(scope, enum.name)
        self._comment(path)
        self._line(f"enum {enum.name} {{")
        self._depth += 1
        self._option_lines(enum.options, name)
        ranges = [(each.start, each.end) for each in enum.reserved_range]
        self._reserved(ranges, list(enum.reserved_name))
        self._gap()
        for index, value in enumerate(enum.value):
            self._expect(value, "name", "number", "options")
            self._comment((*path, _VALUE, index))
            # A value is named beside its enum, not in it.
            assignments = self._options.assignments(value.options, _joined(scope, value.name))
            self._assigned(f"{value.name} = {value.number}", assignments)
        self._close()

    def _extensions(self, extensions: Iterable[FieldDescriptorProto], scope: str, path: _Path) -> None:
        for extendee, group in groupby(enumerate(extensions), lambda pair: pair[1].extendee):
            self._gap()
            self._line(f"extend {self._scopes.written(extendee, scope)} {{")
            self._depth += 1
            for index, extension in group:
                self._field(extension, scope, (*path, index))
            self._close()

    def _reserved(self, ranges: list[tuple[int, int]], names: list[str]) -> None:
        self._gap()
        if ranges:
            # Never `max`, which not every parser knows.
            texts = [str(first) if first == end else f"{first} to {end}" for first, end in ranges]
            self._line(f"reserved {', '.join(texts)};")
        if names:
            self._line(f"reserved {', '.join(map(self._options.quoted, names))};")

    def _option_lines(self, options: Any, scope: str) -> None:
        for name, value in self._options.assignments(options, scope):
            self._lines_of([f"option {name} = {value[0]}", *value[1:]], ";")

    def _assigned(self, declaration: str, assignments: list[Assignment]) -> None:
        lines = [declaration]
        for index, (name, value) in enumerate(assignments):
            lines[-1] += f"{', ' if index else ' ['}{name} = {value[0]}"
            lines.extend(value[1:])
        self._lines_of(lines, "];" if assignments else ";")

    def _lines_of(self, lines: list[str], end: str) -> None:
        for line in lines[:-1]:
            self._line(line)
        self._line(lines[-1] + end)

    def _comment(self, path: _Path) -> None:
        for line in self._comments.get(path, ()):
            self._line(f"// {line}")

    def _line(self, text: str) -> None:
        self._lines.append("  " * self._depth + text)

    def _gap(self) -> None:
        """An empty line, but none behind another one or behind a brace."""
        if self._lines and self._lines[-1] and not self._lines[-1].endswith("{"):
            self._lines.append("")

    def _close(self) -> None:
        self._depth -= 1
        while not self._lines[-1]:
            self._lines.pop()
        self._line("}")

    def _expect(self, proto: Any, *handled: str) -> None:
        """Refuses a descriptor that says more than is written."""
        more = [field.name for field, _ in proto.ListFields() if field.name not in handled]
        unknown: Any = UnknownFieldSet(proto)
        more += [f"field {each.field_number}" for each in unknown]
        if more:
            what = "it" if proto.name == self._file.name else proto.name
            raise self._error(f"{what} has {', '.join(more)}, which cannot be written as text; leave it out")

    def _error(self, problem: str) -> SchemaError:
        return SchemaError(self._file.name, 0, problem)


def _joined(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _oneof(field: FieldDescriptorProto) -> int | None:
    """The index of the oneof that the author put a field into; that of an `optional` field is the compiler's."""
    return field.oneof_index if field.HasField("oneof_index") and not field.proto3_optional else None


def _is_entry_of(entry: DescriptorProto, field: FieldDescriptorProto) -> bool:
    name = "".join(part[:1].upper() + part[1:] for part in field.name.split("_")) + "Entry"
    pairs: Iterator[tuple[str, int, int]] = ((each.name, each.number, each.label) for each in entry.field)
    single, repeated = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED
    return (
        entry.name == name
        and field.label == repeated
        and list(pairs) == [("key", 1, single), ("value", 2, single)]
        and not (entry.nested_type or entry.enum_type or entry.extension or entry.reserved_range)
    )
