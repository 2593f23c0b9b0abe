"""Messages from one side of a change to the other: what the reader gets, beside what the writer wrote."""

from collections.abc import Iterator
from random import Random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from pragma_contracts.governance.model import DECIMAL_COLUMN, MARKET_TYPE, Enum, Field, Message, Schemas
from tests.gate.soundness.schemas import CONTRACT, Side

_DEPTH = 3


def corruption(random: Random, writer: Side, reader: Side) -> str:
    """What goes wrong with a random message that the writer may send, in words; empty when nothing does."""
    return next(_exchange(random, writer, reader), "")


def _exchange(random: Random, writer: Side, reader: Side) -> Iterator[str]:
    written = writer.message()
    _fill(random, written, writer.schemas, CONTRACT, _DEPTH)
    theirs, ours = writer.schemas.messages[CONTRACT], reader.schemas.messages.get(CONTRACT)
    if theirs.contract is None or ours is None or ours.contract is None:
        yield "no contract is left"
        return
    for what in "topic", "data_type", "key":
        if getattr(theirs.contract, what) != getattr(ours.contract, what):
            yield f"{what} differs"
            return
    if theirs.index != ours.index:
        yield "message index differs"
    try:
        read = reader.message.FromString(written.SerializeToString())
    except DecodeError as error:
        yield f"cannot be decoded: {error}"
        return
    yield from (f"{text} in {written}" for text in _compared("", written, read))
    yield from (f"{text} in {written}" for text in _missing("", read, reader.schemas, ours))
    yield from (f"{text} in {written}" for text in _rows("", read, writer.schemas, reader.schemas))
    their_key, our_key = _key(written, writer), _key(read, reader)
    # Of a market type that the reader does not know yet it takes what the record key says.
    if any(ours is not None and theirs != ours for theirs, ours in zip(their_key, our_key, strict=True)):
        yield f"key {their_key} is read as {our_key}"
    yield from _texts(writer.schemas, reader.schemas)


def _fill(random: Random, message: Any, schemas: Schemas, name: str, depth: int) -> None:
    """Sets required fields, and most of the others."""
    model = schemas.messages[name]
    if model.columns:
        rows = random.randint(1, 3)
        for column in _columns(model):
            getattr(message, column.name).unscaled.extend([rows] * rows)
        return
    for field in model.fields:
        if field.required or (random.random() < 0.8 and depth):
            descriptor = message.DESCRIPTOR.fields_by_name[field.name]
            for _ in range(random.randint(1, 3) if field.repeated else 1):
                _set(random, message, descriptor, schemas, depth)


def _set(random: Random, message: Any, field: FieldDescriptor, schemas: Schemas, depth: int) -> None:
    held = getattr(message, field.name)
    value = _map_value(field)
    if value is not None:
        key = f"k{random.randrange(9)}"
        if value.message_type is not None:
            _fill(random, held[key], schemas, value.message_type.full_name, depth - 1)
        else:
            held[key] = _value(random, value)
    elif field.message_type is not None:
        target = held.add() if field.is_repeated else held
        target.SetInParent()
        _fill(random, target, schemas, field.message_type.full_name, depth - 1)
    elif field.is_repeated:
        held.append(_value(random, field))
    else:
        setattr(message, field.name, _value(random, field))


def _value(random: Random, field: FieldDescriptor) -> Any:
    """A value that is no default: what is lost can then be seen."""
    if field.enum_type is not None:
        return random.choice([value.number for value in field.enum_type.values if value.number])
    kinds = {
        FieldDescriptor.CPPTYPE_BOOL: True,
        FieldDescriptor.CPPTYPE_DOUBLE: random.random() + 0.5,
        FieldDescriptor.CPPTYPE_FLOAT: 1.5,
    }
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        text = f"{random.randrange(1, 1 << 30)}"
        return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    return kinds.get(field.cpp_type, random.randrange(1, 1 << 30))


def _compared(path: str, written: Any, read: Any) -> Iterator[str]:
    """What differs of the fields that both know by name, and what is read of a field that the writer does not know."""
    theirs = {field.name: field for field in written.DESCRIPTOR.fields}
    ours = {field.name: field for field in read.DESCRIPTOR.fields}
    for name in sorted(theirs.keys() & ours.keys()):
        yield from _field(f"{path}{name}", theirs[name], ours[name], written, read)
    known = {oneof.name for oneof in written.DESCRIPTOR.oneofs} & {oneof.name for oneof in read.DESCRIPTOR.oneofs}
    for oneof in sorted(known):
        member = written.WhichOneof(oneof)
        # Of a member that the reader does not know yet, nothing is set: the gate says to upgrade consumers first.
        if member in ours and read.WhichOneof(oneof) != member:
            yield f"{path}{oneof}: {member} is read as {read.WhichOneof(oneof)}"
    for field, value in read.ListFields():
        if field.name not in theirs:
            yield f"{path}{field.name}: {value!r} is read, and was never written"


