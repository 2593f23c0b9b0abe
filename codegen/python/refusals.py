"""Refuses names that Python, or the generated modules themselves, have another use for."""

import keyword
from collections.abc import Iterator

from google.protobuf.message import Message as ProtobufMessage

from codegen.python.naming import Naming
from pragma_contracts import MODULES
from pragma_contracts.errors import SchemaError
from pragma_contracts.governance.model import OPTIONS_PACKAGE, Enum, File, Message, Schemas
from pragma_contracts.governance.words import snake

# The stubs say these of fields, where a field of that name would be meant.
_TYPES = frozenset(("bool", "bytes", "float", "int", "property", "str"))
# What a message has besides its fields.
_METHODS = frozenset(name for name in dir(ProtobufMessage) if not name.startswith("__"))
# What an enum's members have or are looked up by, beside what every int has.
_MEMBERS = frozenset((*dir(int), "from_text", "key_token", "mro", "name", "text", "value"))
_TABLES = frozenset(("CONTRACTS", "ENUMS"))


def refuse(schemas: Schemas, naming: Naming) -> None:
    """Raises SchemaError, with file and line, for the first name that cannot be generated."""
    exported: dict[str, str] = {}
    for file in schemas.files:
        _refuse_path(file)
        for message in file.walk():
            _refuse_type(file, message)
            _refuse_fields(message)
        for enum in file.walk_enums():
            _refuse_type(file, enum)
            _refuse_values(enum)
        for name, item in _names(naming, file):
            if file.package != OPTIONS_PACKAGE and (other := exported.setdefault(name, file.name)) != file.name:
                raise SchemaError(file.name, item.line, f"{name} is already a name of {other}; every name is exported")
        _refuse_twins(naming, file)


def _names(naming: Naming, file: File) -> Iterator[tuple[str, Message | Enum]]:
    for message in file.messages:
        yield message.name, message
    for enum in file.walk_enums():
        yield naming.enum_class(enum), enum


def _refuse_path(file: File) -> None:
    for part in file.name.removesuffix(".proto").split("/"):
        if not part.isidentifier() or keyword.iskeyword(part):
            problem = f"{part!r} is no name for a Python module; use lower_snake_case for folders and files"
            raise SchemaError(file.name, 1, problem)


def _refuse_type(file: File, item: Message | Enum) -> None:
    name = item.path[-1]
    if keyword.iskeyword(name) or not name[0].isupper():
        raise SchemaError(file.name, item.line, f"{name}: is no name for a Python class; use UpperCamelCase")
    if len(item.path) == 1 and name in MODULES:
        raise SchemaError(file.name, item.line, f"{name}: pragma_contracts.{name} is something else; choose another")


def _refuse_fields(message: Message) -> None:
    for field in message.fields:
        if message.map_entry:
            continue
        if keyword.iskeyword(field.name) or field.name == "self":
            problem = "is a word of Python, so the field could not be written there; choose another name"
        elif field.name in _METHODS:
            problem = "is a method of every message; choose another name"
        elif field.name in _TYPES:
            problem = "is a type of Python, which the stubs could not name any more; choose another name"
        else:
            continue
        raise SchemaError(message.file, field.line, f"{message.name}.{field.name}: {problem}")


def _refuse_values(enum: Enum) -> None:
    for value in enum.values:
        if value.short_name in _MEMBERS:
            problem = f"{value.short_name!r} is an attribute of every Python enum; choose another name"
            raise SchemaError(enum.file, value.line, f"{value.name}: {problem}")


def _refuse_twins(naming: Naming, file: File) -> None:
    """Names that differ in a .proto file, and are the same where Python joins them."""
    taken: dict[str, str] = {}

    def claim(name: str, item: Message | Enum) -> None:
        other = taken.setdefault(name, item.full_name)
        if other != item.full_name:
            problem = f"its generated name {name} is already that of {other}; rename one"
            raise SchemaError(file.name, item.line, f"{item.full_name}: {problem}")

    for message in file.walk():
        if not message.map_entry:
            claim(naming.function("check", message), message)
    for enum in file.walk_enums():
        claim(naming.known(enum), enum)
    for message in file.messages:
        if message.contract is not None and snake(message.name).upper() in _TABLES:
            raise SchemaError(file.name, message.line, f"{message.name}: is the name of a generated table")
