"""What a registry did not keep of a schema: found by comparing what it holds with what it should mean."""

from collections.abc import Iterable, Iterator, Mapping, Set
from enum import StrEnum
from typing import Any, NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto
from google.protobuf.unknown_fields import UnknownFieldSet

from pragma_contracts.descriptors import is_well_known, parse_file

_DESCRIPTOR = "google/protobuf/descriptor.proto"


class Loss(StrEnum):
    """What is gone of a file as a whole, which cannot be compared any more."""

    OPTIONS = "options"
    MAPS = "maps"
    RESERVED = "reserved numbers of enums"


class Restored(NamedTuple):
    """Files, by import path, with what was lost of them taken from the new side; and what that was."""

    files: dict[str, bytes]
    losses: frozenset[Loss]


def restored(held: Mapping[str, bytes], ours: Mapping[str, bytes], *, is_ours: bool = False) -> Restored:
    """Fills in what a registry has lost, so that all the rest can be compared.

    Lost is what a file has nowhere although ours has it: a file in which one contract option is left has lost none.
    is_ours: whether the registry is known to have been given ours. Then that also goes for what leaves no trace.
    """
    files = dict(held)
    losses: set[Loss] = set()
    definers = {name for name, data in ours.items() if parse_file(data).extension} | {_DESCRIPTOR}
    for name, data in held.items():
        if name in ours and data != ours[name] and not is_well_known(name):
            old, new = parse_file(data), parse_file(ours[name])
            lost = frozenset((*_lost(old, new, definers), *(_lost_unseen(old, new) if is_ours else ())))
            if lost:
                _fill(old, new, lost)
                files[name] = old.SerializeToString()
                losses |= lost
    return Restored(files, frozenset(losses))


def without_options(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files as a registry holds them that keeps no use of a custom option."""
    stripped: dict[str, bytes] = {}
    for name, data in files.items():
        file = parse_file(data)
        for _, element in _elements(file):
            element.options.DiscardUnknownFields()
            if not element.options.ByteSize():
                element.ClearField("options")
        stripped[name] = file.SerializeToString()
    return stripped


def _lost(old: FileDescriptorProto, new: FileDescriptorProto, definers: Set[str]) -> Iterator[Loss]:
    uses = _has_ours(new) and not _has_ours(old)
    defines = new.extension and not old.extension
    # What it imports is left, and tells a file that had options from one that never had any.
    if (uses or defines) and not definers.isdisjoint(old.dependency):
        yield Loss.OPTIONS
    entries = {path for path, message in _messages(new) if message.options.map_entry}
    held = dict(_messages(old))
    # Without the entry as a plain message the field is another one, not a map that was lost.
    if entries & held.keys() and not any(message.options.map_entry for message in held.values()):
        yield Loss.MAPS


def _lost_unseen(old: FileDescriptorProto, new: FileDescriptorProto) -> Iterator[Loss]:
    if any(_reserves(enum) for enum in _enums(new).values()) and not any(map(_reserves, _enums(old).values())):
        yield Loss.RESERVED


def _reserves(enum: EnumDescriptorProto) -> bool:
    return bool(enum.reserved_range or enum.reserved_name)


def _enums(file: FileDescriptorProto) -> dict[tuple[str, ...], EnumDescriptorProto]:
    holders: list[tuple[tuple[str, ...], Any]] = [((), file), *_messages(file)]
    return {(*path, enum.name): enum for path, holder in holders for enum in holder.enum_type}


def _fill(old: FileDescriptorProto, new: FileDescriptorProto, lost: Iterable[Loss]) -> None:
    if Loss.RESERVED in lost:
        enums = _enums(old)
        for path, enum in _enums(new).items():
            if path in enums:
                enums[path].reserved_range.extend(enum.reserved_range)
                enums[path].reserved_name.extend(enum.reserved_name)
    if Loss.MAPS in lost:
        held = dict(_messages(old))
        for path, message in _messages(new):
            if message.options.map_entry and path in held:
                held[path].options.map_entry = True
    if Loss.OPTIONS in lost:
        if not old.extension:
            old.extension.extend(new.extension)
        held_elements = dict(_elements(old))
        for key, element in _elements(new):
            if key in held_elements and (custom := _custom(element.options)):
                held_elements[key].options.MergeFromString(custom)


def _has_ours(file: FileDescriptorProto) -> bool:
    return any(_custom(element.options) for _, element in _elements(file))


def _custom(options: Any) -> bytes:
    """The custom options, serialized: a pool that does not know them has them as unknown fields."""
    if not len(UnknownFieldSet(options)):
        return b""
    copy = type(options).FromString(options.SerializeToString())
    for field, _ in copy.ListFields():
        copy.ClearField(field.name)
    return bytes(copy.SerializeToString())


def _messages(file: FileDescriptorProto) -> Iterator[tuple[tuple[str, ...], DescriptorProto]]:
    waiting: list[tuple[tuple[str, ...], DescriptorProto]] = [((each.name,), each) for each in file.message_type]
    while waiting:
        path, message = waiting.pop()
        yield path, message
        waiting += [((*path, nested.name), nested) for nested in message.nested_type]


def _elements(file: FileDescriptorProto) -> Iterator[tuple[tuple[object, ...], Any]]:
    """All that may have options, each with where it stands."""
    yield (), file
    for path, message in _messages(file):
        yield path, message
        yield from (((*path, field.number), field) for field in message.field)
    for path, enum in _enums(file).items():
        yield path, enum
        yield from (((*path, value.number), value) for value in enum.value)
