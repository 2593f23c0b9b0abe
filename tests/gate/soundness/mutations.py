"""Random mutations of a schema, each in the words of those who write schemas."""

from collections.abc import Callable
from random import Random

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto

from pragma_contracts.messages.pragma.contracts.v1 import options_pb2
from tests.gate.soundness import schemas
from tests.gate.soundness.schemas import FILE, MARKET_TYPE_FILE, PAYLOAD, REPEATED, SINGLE, Files

Mutation = Callable[[Random, Files], None]


def mutated(random: Random, files: Files) -> tuple[Files, list[str]]:
    """A copy of a schema with one or two mutations and the next version, and the names of the mutations."""
    copy = {name: type(file).FromString(file.SerializeToString()) for name, file in files.items()}
    names = random.choices(list(MUTATIONS), k=random.choice((1, 1, 2)))
    for name in names:
        MUTATIONS[name](random, copy)
    _trade(copy).options.Extensions[options_pb2.contract].version = "1.1"
    return copy, names


def _trade(files: Files) -> DescriptorProto:
    return next(message for message in files[FILE].message_type if message.name == "Trade")


def _message(random: Random, files: Files) -> DescriptorProto:
    """The contract, or a message that it holds, with fields enough to change."""
    return random.choice([_trade(files), *(each for each in files[FILE].message_type if len(each.field) > 1)])


def _field(random: Random, message: DescriptorProto) -> FieldDescriptorProto:
    return random.choice(message.field)


def _enum(random: Random, files: Files) -> EnumDescriptorProto:
    return files[random.choice((FILE, MARKET_TYPE_FILE))].enum_type[0]


def _add_field(random: Random, files: Files) -> None:
    message = _message(random, files)
    taken = {field.number for field in message.field}
    number = random.choice([number for number in (*range(1, 6), *PAYLOAD) if number not in taken])
    schemas.add_field(random, message, number, nested=message.name == "Trade")


def _remove_field(random: Random, files: Files) -> None:
    message = _message(random, files)
    index = random.randrange(len(message.field))
    field = message.field[index]
    if random.random() < 0.5:
        message.reserved_range.add(start=field.number, end=field.number + 1)
        message.reserved_name.append(field.name)
    del message.field[index]


def _replace_field(random: Random, files: Files) -> None:
    """What reuse of a number looks like: one field goes, another one comes with its number."""
    message = _message(random, files)
    index = random.randrange(len(message.field))
    number = message.field[index].number
    del message.field[index]
    schemas.add_field(random, message, number, nested=message.name == "Trade").name += "_new"


def _rename_field(random: Random, files: Files) -> None:
    field = _field(random, _message(random, files))
    field.name += "_x"


def _renumber_field(random: Random, files: Files) -> None:
    message = _message(random, files)
    field = _field(random, message)
    if random.random() < 0.5:
        message.reserved_range.add(start=field.number, end=field.number + 1)
    field.number = random.choice(PAYLOAD)


def _swap_fields(random: Random, files: Files) -> None:
    message = _message(random, files)
    one, other = random.sample(list(message.field), 2)
    one.number, other.number = other.number, one.number


def _retype_field(random: Random, files: Files) -> None:
    message = _message(random, files)
    schemas.retype(random, _field(random, message), nested=message.name == "Trade")


def _retype_map(random: Random, files: Files) -> None:
    entries = _trade(files).nested_type
    if entries:
        schemas.retype(random, random.choice(entries).field[1])


def _relabel_field(random: Random, files: Files) -> None:
    message = _message(random, files)
    field = _field(random, message)
    if random.random() < 0.5 and not field.HasField("oneof_index") and field.label == SINGLE:
        schemas.track_presence(message, field)
    elif not field.type_name.endswith("Entry"):
        field.label = SINGLE if field.label == REPEATED else REPEATED


def _into_oneof(random: Random, files: Files) -> None:
    message = _message(random, files)
    field = _field(random, message)
    if field.label == SINGLE and not field.HasField("oneof_index"):
        schemas.move_into_oneof(message, field)


