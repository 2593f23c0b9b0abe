"""Our schemas, the odd ones and a third contract of the same package, compiled together; and messages of them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from google.protobuf import descriptor_pool, message_factory

from pragma_contracts.descriptors import parse_set
from pragma_contracts.governance.compiler import compile_folder
from pragma_contracts.governance.import_order import in_import_order
from pragma_contracts.governance.model import Message, Schemas
from tests.end_to_end.test_third_contract import FUNDING_RATE

CONTRACTS = ("Price", "MarketDepth", "Everything", "FundingRate")

Contract = Callable[[str], Message]


@pytest.fixture(scope="session")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .proto files of all four contracts."""
    folder = tmp_path_factory.mktemp("schemas")
    for each in "schemas", "tests/schemas":
        shutil.copytree(root / each, folder, dirs_exist_ok=True)
    (folder / "pragma/market/v1/funding_rate.proto").write_text(FUNDING_RATE, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def schemas(folder: Path) -> Schemas:
    """The model of all four contracts."""
    return compile_folder(folder)


@pytest.fixture(scope="session")
def contract(schemas: Schemas) -> Contract:
    """A contract by its name."""
    return {message.name: message for _, message, _ in schemas.contracts()}.__getitem__


@pytest.fixture(scope="session")
def message_class(schemas: Schemas, contract: Contract) -> Callable[[str], Any]:
    """The class of a contract as the schemas have it."""
    pool = descriptor_pool.DescriptorPool()
    for file in in_import_order(parse_set(schemas.image).file):
        pool.AddSerializedFile(file.SerializeToString())
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(contract(name).full_name))


def fill(message: Any, random: Random, depth: int = 3) -> None:
    """Sets a random choice of fields, to the edges of what they hold too."""
    for field in message.DESCRIPTOR.fields:
        nested = field.message_type
        if random.random() < 0.3 or (nested is not None and not depth):
            continue
        held = getattr(message, field.name)
        if nested is not None and nested.GetOptions().map_entry:
            for _ in range(2):
                key = _scalar(nested.fields_by_name["key"], random)
                value = nested.fields_by_name["value"]
                if value.message_type is not None:
                    fill(held[key], random, depth - 1)
                else:
                    held[key] = _scalar(value, random)
        elif not field.is_repeated:
            if nested is None:
                setattr(message, field.name, _scalar(field, random))
            else:
                held.SetInParent()
                fill(held, random, depth - 1)
        elif nested is None:
            held.extend(_scalar(field, random) for _ in range(random.randint(0, 3)))
        else:
            for _ in range(random.randint(0, 3)):
                fill(held.add(), random, depth - 1)


def _scalar(field: Any, random: Random) -> Any:
    if field.enum_type is not None:
        return random.choice([*(value.number for value in field.enum_type.values), 77])
    if field.cpp_type == field.CPPTYPE_STRING:
        text = random.choice(("", "a", "é€😀", "1.50", "-0"))
        return text.encode() if field.type == field.TYPE_BYTES else text
    if field.cpp_type == field.CPPTYPE_BOOL:
        return random.random() < 0.5
    if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return random.choice((0.0, -0.5, 1e30))
    bits = 32 if field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_UINT32) else 64
    signed = field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_INT64)
    edge = 1 << (bits - 1)
    return random.choice((0, 1, edge - 1, -1 if signed else edge, -edge if signed else 2 * edge - 1))
