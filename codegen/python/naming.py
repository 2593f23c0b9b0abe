"""Python names and types of what the schemas declare."""

import keyword
from collections.abc import Iterator

from pragma_contracts.governance.model import Enum, Field, File, Message, Schemas
from pragma_contracts.governance.words import snake

_PACKAGE = "pragma_contracts.messages"

_SCALARS = {
    "string": "str",
    "bytes": "bytes",
    "bool": "bool",
    "float": "float",
    "double": "float",
} | dict.fromkeys(
    "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64".split(),
    "int",
)


class Naming:
    """Python names and types of what the schemas declare."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def module(self, file: str) -> str:
        """Dotted module of a .proto file."""
        stem = file.removesuffix(".proto").replace("/", ".")
        return f"{stem}_pb2" if file.startswith("google/") else f"{_PACKAGE}.{stem}_pb2"

    def checks(self, file: str) -> str:
        """Dotted module with the checks of a .proto file's messages."""
        return f"{_PACKAGE}.{file.removesuffix('.proto').replace('/', '.')}_checks"

    def alias(self, file: str) -> str:
        """The name under which a .proto file's module is imported by other modules."""
        return "_" + file.removesuffix(".proto").replace("_", "__").replace("/", "_")

    def enum_class(self, enum: Enum) -> str:
        """IntEnum of an enum; a nested one carries the names it is nested in, as it stands at module level."""
        return "_".join(enum.path)

    def known(self, enum: Enum) -> str:
        """The constant that holds an enum's known numbers in a module of checks."""
        return f"KNOWN_{'_'.join(snake(part).upper() for part in enum.path)}"

    def member(self, value_name: str) -> str:
        """A name that can be a Python attribute; a keyword gets an underscore, a digit too."""
        return (
            f"{value_name}_"
            if keyword.iskeyword(value_name)
            else f"_{value_name}"
            if value_name[0].isdigit()
            else value_name
        )

    def settable(self, field: Field) -> bool:
        """Whether a field can be assigned: messages and lists can only be filled."""
        return not field.repeated and field.kind != "message"

    def function(self, mode: str, message: Message) -> str:
        """The function that checks a message; a nested one carries the names it is nested in."""
        return f"{mode}_{'_'.join(snake(part) for part in message.path)}"

    def type(self, file: File, field: Field) -> str:
        """Type of one value of a field, as seen from a file's own stub."""
        if field.kind in _SCALARS:
            return _SCALARS[field.kind]
        if field.kind == "enum":
            return "int"
        target = self._schemas.messages[field.type_name]
        name = ".".join(target.path)
        return name if target.file == file.name else f"{self.alias(target.file)}.{name}"

    def attribute(self, file: File, field: Field) -> str:
        """Type of a field when it is read."""
        entry = self._schemas.map_entry(field)
        if entry is not None:
            key, value = entry.fields
            container = "MessageMap" if value.kind == "message" else "ScalarMap"
            return f"_containers.{container}[{self.type(file, key)}, {self.type(file, value)}]"
        if field.repeated:
            container = "RepeatedCompositeFieldContainer" if field.kind == "message" else "RepeatedScalarFieldContainer"
            return f"_containers.{container}[{self.type(file, field)}]"
        return self.type(file, field)

    def argument(self, file: File, field: Field) -> str:
        """Type of a field's argument to the constructor."""
        entry = self._schemas.map_entry(field)
        if entry is not None:
            key, value = entry.fields
            return f"_Mapping[{self.type(file, key)}, {self._given(file, value)}]"
        given = self._given(file, field)
        return f"_Iterable[{given}]" if field.repeated else given

    def _given(self, file: File, field: Field) -> str:
        given = self.type(file, field)
        if field.kind == "enum":
            return "int | str"
        if field.type_name == "google.protobuf.Timestamp":
            return f"{given} | _datetime.datetime"
        if field.type_name == "google.protobuf.Duration":
            return f"{given} | _datetime.timedelta"
        return given

    def imports(self, file: File) -> Iterator[str]:
        """The files whose modules a file's stub names."""
        named = {
            self._schemas.messages[field.type_name].file
            for message in file.walk()
            for field in message.fields
            if field.kind == "message"
        }
        yield from sorted(named - {file.name})
