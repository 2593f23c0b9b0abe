"""Compares two schemas element by element: every difference is a finding, and what no rule knows is a break."""

import re
from collections.abc import Callable, Iterable, Iterator

from pragma_contracts.governance.finding import Finding
from pragma_contracts.governance.gate.enums import enum
from pragma_contracts.governance.gate.facts import NOTHING, finding, flag, others, reserved, running
from pragma_contracts.governance.gate.fields import fields
from pragma_contracts.governance.model import (
    ContractOption,
    Enum,
    Field,
    File,
    Message,
    Place,
    Schemas,
)

_EXTENDEE = re.compile(r' extendee: "\.(?:google\.protobuf\.)?([\w.]+)"')
# What of a contract has to stay, by which rule, and as what it is told.
_READINGS: tuple[tuple[str, str, Callable[[Message, ContractOption], str]], ...] = (
    ("CONTRACT_SAME_TOPIC", "topic", lambda _, option: option.topic),
    ("CONTRACT_SAME_DATA_TYPE", "data_type", lambda _, option: option.data_type),
    ("CONTRACT_SAME_KEY", "key", lambda _, option: ", ".join(option.key)),
    ("CONTRACT_SAME_INDEX", "message index", lambda message, _: f"[{', '.join(map(str, message.index))}]"),
    ("CONTRACT_SAME_MAJOR", "major version", lambda _, option: option.version.partition(".")[0]),
)


def diff(old: Schemas, new: Schemas) -> Iterator[Finding]:
    """Every difference, as findings that say nothing of their bases."""
    new_files = {file.name: file for file in new.files}
    old_files = {file.name: file for file in old.files}
    for name, file in old_files.items():
        if name not in new_files:
            yield finding("FILE_NO_DELETE", Place(name, 0, 0), name, f"file {name} was removed", name=name)
        else:
            yield from _files(file, new_files[name])
    for name in new_files.keys() - old_files.keys():
        yield finding("FILE_ADDED", Place(name, 0, 0), name, f"+ file {name}")
    yield from _messages(old, new, new_files.keys())
    with running("CONTRACT_NO_REUSE", "the contracts"):
        yield from _added_contracts(old, new)
    yield from _enums(old, new, new_files.keys())


def _files(old: File, new: File) -> Iterator[Finding]:
    place = Place(new.name, 1, 1)
    for rule, what, before, after in (
        ("FILE_SAME_PACKAGE", "package", old.package, new.package),
        ("FILE_SAME_SYNTAX", "syntax", old.syntax, new.syntax),
        ("UNKNOWN_DIFFERENCE", "import public", ", ".join(old.public), ", ".join(new.public)),
    ):
        if before != after:
            change = f"{what} of {new.name} changed from {before or NOTHING} to {after or NOTHING}"
            yield finding(rule, place, new.name, change, before=before, after=after)
    for sign, here, there in ("+", new, old), ("-", old, new):
        for name in here.dependencies:
            if name not in there.dependencies:
                yield finding("IMPORT_CHANGED", place, new.name, f"{sign} import {name} in {new.name}")
    with running("UNKNOWN_DIFFERENCE", new.name):
        yield from others(old.others, new.others, place, new.name, "file")
    with running("EXTENSION_SAME", new.name):
        yield from _extensions(old, new)


def _extensions(old: File, new: File) -> Iterator[Finding]:
    place = Place(new.name, 1, 1)
    before_by_name = {extension.name: extension for extension in old.extensions}
    after_by_name = {extension.name: extension for extension in new.extensions}
    for name, before_extension in before_by_name.items():
        after_extension = after_by_name.get(name)
        symbol = f"{new.package}.{name}"
        if after_extension is None:
            change = f"option ({name}) = {before_extension.number} was removed"
            yield finding("EXTENSION_SAME", place, symbol, change, name=name)
        elif (was := _extension(before_extension)) != (now := _extension(after_extension)):
            change = f"option ({name}) changed from {was} to {now}"
            yield finding("EXTENSION_SAME", after_extension.place, symbol, change, name=name)
    for name in after_by_name.keys() - before_by_name.keys():
        added = after_by_name[name]
        change = f"+ option ({name}) = {added.number} of {added.type_name or added.kind}"
        yield finding("EXTENSION_ADDED", added.place, f"{new.package}.{name}", change)


def _extension(extension: Field) -> str:
    others = "".join(f" {text}" if name == "rest" else f" {name} = {text}" for name, text in extension.others)
    repeated = "repeated " if extension.repeated else ""
    text = f"{repeated}{extension.type_name or extension.kind} = {extension.number}{others}"
    return _EXTENDEE.sub(r" of \1", text)


