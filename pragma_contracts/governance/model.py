"""The schema model: .proto files as plain frozen values, with the contract options read and defaults filled in."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

# The package of the contract options themselves.
OPTIONS_PACKAGE = "pragma.contracts.v1"
# The building blocks of pragma.market.v1 that every contract is made of.
ENVELOPE = "pragma.market.v1.Envelope"
MARKET_TYPE = "pragma.market.v1.MarketType"
DECIMAL_COLUMN = "pragma.market.v1.DecimalColumn"
TIMESTAMP = "google.protobuf.Timestamp"

KEY_LAYOUT = ("market_type", "network_id", "source_id", "token_ticker")

Order = Literal["", "ascending", "descending"]
# What of an element has no name here, each as (option or "rest", its text): whoever compares schemas compares it too.
Others = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands in the .proto files; line and column begin with 1, and are 0 when they are not known."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message; `kind` is the proto type ("string", "sint64", "message", "enum", …)."""

    name: str
    number: int
    kind: str
    type_name: str  # full name of the message or enum, "" for a scalar
    repeated: bool
    optional: bool  # written `optional`: presence is tracked
    oneof: str  # name of the oneof it belongs to, ""
    packed: bool
    required: bool
    decimal: bool
    order: Order
    json_name: str
    others: Others
    comment: str
    place: Place

    @property
    def line(self) -> int:
        """The line of the field's place."""
        return self.place.line


@dataclass(frozen=True, slots=True)
class EnumValue:
    """A value of an enum with its JSON text and its token in record keys."""

    name: str
    short_name: str  # without the enum's prefix
    number: int
    text: str
    key_token: str
    others: Others
    comment: str
    place: Place

    @property
    def line(self) -> int:
        """The line of the value's place."""
        return self.place.line


@dataclass(frozen=True, slots=True)
class Reserved:
    """The numbers, as ranges of which both ends belong to them, and the names that nobody may use again."""

    ranges: tuple[tuple[int, int], ...]
    names: tuple[str, ...]

    def has_number(self, number: int) -> bool:
        """Whether the number is reserved."""
        return any(first <= number <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum, top level or nested; `path` is its name within the file, such as ("Outer", "Inner")."""

    full_name: str
    path: tuple[str, ...]
    file: str
    values: tuple[EnumValue, ...]
    reserved: Reserved
    others: Others
    comment: str
    place: Place

    @property
    def line(self) -> int:
        """The line of the enum's place."""
        return self.place.line


@dataclass(frozen=True, slots=True)
class ContractOption:
    """The option that makes a message a contract."""

    topic: str
    data_type: str
    version: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message, top level or nested; map entries are messages with `map_entry`."""

    full_name: str
    path: tuple[str, ...]
    file: str
    fields: tuple[Field, ...]
    messages: tuple["Message", ...]
    enums: tuple[Enum, ...]
    oneofs: tuple[str, ...]
    contract: ContractOption | None
    columns: bool
    map_entry: bool
    index: tuple[int, ...]  # message indexes of the Confluent frame, (0,) for the first message of a file
    reserved: Reserved
    others: Others
    comment: str
    place: Place

    @property
    def line(self) -> int:
        """The line of the message's place."""
        return self.place.line

    def walk(self) -> Iterator["Message"]:
        """This message and every message nested in it, outermost first."""
        yield self
        for message in self.messages:
            yield from message.walk()

    @property
    def name(self) -> str:
        """The name without the package and the messages it is nested in."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class File:
    """A .proto file; `name` is its import path, `serialized` the FileDescriptorProto that is checked in and registered:
    no source info and no default json_name."""

    name: str
    package: str
    syntax: str  # "proto2", "proto3" or "editions"
    dependencies: tuple[str, ...]
    public: tuple[str, ...]  # of these, whose names belong to this file too: import public
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]
    extensions: tuple[Field, ...]
    others: Others
    serialized: bytes = field(repr=False)

    def walk(self) -> Iterator[Message]:
        """Every message of the file, nested ones after the one they stand in."""
        for message in self.messages:
            yield from message.walk()

    def walk_enums(self) -> Iterator[Enum]:
        """Every enum of the file, top level first."""
        yield from self.enums
        for message in self.walk():
            yield from message.enums


@dataclass(frozen=True, slots=True)
class Schemas:
    """A set of files, each after the files it imports; google/protobuf/* are known but not part of `files`."""

    files: tuple[File, ...]
    messages: dict[str, Message]
    enums: dict[str, Enum]
    image: bytes = field(repr=False)  # the FileDescriptorSet that it was read from, imports included

    def contracts(self) -> Iterator[tuple[File, Message, ContractOption]]:
        """Every contract, in the order of the files."""
        for file in self.files:
            for message in file.walk():
                if message.contract is not None:
                    yield file, message, message.contract

    @property
    def fingerprint(self) -> str:
        """sha256 of all files, in hex."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(file.serialized)
        return digest.hexdigest()

    def map_entry(self, field: Field) -> Message | None:
        """The entry message of a map field, None of any other field."""
        target = self.messages.get(field.type_name) if field.repeated else None
        return target if target is not None and target.map_entry else None
