"""The JSON form of one field, made once from its descriptor: how it is written, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from pragma_contracts.rules import Where
from pragma_contracts.wire.json_values import ValueForm, key_form, scalar, special

_MESSAGE = FieldDescriptor.TYPE_MESSAGE
# What protobuf's own decoder stops at.
_DEEPEST = 100
_REPEATED = 3  # FieldDescriptorProto.LABEL_REPEATED


@dataclass(frozen=True, slots=True)
class FieldForm:
    """A field in a JSON object: write(message, out, where, path) adds it, read(obj, message, where, path) takes it out.

    `path` is what stands before the field's name in an error, such as "legs[2].".
    """

    name: str
    write: Callable[[Message, dict[str, Any], Where, str], None]
    read: Callable[[dict[str, Any], Message, Where, str], None]


@cache
def forms(descriptor: Descriptor) -> tuple[FieldForm, ...]:
    """The form of every field of a message, in the order of the field numbers."""
    return tuple(_form(field) for field in sorted(descriptor.fields, key=lambda field: field.number))


def _form(field: FieldDescriptor) -> FieldForm:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map(field.name, field.message_type)
    if is_repeated(field):
        return _list(field)
    form = _message(field) if field.type == _MESSAGE else _scalar(field)
    return form if field.containing_oneof is None else _alone(form, field.containing_oneof.name)


def _alone(form: FieldForm, oneof: str) -> FieldForm:
    """The form of a oneof's member: setting a second one would drop the first without a word."""

    def read(obj: dict[str, Any], message: Message, where: Where, path: str) -> None:
        other = message.WhichOneof(oneof) if form.name in obj else None
        if other is not None:
            problem = f"cannot stand beside {other}: only one of them can be set"
            raise where.error(path + form.name, obj[form.name], problem)
        form.read(obj, message, where, path)

    return FieldForm(form.name, form.write, read)


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether a field is a list: protobuf 7 has a property for it, protobuf 5 only a label."""
    found = getattr(field, "is_repeated", None)
    return bool(getattr(field, "label", None) == _REPEATED if found is None else found)


def _value(field: FieldDescriptor) -> ValueForm:
    """The form of one value of a field, whether it stands alone, in a list or in a map."""
    if field.message_type is None:
        return scalar(field)
    return special(field.message_type) or _object(field.message_type)


def _object(descriptor: Descriptor) -> ValueForm:
    def write(value: Message, where: Where, path: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for form in forms(descriptor):
            form.write(value, out, where, f"{path}.")
        return out

    def read(value: Any, into: Message, where: Where, path: str) -> None:
        if not isinstance(value, Mapping):
            raise where.error(path, value, "must be an object")
        if path.count(".") >= _DEEPEST:
            raise where.error(path, value, f"is nested deeper than {_DEEPEST} messages, more than protobuf reads")
        rest = dict(value)
        into.SetInParent()
        for form in forms(descriptor):
            form.read(rest, into, where, f"{path}.")
        for name in rest:
            raise where.error(f"{path}.{name}", rest[name], "is no field of this message")

    return ValueForm(write, read)


def _scalar(field: FieldDescriptor) -> FieldForm:
    name, value = field.name, scalar(field)
    # Where unset and zero are one thing, zero is written, so that the shape is always the same; but an enum's zero
    # means that it is not set, and has no text.
    tracked, is_enum = field.has_presence, field.enum_type is not None

    def write(message: Message, out: dict[str, Any], where: Where, path: str) -> None:
        found = getattr(message, name)
        if message.HasField(name) if tracked else found or not is_enum:
            out[name] = value.write(found, where, path + name)

    def read(obj: dict[str, Any], message: Message, where: Where, path: str) -> None:
        if name not in obj:
            return
        given = obj.pop(name)
        try:
            setattr(message, name, value.read(given, None, where, path + name))
        except ValueError as error:
            raise where.error(path + name, given, str(error)) from error

    return FieldForm(name, write, read)


def _message(field: FieldDescriptor) -> FieldForm:
    name, value = field.name, _value(field)
    always = value.always and field.containing_oneof is None

    def write(message: Message, out: dict[str, Any], where: Where, path: str) -> None:
        if always or message.HasField(name):
            out[name] = value.write(getattr(message, name), where, path + name)

    def read(obj: dict[str, Any], message: Message, where: Where, path: str) -> None:
        if name in obj:
            value.read(obj.pop(name), getattr(message, name), where, path + name)

    return FieldForm(name, write, read)


def _list(field: FieldDescriptor) -> FieldForm:
    name, value, is_message = field.name, _value(field), field.type == _MESSAGE

    def write(message: Message, out: dict[str, Any], where: Where, path: str) -> None:
        items = enumerate(getattr(message, name))
        out[name] = [value.write(item, where, f"{path}{name}[{at}]") for at, item in items]

    def read(obj: dict[str, Any], message: Message, where: Where, path: str) -> None:
        given = obj.pop(name, [])
        if not isinstance(given, list | tuple):
            raise where.error(path + name, given, "must be a list")
        target = getattr(message, name)
        for at, item in enumerate(given):
            place = f"{path}{name}[{at}]"
            try:
                result = value.read(item, target.add() if is_message else None, where, place)
                if not is_message:
                    target.append(result)
            except ValueError as error:
                raise where.error(place, item, str(error)) from error

    return FieldForm(name, write, read)


def _map(name: str, entry: Descriptor) -> FieldForm:
    key, value = key_form(entry.fields_by_name["key"]), _value(entry.fields_by_name["value"])
    is_message = entry.fields_by_name["value"].type == _MESSAGE

    def write(message: Message, out: dict[str, Any], where: Where, path: str) -> None:
        items = getattr(message, name)
        if items:
            ordered = sorted(items.items())
            texts = [(key.write(at, where, path + name), item) for at, item in ordered]
            out[name] = {text: value.write(item, where, f"{path}{name}.{text}") for text, item in texts}

    def read(obj: dict[str, Any], message: Message, where: Where, path: str) -> None:
        given = obj.pop(name, {})
        if not isinstance(given, Mapping):
            raise where.error(path + name, given, "must be an object")
        target = getattr(message, name)
        for text, item in given.items():
            place = f"{path}{name}.{text}"
            try:
                at = key.read(text, None, where, place)
                if is_message:
                    value.read(item, target[at], where, place)
                else:
                    target[at] = value.read(item, None, where, place)
            except ValueError as error:
                raise where.error(place, item, str(error)) from error

    return FieldForm(name, write, read)