def _messages(old: Schemas, new: Schemas, files: Iterable[str]) -> Iterator[Finding]:
    after = {message.full_name: message for file in new.files for message in file.walk() if not message.map_entry}
    before = {message.full_name: message for file in old.files for message in file.walk() if not message.map_entry}
    for name, message in before.items():
        if name in after:
            with running("MESSAGE_SAME_MEANING", name):
                yield from _message(old, new, message, after[name])
        elif message.contract is not None:
            place = _left_of(message, after, files)
            change = f"contract {message.name} of topic {message.contract.topic} was removed"
            yield finding("CONTRACT_NO_DELETE", place, name, change, before=message.contract.topic)
        # Of a file or message that is gone, what stood in it is not told one by one.
        elif message.file in files and (_parent(name) not in before or _parent(name) in after):
            place = _left_of(message, after, files)
            yield finding("MESSAGE_NO_DELETE", place, name, f"message {name} was removed", name=message.name)
    for name, message in after.items():
        if name not in before and message.contract is None and _parent(name) not in after.keys() - before.keys():
            yield finding("MESSAGE_ADDED", message.place, name, f"+ message {name}")


def _added_contracts(old: Schemas, new: Schemas) -> Iterator[Finding]:
    known = {message.full_name for _, message, _ in old.contracts()}
    for _, message, option in new.contracts():
        if message.full_name in known:
            continue
        taken = {
            f"the {what} {name} of {each.full_name}": each.full_name
            for what, name in (("topic", option.topic), ("data_type", option.data_type))
            for _, each, its in (*old.contracts(), *new.contracts())
            if getattr(its, what) == name and each.full_name != message.full_name
        }
        if taken:
            change = f"contract {message.name} takes {' and '.join(taken)}"
            facts = {"name": message.name, "before": " and ".join(dict.fromkeys(taken.values()))}
            yield finding("CONTRACT_NO_REUSE", message.place, message.full_name, change, **facts)
        else:
            change = f"+ contract {message.name} {option.version} on topic {option.topic}"
            yield finding("CONTRACT_ADDED", message.place, message.full_name, change)


def _enums(old: Schemas, new: Schemas, files: Iterable[str]) -> Iterator[Finding]:
    after = {enum.full_name: enum for file in new.files for enum in file.walk_enums()}
    before = {enum.full_name: enum for file in old.files for enum in file.walk_enums()}
    for name, gone in before.items():
        if name in after:
            with running("ENUM_VALUE_SAME_NUMBER", name):
                yield from enum(gone, after[name])
        elif gone.file in files and (_parent(name) not in old.messages or _parent(name) in new.messages):
            place = _left_of(gone, new.messages, files)
            yield finding("ENUM_NO_DELETE", place, name, f"enum {name} was removed", name=gone.path[-1])
    for name, added in after.items():
        if name not in before and (_parent(name) not in new.messages or _parent(name) in old.messages):
            yield finding("ENUM_ADDED", added.place, name, f"+ enum {name}")


def _parent(full_name: str) -> str:
    return full_name.rpartition(".")[0]


def _left_of(gone: Message | Enum, messages: dict[str, Message], files: Iterable[str]) -> Place:
    """The nearest place that is left of something that is gone: what it stood in, or its file."""
    parent = messages.get(_parent(gone.full_name))
    if parent is not None:
        return parent.place
    return Place(gone.file, 1 if gone.file in files else 0, 1 if gone.file in files else 0)


def _message(old: Schemas, new: Schemas, before: Message, after: Message) -> Iterator[Finding]:
    symbol, place = after.full_name, after.place
    if before.file != after.file:
        change = f"message {symbol} moved from {before.file} to {after.file}"
        yield finding("MESSAGE_SAME_FILE", place, symbol, change, name=after.name, before=before.file)
    if before.columns != after.columns:
        change = f"option (columns) of {symbol} changed from {flag(before.columns)} to {flag(after.columns)}"
        misread = "one side refuses columns of different lengths and the other does not"
        yield finding("MESSAGE_SAME_MEANING", place, symbol, change, misread=misread)
    elif before.columns and [field.number for field in before.fields] != [field.number for field in after.fields]:
        was, now = (", ".join(field.name for field in side.fields) for side in (before, after))
        change = f"columns of {symbol} changed from {was} to {now}"
        misread = f"a row is {was} for one side and {now} for the other: it is refused, or misread in JSON"
        yield finding("MESSAGE_SAME_MEANING", place, symbol, change, misread=misread)
    yield from _contract(before, after)
    for name in before.oneofs:
        if name not in after.oneofs:
            change = f"oneof {name} of {symbol} was removed"
            yield finding("ONEOF_NO_DELETE", place, symbol, change, name=name)
    with running("UNKNOWN_DIFFERENCE", symbol):
        yield from others(before.others, after.others, place, symbol, "message")
    with running("RESERVED_NO_DELETE", symbol):
        yield from reserved(before.reserved, after.reserved, place, symbol)
    yield from fields(old, new, before, after)


def _contract(before: Message, after: Message) -> Iterator[Finding]:
    old, new, symbol, place = before.contract, after.contract, after.full_name, after.place
    if old is not None and new is None:
        change = f"{after.name} is no contract any more; it was of topic {old.topic}"
        yield finding("CONTRACT_NO_DELETE", place, symbol, change, before=old.topic)
    if old is None or new is None:
        return
    for rule, what, reading in _READINGS:
        with running(rule, symbol):
            was, now = reading(before, old), reading(after, new)
            if was != now:
                change = f"{what} of {after.name} changed from {was or NOTHING} to {now or NOTHING}"
                yield finding(rule, place, symbol, change, before=was or NOTHING, after=now or NOTHING)
