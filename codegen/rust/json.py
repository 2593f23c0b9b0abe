"""Writes the bodies of the generated Rust JSON forms: the statements that fill an object, field by field."""

from collections.abc import Iterator

from codegen.checked import Checked
from codegen.rust.fields import Fields
from codegen.rust.naming import camel, oneof_type, snake
from pragma_contracts.governance.model import DECIMAL_COLUMN, ENVELOPE, TIMESTAMP, Field, Message, Schemas

_INDENT = "    "
_FEED = ("market_type", "token_ticker", "source_id", "network_id")
_SIGNED = frozenset(("int32", "sint32", "sfixed32"))
_SIGNED_64 = frozenset(("int64", "sint64", "sfixed64"))
_UNSIGNED = frozenset(("uint32", "fixed32"))
_UNSIGNED_64 = frozenset(("uint64", "fixed64"))
# The well-known types that prost has plain values for, by the kind of that value.
_WRAPPERS = {
    "google.protobuf.BoolValue": "bool",
    "google.protobuf.BytesValue": "bytes",
    "google.protobuf.DoubleValue": "double",
    "google.protobuf.FloatValue": "float",
    "google.protobuf.Int32Value": "int32",
    "google.protobuf.Int64Value": "int64",
    "google.protobuf.StringValue": "string",
    "google.protobuf.UInt32Value": "uint32",
    "google.protobuf.UInt64Value": "uint64",
}


