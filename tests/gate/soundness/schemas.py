"""Random schemas: a contract with fields of every kind, and the files that it imports, as descriptors."""

from functools import cache
from pathlib import Path
from random import Random

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    EnumValueDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from google.protobuf.message import Message as ProtoMessage

from pragma_contracts.descriptors import completed, parse_set
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.model import KEY_LAYOUT, Schemas
from pragma_contracts.governance.reader import read
from pragma_contracts.messages.pragma.contracts.v1 import options_pb2

CONTRACT = "test.v1.Trade"
FILE = "test/v1/trade.proto"
MARKET_TYPE_FILE = "pragma/market/v1/market_type.proto"
COLUMN = ".pragma.market.v1.DecimalColumn"
PART, ROWS, SIDE = ".test.v1.Part", ".test.v1.Rows", ".test.v1.Side"

SINGLE, REPEATED = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED
STRING, ENUM, MESSAGE = (
    FieldDescriptorProto.TYPE_STRING,
    FieldDescriptorProto.TYPE_ENUM,
    FieldDescriptorProto.TYPE_MESSAGE,
)
SCALARS = tuple(
    FieldDescriptorProto.Type.Value(f"TYPE_{name}")
    for name in "STRING BYTES BOOL INT32 INT64 UINT32 UINT64 SINT32 SINT64 FIXED32 FIXED64 SFIXED64 DOUBLE".split()
)
HEADER = (
    ("envelope", MESSAGE, ".pragma.market.v1.Envelope"),
    ("market_type", ENUM, ".pragma.market.v1.MarketType"),
    ("network_id", STRING, ""),
    ("source_id", STRING, ""),
    ("token_ticker", STRING, ""),
)
PAYLOAD = (*range(6, 15), *range(16, 40))

# A schema as its files by name; those that it imports and that never change are added when it is read.
Files = dict[str, FileDescriptorProto]


def schema(random: Random) -> Files:
    """A valid schema of one contract with a random payload, and of the market types."""
    file = FileDescriptorProto(name=FILE, package="test.v1", syntax="proto3")
    file.dependency.extend(
        f"pragma/{name}.proto"
        for name in ("contracts/v1/options", "market/v1/envelope", "market/v1/market_depth", "market/v1/market_type")
    )
    trade = file.message_type.add(name="Trade")
    option = trade.options.Extensions[options_pb2.contract]
    option.topic, option.data_type, option.version = "pragma-trades-v1", "trade", "1.0"
    option.key.extend(KEY_LAYOUT)
    for number, (name, kind, type_name) in enumerate(HEADER, 1):
        field = trade.field.add(name=name, number=number, type=kind, label=SINGLE, type_name=type_name or None)
        field.options.Extensions[options_pb2.required] = True
    numbers = random.sample(PAYLOAD, random.randint(4, 10))
    for number in numbers:
        add_field(random, trade, number)
    _reserve(random, trade, [number for number in PAYLOAD if number not in numbers])
    trade.field.add(name="book", number=PAYLOAD[-1] + 1, type=MESSAGE, type_name=ROWS, label=SINGLE)
    part = file.message_type.add(name="Part")
    for number in range(1, random.randint(3, 5)):
        add_field(random, part, number, nested=False)
    rows = file.message_type.add(name="Rows")
    rows.options.Extensions[options_pb2.columns] = True
    for number, name in enumerate(("prices", "sizes"), 1):
        rows.field.add(name=name, number=number, type=MESSAGE, type_name=COLUMN, label=SINGLE)
    file.enum_type.add().CopyFrom(_side(random))
    market_types = FileDescriptorProto.FromString(_imports()[MARKET_TYPE_FILE])
    return {FILE: file, MARKET_TYPE_FILE: market_types}


def add_field(random: Random, message: DescriptorProto, number: int, *, nested: bool = True) -> FieldDescriptorProto:
    """Adds a random field with this number: of any kind, in a map, a list or a oneof, with any option."""
    field = message.field.add(name=f"f{number}_{random.choice('abc')}", number=number, label=SINGLE)
    retype(random, field, nested=nested)
    shape = random.randrange(6)
    if shape == 0:
        field.label = REPEATED
    elif shape == 1:
        track_presence(message, field)
    elif shape == 2:
        move_into_oneof(message, field)
    elif shape == 3 and nested:
        _make_map(message, field)
    elif field.type in (STRING, ENUM, MESSAGE) and random.random() < 0.4:
        field.options.Extensions[options_pb2.required] = True
    if field.type == STRING and field.label == SINGLE and random.random() < 0.4:
        field.options.Extensions[options_pb2.decimal] = True
    return field


