"""Writes the bodies of the generated Rust checks: one straight line of statements per message."""

from collections.abc import Iterator

from codegen.checked import Checked
from codegen.rust.fields import Fields
from codegen.rust.naming import camel, oneof_type, snake
from codegen.rust.views import Views
from pragma_contracts.governance.model import Field, Message

_INDENT = "    "
# Both sides agree on these; only who may leave something out differs.
_RULES = frozenset(("component", "decimal", "timestamp"))


class CheckWriter:
    """Statements that check a message `self` at a place `at`, for one side."""

    def __init__(self, checked: Checked, fields: Fields, views: Views | None = None) -> None:
        """views: for the checks of borrowed forms, whose lists hand out values and not references."""
        self._checked = checked
        self._fields = fields
        self._views = views

    def body(self, message: Message) -> list[str]:
        """The statements of a message's check."""
        if message.columns:
            return list(self._columns(message))
        lines: list[str] = []
        for field in message.fields:
            lines += self._field(message, field)
            if message.contract is not None and field.name == "envelope":
                place = 'at.field("envelope").field("version")'
                version = "value.version" if self._views else "&value.version"
                contract = self._fields.path(message)
                lines.append(_call(f"version({version}, {contract}::VERSION, side)", place))
        return lines

    def _columns(self, message: Message) -> Iterator[str]:
        first, *others = message.fields
        name = snake(first.name)
        yield "let rows = " + _call(f"column(self.{name}.as_ref())", f'at.field("{first.name}")')
        for field in others:
            yield "let values = " + _call(f"column(self.{snake(field.name)}.as_ref())", f'at.field("{field.name}")')
            yield "if values != rows {"
            problem = f'format!("values, but {first.name} has {{rows}}; every row needs one of each")'
            yield _INDENT + f'return Err(at.field("{field.name}").error(values.to_string(), {problem}));'
            yield "}"

    def _field(self, message: Message, field: Field) -> list[str]:
        kind = self._checked.kind(message, field)
        if not kind:
            return []
        name, place = f"self.{snake(field.name)}", f'at.field("{field.name}")'
        by_value = self._views is not None
        if self._checked.is_map(field):
            lines = self._value(field, kind, "value", f"{place}.key({'&key' if by_value else 'key'})", by_value)
            pairs = f"{name}.iter()" if by_value else f"&{name}"
            return [f"for (key, value) in {pairs} {{", *_indented(lines), "}"]
        if field.repeated:
            lines = self._value(field, kind, "value", f"{place}.index(index)", by_value)
            return [f"for (index, value) in {name}.iter().enumerate() {{", *_indented(lines), "}"]
        if field.oneof:
            module, type_ = self._fields.module(message), oneof_type(message, field.oneof)
            if self._views is not None:
                module, type_ = module.replace("messages", "views", 1), self._views.oneof(message, field.oneof)
            variant = f"{snake(message.name)}::{type_}::{camel(field.name)}"
            lines = self._value(field, kind, self._late(message, field), place)
            return [f"if let Some({module}{variant}(value)) = &self.{snake(field.oneof)} {{", *_indented(lines), "}"]
        if not self._checked.has_presence(field):
            return self._plain(field, kind, name, place)
        lines = self._value(field, kind, self._late(message, field), place)
        if field.required:
            held = "value" if lines else "_"
            return [f"let Some({held}) = &{name} else {{", _INDENT + f"return Err({place}.missing());", "};", *lines]
        return [f"if let Some(value) = &{name} {{", *_indented(lines), "}"] if lines else []

    def _late(self, message: Message, field: Field) -> str:
        """A value that is there, read first when that was put off."""
        return "value.read()?" if self._views is not None and self._views.is_unread(message, field) else "value"

    def _plain(self, field: Field, kind: str, name: str, place: str) -> list[str]:
        """Checks of a field whose absence is its zero value."""
        if kind == "enum":
            return self._enum(field, name, place)
        lines = self._value(field, kind, name if self._views else f"&{name}", place)
        if kind == "decimal" and not field.required:
            return [f"if !{name}.is_empty() {{", *_indented(lines), "}"]
        return lines

    def _value(self, field: Field, kind: str, value: str, place: str, by_value: bool = False) -> list[str]:
        """Checks of a value that is there, and held by reference if not by value."""
        if by_value and kind == "timestamp":
            value = f"&{value}.read()?"
        if kind in _RULES:
            return [_call(f"{kind}({value})", place)]
        if kind == "text":
            return [_call(f"{'bytes' if field.kind == 'bytes' else 'text'}({value})", place)]
        if kind == "enum":
            return self._enum(field, value if by_value else f"*{value}", place)
        if kind == "column":
            return [_call(f"column(Some({'&' if by_value else ''}{value}))", place)]
        return self._message(field, value, place) if kind == "message" else []

    def _enum(self, field: Field, number: str, place: str) -> list[str]:
        enum = self._fields.path(self._checked.enum(field))
        lines = [_call(f"set::<{enum}>({number})", place)] if field.required else []
        return [*lines, _call(f"number::<{enum}>({number}, side)", place)]

    def _message(self, field: Field, value: str, place: str) -> list[str]:
        target = self._checked.target(field)
        if not self._checked.has_rules(target):
            return []
        lines = [f"{value}.check_at(side, &{place})?;"]
        if field.order:
            column = target.fields[0].name
            held = f"{value}.{snake(column)}.as_ref()"
            lines.append(_call(f"{field.order}({held}, side)", f'{place}.field("{column}")'))
        return lines


def _call(rule: str, place: str) -> str:
    """A call of a rule; its place is only made when there is something wrong."""
    return f"check::{rule}.map_err(|bad| bad.at(&{place}))?;"


def _indented(lines: list[str]) -> list[str]:
    return [_INDENT + line for line in lines]
