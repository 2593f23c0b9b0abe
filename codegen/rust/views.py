"""How messages are written in their borrowed form: the types of fields, and the statements that read and copy them."""

from codegen.rust.fields import Fields
from codegen.rust.naming import camel, oneof_type, relative, snake
from pragma_contracts.governance.model import Field, Message, Schemas

_TEXTS = {"string": "&'a str", "bytes": "&'a [u8]"}
_KINDS = {"string": "Text", "enum": "Int32"}
# The well-known types that are copied; the others hold text or lists of their own.
_COPIED = frozenset(("google.protobuf.Timestamp", "google.protobuf.Duration"))
_WIRE_TYPES = {
    "double": "I64",
    "fixed64": "I64",
    "sfixed64": "I64",
    "float": "I32",
    "fixed32": "I32",
    "sfixed32": "I32",
    "string": "LEN",
    "bytes": "LEN",
    "message": "LEN",
}


class Views:
    """The borrowed forms of the messages that contracts are made of."""

    def __init__(self, schemas: Schemas, fields: Fields) -> None:
        self._schemas = schemas
        self._fields = fields
        self._packages = {file.name: file.package for file in schemas.files}
        self._viewed = self._held()

    def has_view(self, message: Message) -> bool:
        """Whether a message has a borrowed form."""
        return message.full_name in self._viewed

    def has_nested(self, message: Message) -> bool:
        """Whether a message has a module of borrowed forms."""
        return bool(message.oneofs) or any(self.has_view(nested) for nested in message.messages)

    def owned(self, message: Message) -> str:
        """The path to the message that owns what it holds."""
        return f"crate::{self._fields.path(message)}"

    def path(self, message: Message) -> str:
        """The path to a borrowed form from beside the tree of them."""
        return self._fields.path(message).replace("messages", "views", 1) + "View"

    def packages(self) -> dict[str, list[Message]]:
        """The top-level messages that have, or hold, a borrowed form, by package."""
        found: dict[str, list[Message]] = {}
        for file in self._schemas.files:
            messages = [message for message in file.messages if any(map(self.has_view, message.walk()))]
            if messages:
                found.setdefault(file.package, []).extend(messages)
        return found

    def module(self, message: Message) -> str:
        """The path to the module of the message that owns what it holds."""
        return f"crate::{self._fields.module(message)}"

    def enum(self, field: Field) -> str:
        """The path to a field's enum."""
        return f"crate::{self._fields.path(self._schemas.enums[field.type_name])}"

    def oneof(self, message: Message, oneof: str) -> str:
        """The type of a oneof, in the module of its message."""
        return f"{oneof_type(message, oneof)}View"

    def borrows(self, message: Message, oneof: str) -> bool:
        """Whether a oneof's type has a lifetime."""
        members = [field for field in message.fields if field.oneof == oneof]
        return any("'a" in self.type(message, field, deeper=1) for field in members)

    def type(self, message: Message, field: Field, deeper: int = 0) -> str:
        """Type of a field; of a oneof's member, the type that its variant holds."""
        entry = self._schemas.map_entry(field)
        if entry is not None:
            key, value = entry.fields
            return f"view::Map<'a, {self._kind(key)}, {self._kind(value)}>"
        if field.repeated:
            return f"view::Repeated<'a, {self._kind(field)}>"
        one = self._one(message, field, deeper)
        has_presence = field.optional or (field.kind == "message" and not field.oneof)
        return f"Option<{one}>" if has_presence else one

    def pattern(self, field: Field) -> str:
        """The number and wire type under which a field is read."""
        wire_type = _WIRE_TYPES.get(field.kind, "VARINT")
        if field.repeated and wire_type != "LEN":
            return f"({field.number}, wire_type @ (view::LEN | view::{wire_type}))"
        return f"({field.number}, view::{wire_type})"

    def read(self, message: Message, field: Field) -> str:
        """The statement that reads a field's value into `self`."""
        name, number = f"self.{snake(field.name)}", field.number
        if self._schemas.map_entry(field) is not None:
            return f"{name}.see(&mut part, whole)?"
        if field.repeated:
            wire_type = "view::LEN" if _WIRE_TYPES.get(field.kind) == "LEN" else "wire_type"
            return f"{name}.see({wire_type}, &mut part, whole)?"
        if field.kind == "message" and field.type_name in _COPIED and not field.oneof:
            return f"{name} = Some(part.time({name})?)"
        if field.kind == "message" and not field.oneof and not self.is_unread(message, field):
            return f"part.message({number}, &mut {name})?"
        name = f"self.{snake(field.oneof)}" if field.oneof else name
        was_there = f"{name}.is_some()" if field.kind == "message" else "false"
        one = f"part.one::<{self._kind_of(message, field)}>({number}, {was_there})?"
        if field.oneof:
            return (
                f"{name} = Some({snake(message.name)}::{self.oneof(message, field.oneof)}::{camel(field.name)}({one}))"
            )
        return f"{name} = {f'Some({one})' if field.optional or field.kind == 'message' else one}"

    def known(self, message: Message) -> str:
        """The pattern of the numbers of all fields."""
        ranges: list[list[int]] = []
        for number in sorted(field.number for field in message.fields):
            if ranges and number == ranges[-1][-1] + 1:
                ranges[-1][-1:] = [ranges[-1][-1], number] if len(ranges[-1]) == 1 else [number]
            else:
                ranges.append([number])
        return " | ".join("..=".join(map(str, each)) for each in ranges)

    def copy(self, message: Message, field: Field) -> str:
        """The expression that makes a field of the owned message from `self`."""
        name = f"self.{snake(field.name)}"
        entry = self._schemas.map_entry(field)
        if entry is not None:
            key, value = entry.fields
            pair = f"({self._copied(message, key, 'key', True)}, {self._copied(message, value, 'value', True)})"
            return f"{name}.iter().map(|(key, value)| Ok({pair})).collect::<Result<_>>()?"
        if field.repeated:
            copied = self._copied(message, field, "value", True)
            if "?" in copied:
                return f"{name}.iter().map(|value| Ok({copied})).collect::<Result<_>>()?"
            return f"{name}.iter(){'' if copied == 'value' else f'.map(|value| {copied})'}.collect()"
        if field.kind == "message" or field.optional:
            copied = self.member(message, field)
            return name if copied == "value" else f"match {name} {{ Some(value) => Some({copied}), None => None }}"
        return self._copied(message, field, name, False)

    def member(self, message: Message, field: Field) -> str:
        """The expression that makes the owned value of a field or a oneof's member from `value`."""
        copied = self._copied(message, field, "value", False)
        return f"Box::new({copied})" if self._fields.boxed(message, field) else copied

    def is_unread(self, message: Message, field: Field) -> bool:
        """Whether a field's message is only read when it is asked for."""
        return field.kind == "message" and "Unread" in self.type(message, field, deeper=1 if field.oneof else 0)

    def _held(self) -> set[str]:
        waiting = [message for _, message, _ in self._schemas.contracts()]
        found: set[str] = set()
        while waiting:
            message = waiting.pop()
            if message.full_name in found or message.file.startswith("google/"):
                continue
            if not message.map_entry:
                found.add(message.full_name)
            waiting += [self._schemas.messages[field.type_name] for field in message.fields if field.kind == "message"]
        return found

    def _one(self, message: Message, field: Field, deeper: int) -> str:
        if field.kind in _TEXTS:
            return _TEXTS[field.kind]
        if field.kind != "message":
            return self._fields.scalar(field)
        if field.type_name in _COPIED:
            return self._fields.well_known(field)
        if field.type_name.startswith("google.protobuf."):
            return f"view::Unread<'a, {self._fields.well_known(field)}>"
        target = self._schemas.messages[field.type_name]
        if self._fields.boxed(message, field):
            return f"view::Unread<'a, {self.owned(target)}>"
        scope = (*filter(None, self._packages[message.file].split(".")), *message.path)
        scope = scope[: len(scope) - 1 + deeper]
        return f"{relative(scope, self._packages[target.file], target.path)}View<'a>"

    def _kind(self, field: Field) -> str:
        """What stands for a value's type in a list or map."""
        if field.kind != "message":
            return f"view::kind::{_KINDS.get(field.kind) or camel(field.kind)}"
        if field.type_name.startswith("google.protobuf."):
            return f"view::Unread<'static, {self._fields.well_known(field)}>"
        return self.owned(self._schemas.messages[field.type_name])

    def _kind_of(self, message: Message, field: Field) -> str:
        """What stands for the type of a single value: as in a list, but what may hold itself is read late."""
        if field.type_name in _COPIED:
            return self._fields.well_known(field)
        if field.kind == "message" and self._fields.boxed(message, field):
            return f"view::Unread<'static, {self._kind(field)}>"
        return self._kind(field)

    def _copied(self, message: Message, field: Field, value: str, in_list: bool) -> str:
        """The owned form of one value, which in a list of messages is always read late."""
        if field.kind in _TEXTS:
            return f"{value}.to_owned()"
        if field.kind != "message" or (field.type_name in _COPIED and not in_list):
            return value
        if field.type_name.startswith("google.protobuf.") or (not in_list and self._fields.boxed(message, field)):
            return f"{value}.read()?"
        return f"{value}.into_message()?"
