"""The JSON form of one field, made once from its descriptor: how it is written, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from pragma_contracts.wire.json_keys import key_form
from pragma_contracts.wire.json_place import Place
from pragma_contracts.wire.json_values import ValueForm, scalar, special

_MESSAGE = FieldDescriptor.TYPE_MESSAGE
_REPEATED = 3  # FieldDescriptorProto.LABEL_REPEATED


@dataclass(frozen=True, slots=True)
class FieldForm:
    """A field in a JSON object: write(message, out, place) adds it, read(obj, message, place) takes it out.

    `place` is where the message stands that has the field.
    """

    name: str
    write: Callable[[Message, dict[str, Any], Place], None]
    read: Callable[[dict[str, Any], Message, Place], None]


@cache
def forms(descriptor: Descriptor) -> tuple[FieldForm, ...]:
    """The form of every field of a message, in the order of the field numbers."""
    return tuple(_form(field) for field in sorted(descriptor.fields, key=lambda field: field.number))


def _form(field: FieldDescriptor) -> FieldForm:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map(field.name, field.message_type)
    if is_repeated(field):
        return _list(field)
    form, oneof = _message(field) if field.type == _MESSAGE else _scalar(field), _oneof(field)
    return form if oneof is None else _one_of(form, oneof)


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether a field is a list: protobuf 7 has a property for it, protobuf 5 only a label."""
    found = getattr(field, "is_repeated", None)
    return bool(getattr(field, "label", None) == _REPEATED if found is None else found)


def _oneof(field: FieldDescriptor) -> str | None:
    """Name of the oneof that a field shares with others: an `optional` one is alone in a oneof that protoc makes."""
    oneof = field.containing_oneof
    return oneof.name if oneof is not None and len(oneof.fields) > 1 else None


def _value(field: FieldDescriptor, levels: int = 1) -> ValueForm:
    """The form of one value of a field, whether it stands alone, in a list or, two levels deeper, in a map."""
    if field.message_type is None:
        return scalar(field)
    return special(field.message_type) or _object(field.message_type, levels)


def _object(descriptor: Descriptor, levels: int) -> ValueForm:
    def write(value: Message, place: Place, name: str) -> dict[str, Any]:
        inside = place.inside(name, descriptor.name, levels)
        out: dict[str, Any] = {}
        for form in forms(descriptor):
            form.write(value, out, inside)
        return out

    def read(value: Any, into: Message, place: Place, name: str) -> None:
        if not isinstance(value, Mapping):
            raise place.error(name, value, "must be an object")
        inside = place.inside(name, value, levels)
        rest = dict(value)
        into.SetInParent()
        for form in forms(descriptor):
            form.read(rest, into, inside)
        for unknown in rest:
            raise inside.error(unknown, rest[unknown], "is no field of this message")

    return ValueForm(write, read)


def _one_of(form: FieldForm, oneof: str) -> FieldForm:
    """The form of a field that no other of its oneof may stand beside: protobuf would keep only the last one."""

    def read(obj: dict[str, Any], message: Message, place: Place) -> None:
        other = message.WhichOneof(oneof) if form.name in obj else None
        if other is not None:
            raise place.error(form.name, obj[form.name], f"is given beside {other}; only one of them can be ({oneof})")
        form.read(obj, message, place)

    return FieldForm(form.name, form.write, read)


def _scalar(field: FieldDescriptor) -> FieldForm:
    name, value = field.name, scalar(field)
    # Where unset and zero are one thing, zero is written, so that the shape is always the same; but an enum's zero
    # means that it is not set, and has no text.
    tracked, is_enum = field.has_presence, field.enum_type is not None

    def write(message: Message, out: dict[str, Any], place: Place) -> None:
        found = getattr(message, name)
        if message.HasField(name) if tracked else found or not is_enum:
            out[name] = value.write(found, place, name)

    def read(obj: dict[str, Any], message: Message, place: Place) -> None:
        if name in obj:
            setattr(message, name, value.read(obj.pop(name), None, place, name))

    return FieldForm(name, write, read)


def _message(field: FieldDescriptor) -> FieldForm:
    name, value, exclusive = field.name, _value(field), _oneof(field) is not None

    def write(message: Message, out: dict[str, Any], place: Place) -> None:
        if message.HasField(name) or (value.always and not exclusive):
            out[name] = value.write(getattr(message, name), place, name)

    def read(obj: dict[str, Any], message: Message, place: Place) -> None:
        if name in obj:
            into = getattr(message, name)
            value.read(obj.pop(name), into, place, name)
            if exclusive:
                # Which of a oneof is given counts, even when it is empty.
                into.SetInParent()

    return FieldForm(name, write, read)


def _list(field: FieldDescriptor) -> FieldForm:
    name, value, is_message = field.name, _value(field), field.type == _MESSAGE

    def write(message: Message, out: dict[str, Any], place: Place) -> None:
        out[name] = [value.write(item, place, f"{name}[{at}]") for at, item in enumerate(getattr(message, name))]

    def read(obj: dict[str, Any], message: Message, place: Place) -> None:
        given = obj.pop(name, [])
        if not isinstance(given, list | tuple):
            raise place.error(name, given, "must be a list")
        target = getattr(message, name)
        for at, item in enumerate(given):
            result = value.read(item, target.add() if is_message else None, place, f"{name}[{at}]")
            if not is_message:
                target.append(result)

    return FieldForm(name, write, read)


def _map(name: str, entry: Descriptor) -> FieldForm:
    keys, value = key_form(entry.fields_by_name["key"]), _value(entry.fields_by_name["value"], levels=2)
    is_message = entry.fields_by_name["value"].type == _MESSAGE

    def write(message: Message, out: dict[str, Any], place: Place) -> None:
        items = sorted(getattr(message, name).items())
        if items:
            texts = [(keys.write(key), item) for key, item in items]
            out[name] = {text: value.write(item, place, f"{name}.{text}") for text, item in texts}

    def read(obj: dict[str, Any], message: Message, place: Place) -> None:
        given = obj.pop(name, {})
        if not isinstance(given, Mapping):
            raise place.error(name, given, "must be an object")
        target = getattr(message, name)
        for text, item in given.items():
            key, inner = keys.of(text, name, place), f"{name}.{text}"
            if is_message:
                value.read(item, target[key], place, inner)
            else:
                target[key] = value.read(item, None, place, inner)

    return FieldForm(name, write, read)