def _field(path: str, their: FieldDescriptor, our: FieldDescriptor, written: Any, read: Any) -> Iterator[str]:
    before, after = getattr(written, their.name), getattr(read, our.name)
    if their.is_repeated != our.is_repeated or (their.message_type is None) != (our.message_type is None):
        if their.name in {field.name for field, _ in written.ListFields()}:
            yield f"{path}: {before!r} is read as {after!r}"
        return
    if their.has_presence and our.has_presence and written.HasField(their.name) != read.HasField(our.name):
        yield f"{path}: presence is lost or made up"
    if their.message_type is None:
        if before != after or type(before) is not type(after):
            yield f"{path}: {before!r} is read as {after!r}"
    elif _map_value(their) is not None or _map_value(our) is not None:
        yield from _maps(path, _map_value(their), _map_value(our), before, after)
    elif their.is_repeated:
        if len(before) != len(after):
            yield f"{path}: {len(before)} are read as {len(after)}"
        for one, other in zip(before, after, strict=False):
            yield from _compared(f"{path}[].", one, other)
    else:
        yield from _compared(f"{path}.", before, after)


def _map_value(field: FieldDescriptor) -> FieldDescriptor | None:
    """The field of a map's values, None of a field that is no map."""
    entry = field.message_type
    return entry.fields_by_name["value"] if entry is not None and entry.GetOptions().map_entry else None


def _maps(
    path: str, their: FieldDescriptor | None, our: FieldDescriptor | None, before: Any, after: Any
) -> Iterator[str]:
    if their is None or our is None:
        yield f"{path}: a map is none"
    elif before.keys() != after.keys():
        yield f"{path}: keys differ"
    elif (their.message_type is None) != (our.message_type is None):
        yield f"{path}: values are of other types"
    else:
        for key in before:
            if their.message_type is not None:
                yield from _compared(f"{path}[{key}].", before[key], after[key])
            elif before[key] != after[key] or type(before[key]) is not type(after[key]):
                yield f"{path}[{key}]: {before[key]!r} is read as {after[key]!r}"


def _missing(path: str, read: Any, schemas: Schemas, model: Message) -> Iterator[str]:
    """Mandatory fields by the reader's schema that are not there."""
    for field in model.fields:
        value = getattr(read, field.name)
        descriptor: FieldDescriptor = read.DESCRIPTOR.fields_by_name[field.name]
        present = read.HasField(field.name) if descriptor.has_presence else bool(value)
        if field.required and not present:
            yield f"{path}{field.name}: is mandatory and not there"
        elif field.kind == "message" and not field.repeated and present:
            yield from _missing(f"{path}{field.name}.", value, schemas, schemas.messages[field.type_name])


def _rows(path: str, read: Any, theirs: Schemas, ours: Schemas) -> Iterator[str]:
    """Messages of columns that the reader refuses, or of whose rows it makes others."""
    for field, value in read.ListFields():
        target = field.message_type
        if target is None or field.is_repeated:
            continue
        before, after = theirs.messages.get(target.full_name), ours.messages[target.full_name]
        if after.columns:
            lengths = {len(getattr(value, column.name).unscaled) for column in _columns(after)}
            if len(lengths) > 1:
                yield f"{path}{field.name}: columns of {sorted(lengths)} rows"
            if before is not None and [c.name for c in _columns(before)] != [c.name for c in _columns(after)]:
                yield f"{path}{field.name}: rows of other columns, or in another order"
        else:
            yield from _rows(f"{path}{field.name}.", value, theirs, ours)


def _columns(message: Message) -> list[Field]:
    return [field for field in message.fields if field.type_name == DECIMAL_COLUMN and not field.repeated]


def _key(message: Any, side: Side) -> list[str | None]:
    """The parts of the record key by the side's own schema; None is a market type that it does not know."""
    contract = side.schemas.messages[CONTRACT].contract
    tokens = {value.number: value.key_token for value in side.schemas.enums[MARKET_TYPE].values}
    parts = [getattr(message, name, "") for name in (contract.key if contract is not None else ())]
    return [tokens.get(part) if isinstance(part, int) else str(part) for part in parts]


def _texts(theirs: Schemas, ours: Schemas) -> Iterator[str]:
    """Texts and tokens of enum values that both sides know by number."""
    for name in theirs.enums.keys() & ours.enums.keys():
        after = {value.number: value for value in ours.enums[name].values}
        for value in _values(theirs.enums[name]):
            other = after.get(value.number, value)
            for what in "name", "text", "key_token":
                if getattr(value, what) != getattr(other, what):
                    yield f"{name} {value.number}: {what} {getattr(value, what)} is {getattr(other, what)}"


def _values(enum: Enum) -> Iterator[Any]:
    return iter(enum.values)