def retype(random: Random, field: FieldDescriptorProto, *, nested: bool = True) -> None:
    """Gives a field a random type."""
    field.ClearField("type_name")
    choice = random.randrange(6)
    if choice == 0:
        field.type, field.type_name = ENUM, SIDE
    elif choice == 1 and nested:
        field.type, field.type_name = MESSAGE, random.choice((PART, ROWS, COLUMN))
    else:
        field.type = random.choice(SCALARS)


def track_presence(message: DescriptorProto, field: FieldDescriptorProto) -> None:
    """Makes a field `optional`, which is a oneof of its own."""
    field.proto3_optional, field.oneof_index = True, len(message.oneof_decl)
    message.oneof_decl.add(name=f"_{field.name}")


def move_into_oneof(message: DescriptorProto, field: FieldDescriptorProto) -> None:
    """Moves a single field into the oneof `cap`, which is made when there is none."""
    names = [oneof.name for oneof in message.oneof_decl]
    if "cap" not in names:
        # Those of `optional` fields have to stand behind it.
        del message.oneof_decl[:]
        for name in ("cap", *names):
            message.oneof_decl.add(name=name)
        for other in message.field:
            if other.HasField("oneof_index"):
                other.oneof_index += 1
    field.oneof_index = [oneof.name for oneof in message.oneof_decl].index("cap")


def _make_map(message: DescriptorProto, field: FieldDescriptorProto) -> None:
    name = "".join(part.capitalize() for part in field.name.split("_")) + "Entry"
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=STRING, label=SINGLE)
    entry.field.add(name="value", number=2, type=field.type, type_name=field.type_name or None, label=SINGLE)
    field.label, field.type, field.type_name = REPEATED, MESSAGE, f".{CONTRACT}.{name}"


def _reserve(random: Random, message: DescriptorProto, free: list[int]) -> None:
    for number in random.sample(free, 2):
        message.reserved_range.add(start=number, end=number + 1)
        message.reserved_name.append(f"f{number}_a")


def _side(random: Random) -> EnumDescriptorProto:
    side = EnumDescriptorProto(name="Side")
    side.value.add(name="SIDE_UNSPECIFIED", number=0)
    for number, name in enumerate(("BUY", "SELL", "CROSS"), 1):
        value = side.value.add(name=f"SIDE_{name}", number=number)
        text_options(random, value)
    side.reserved_range.add(start=9, end=9)
    side.reserved_name.append("SIDE_OLD")
    return side


def text_options(random: Random, value: EnumValueDescriptorProto) -> None:
    """Gives an enum value another text or key token, or none."""
    value.ClearField("options")
    if random.random() < 0.5:
        value.options.Extensions[options_pb2.text] = f"text_{random.randrange(4)}"
    if random.random() < 0.5:
        value.options.Extensions[options_pb2.key_token] = f"token{random.randrange(4)}"


@cache
def _imports() -> dict[str, bytes]:
    files = parse_set(compile_as_it_is(Path(__file__).parents[3] / "schemas").image).file
    for file in files:
        # Comments and places would be read again for each of thousands of changes.
        file.ClearField("source_code_info")
    return {file.name: file.SerializeToString() for file in files}


class Side:
    """One side of a change: its schema model, and its contract's class in a pool of its own.

    Raises:
        TypeError: the files do not make a valid schema.
    """

    def __init__(self, files: Files) -> None:
        for enum in (enum for file in files.values() for enum in file.enum_type):
            if len({value.number for value in enum.value}) < len(enum.value):
                raise TypeError("the compiler refuses two values of one number, and the pool does not")
        serialized = _imports() | {name: file.SerializeToString() for name, file in files.items()}
        pool = descriptor_pool.DescriptorPool()
        waiting = dict(serialized)
        while waiting:
            for name, data in list(waiting.items()):
                if not any(other in waiting for other in FileDescriptorProto.FromString(data).dependency):
                    pool.AddSerializedFile(waiting.pop(name))
        descriptors: FileDescriptorSet = parse_set(b"")
        descriptors.file.extend(completed(data) for data in serialized.values())
        self.schemas: Schemas = read(descriptors)
        self.message: type[ProtoMessage] = message_factory.GetMessageClass(pool.FindMessageTypeByName(CONTRACT))