def _out_of_oneof(random: Random, files: Files) -> None:
    members = [field for field in _trade(files).field if field.HasField("oneof_index") and not field.proto3_optional]
    if len(members) > 1:
        random.choice(members).ClearField("oneof_index")


def _change_option(random: Random, files: Files) -> None:
    field = _field(random, _message(random, files))
    extension = random.choice((options_pb2.required, options_pb2.decimal))
    field.options.Extensions[extension] = not field.options.Extensions[extension]


def _change_packed(random: Random, files: Files) -> None:
    field = _field(random, _message(random, files))
    field.options.packed = not field.options.packed


def _change_json_name(random: Random, files: Files) -> None:
    _field(random, _message(random, files)).json_name = "another"


def _change_contract(random: Random, files: Files) -> None:
    option = _trade(files).options.Extensions[options_pb2.contract]
    choice = random.randrange(4)
    if choice == 0:
        option.topic = "pragma-deals-v1"
    elif choice == 1:
        option.data_type = "deal"
    else:
        key = list(option.key)
        random.shuffle(key)
        option.key[:] = key[: random.randint(2, 4)]


def _add_value(random: Random, files: Files) -> None:
    enum = _enum(random, files)
    value = enum.value.add(name=f"{enum.value[0].name[:4]}_NEW", number=random.randrange(1, 12))
    schemas.text_options(random, value)


def _remove_value(random: Random, files: Files) -> None:
    enum = _enum(random, files)
    del enum.value[random.randrange(1, len(enum.value))]


def _renumber_value(random: Random, files: Files) -> None:
    enum = _enum(random, files)
    if random.random() < 0.5:
        one, other = random.sample(list(enum.value)[1:], 2)
        one.number, other.number = other.number, one.number
    else:
        random.choice(enum.value[1:]).number = random.randrange(1, 12)


def _rename_value(random: Random, files: Files) -> None:
    random.choice(_enum(random, files).value[1:]).name += "_X"


def _change_text(random: Random, files: Files) -> None:
    schemas.text_options(random, random.choice(_enum(random, files).value[1:]))


def _reserve(random: Random, files: Files) -> None:
    message = _message(random, files)
    number = random.choice(PAYLOAD)
    message.reserved_range.add(start=number, end=number + 1)
    message.reserved_name.append(f"f{number}_c")


def _unreserve(random: Random, files: Files) -> None:
    message = _trade(files)
    if message.reserved_range:
        del message.reserved_range[0], message.reserved_name[0]


def _reorder_fields(random: Random, files: Files) -> None:
    message = _message(random, files)
    fields = [type(field).FromString(field.SerializeToString()) for field in message.field]
    random.shuffle(fields)
    del message.field[:]
    message.field.extend(fields)


def _reorder_messages(_: Random, files: Files) -> None:
    messages = [type(message).FromString(message.SerializeToString()) for message in files[FILE].message_type]
    del files[FILE].message_type[:]
    files[FILE].message_type.extend(reversed(messages))


def _add_message(_: Random, files: Files) -> None:
    if all(message.name != "More" for message in files[FILE].message_type):
        files[FILE].message_type.add(name="More")


MUTATIONS: dict[str, Mutation] = {
    "add field": _add_field,
    "remove field": _remove_field,
    "replace field": _replace_field,
    "rename field": _rename_field,
    "renumber field": _renumber_field,
    "swap fields": _swap_fields,
    "retype field": _retype_field,
    "retype map": _retype_map,
    "relabel field": _relabel_field,
    "into oneof": _into_oneof,
    "out of oneof": _out_of_oneof,
    "change option": _change_option,
    "change packed": _change_packed,
    "change json_name": _change_json_name,
    "change contract": _change_contract,
    "add value": _add_value,
    "remove value": _remove_value,
    "renumber value": _renumber_value,
    "rename value": _rename_value,
    "change text": _change_text,
    "reserve": _reserve,
    "unreserve": _unreserve,
    "reorder fields": _reorder_fields,
    "reorder messages": _reorder_messages,
    "add message": _add_message,
}