class JsonWriter:
    """Statements that put the fields of a message `self` into `object`."""

    def __init__(self, schemas: Schemas, checked: Checked, fields: Fields) -> None:
        self._schemas = schemas
        self._checked = checked
        self._fields = fields

    def messages(self) -> list[Message]:
        """The messages that have a JSON form of their own: contracts and what they hold, but for the envelope."""
        waiting = [message for _, message, _ in self._schemas.contracts()]
        found: dict[str, Message] = {}
        while waiting:
            message = waiting.pop()
            if message.full_name in found or message.full_name in (ENVELOPE, DECIMAL_COLUMN):
                continue
            if message.file.startswith("google/"):
                continue
            if not message.map_entry:
                found[message.full_name] = message
            waiting += [self._schemas.messages[field.type_name] for field in message.fields if field.kind == "message"]
        return [found[name] for name in sorted(found)]

    def body(self, message: Message) -> list[str]:
        """The statements of a message that is an object."""
        by_name = {field.name: field for field in sorted(message.fields, key=lambda field: field.number)}
        if message.contract is None:
            return [line for field in by_name.values() for line in self._field(message, field, "self")]
        lines = ["let absent = Default::default();", "let envelope = self.envelope.as_ref().unwrap_or(&absent);"]
        envelope = self._schemas.messages[ENVELOPE]
        for field in sorted(envelope.fields, key=lambda field: field.number):
            lines += self._field(envelope, field, "envelope")
        lines.append('object.put("data_type", Json::text(Self::DATA_TYPE));')
        lines += ["if self.market_type == 0 {", _INDENT + 'return Err(at.field("market_type").missing());', "}"]
        payload = [name for name in by_name if name not in ("envelope", "metadata", *_FEED)]
        metadata = [name for name in by_name if name == "metadata"]
        market_type, *others = _FEED
        lines.append(self._put(by_name[market_type], self._value(by_name[market_type], "", f"self.{market_type}", "")))
        for name in (*others, *payload, *metadata):
            lines += self._field(message, by_name[name], "self")
        return lines

    def columns(self, message: Message) -> str:
        """The columns of a message of columns, each as texts."""
        texts = [
            f'json::texts(self.{snake(field.name)}.as_ref(), &at.field("{field.name}"))?' for field in message.fields
        ]
        return ", ".join(texts)

    def _field(self, message: Message, field: Field, owner: str) -> list[str]:
        name, place = f"{owner}.{snake(field.name)}", f'&at.field("{field.name}")'
        if (entry := self._schemas.map_entry(field)) is not None:
            value = self._value(entry.fields[1], "value", "*value", f"{place}.key(key)")
            push = f"entries.push((key.to_string(), {value}));"
            loop = ["let mut entries = Vec::new();", f"for (key, value) in &{name} {{", _INDENT + push, "}"]
            return [f"if !{name}.is_empty() {{", *_indented([*loop, self._put(field, "Json::Object(entries)")]), "}"]
        if field.repeated:
            return list(self._list(field, name, place))
        if field.oneof:
            variant = f"{snake(message.name)}::{oneof_type(message, field.oneof)}::{camel(field.name)}"
            put = self._put(field, self._value(field, "value", "*value", place))
            held = "value" if "value" in put.partition(",")[2] else "_"
            head = f"if let Some({self._fields.module(message)}{variant}({held})) = &{owner}.{snake(field.oneof)} {{"
            return [head, _INDENT + put, "}"]
        if field.type_name == DECIMAL_COLUMN:
            return [self._put(field, f"json::column({name}.as_ref(), {place})?")]
        if field.kind == "message" and self._schemas.messages[field.type_name].columns:
            rows = f"match &{name} {{ Some(value) => value.json({place})?, None => Json::List(Vec::new()) }}"
            return [self._put(field, rows)]
        if self._checked.has_presence(field):
            put = self._put(field, self._value(field, "value", "*value", place))
            held = "value" if "value" in put.partition(",")[2] else "_"
            return [f"if let Some({held}) = &{name} {{", _INDENT + put, "}"]
        put = self._put(field, self._value(field, f"&{name}", name, place))
        return [f"if {name} != 0 {{", _INDENT + put, "}"] if field.kind == "enum" else [put]

    def _list(self, field: Field, name: str, place: str) -> Iterator[str]:
        value = self._value(field, "value", "*value", f"{place}.index(index)")
        yield f"let mut items = Vec::with_capacity({name}.len());"
        if "index" in value:
            yield f"for (index, value) in {name}.iter().enumerate() {{"
        else:
            yield f"for value in &{name} {{"
        yield _INDENT + f"items.push({value});"
        yield "}"
        yield self._put(field, "Json::List(items)")

    def _put(self, field: Field, value: str) -> str:
        return f'object.put("{field.name}", {value});'

    def _value(self, field: Field, reference: str, copy: str, place: str) -> str:
        """The JSON of one value, which is held by reference and can be copied when it is a number."""
        if field.kind == "enum":
            return f"json::number::<{self._fields.path(self._checked.enum(field))}>({copy})"
        if field.kind != "message":
            return _scalar(field.kind, reference, copy, place)
        if field.type_name in _WRAPPERS:
            return f"json::wrapped({_scalar(_WRAPPERS[field.type_name], reference, copy, place)})"
        special = {
            TIMESTAMP: f"json::timestamp({reference}, {place})?",
            DECIMAL_COLUMN: f"json::column(Some({reference}), {place})?",
            "google.protobuf.Duration": f"json::duration({reference})",
            "google.protobuf.FieldMask": f"json::field_mask({reference})",
            "google.protobuf.Empty": "Json::Object(Vec::new())",
        }
        return special.get(field.type_name, f"{reference}.json({place})?")


def _scalar(kind: str, reference: str, copy: str, place: str) -> str:
    if kind == "string":
        return f"Json::text({reference})"
    if kind == "bytes":
        return f"json::bytes({reference})"
    if kind == "bool":
        return f"Json::Bool({copy})"
    if kind in _SIGNED:
        return f"Json::Int(i64::from({copy}))"
    if kind in _SIGNED_64:
        return f"Json::Int({copy})"
    if kind in _UNSIGNED:
        return f"Json::Uint(u64::from({copy}))"
    if kind in _UNSIGNED_64:
        return f"Json::Uint({copy})"
    return f"json::float({copy if kind == 'double' else f'f64::from({copy})'}, {place})?"


def _indented(lines: list[str]) -> list[str]:
    return [_INDENT + line for line in lines]
