"""The descriptor set: everything that a protobuf tool needs, in one file that the package carries."""

import json
import subprocess
import sys
from pathlib import Path

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from pragma_contracts import MarketType, Price, encode, stamp
from pragma_contracts.descriptors import DESCRIPTOR_SET
from pragma_contracts.governance.compiler import compile_folder
from pragma_contracts.governance.export.descriptor_set import descriptor_set
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.sources import installed, shipped
from tests.export.conftest import Contract


def test_it_builds_in_a_pool_that_knows_nothing() -> None:
    pool = descriptor_pool.DescriptorPool()
    names = []
    for file in FileDescriptorSet.FromString(DESCRIPTOR_SET.read_bytes()).file:
        # In this order: each file stands behind those that it imports.
        pool.AddSerializedFile(file.SerializeToString())
        names.append(file.name)
    assert names == [
        "google/protobuf/descriptor.proto",
        "google/protobuf/timestamp.proto",
        "pragma/contracts/v1/options.proto",
        "pragma/market/v1/envelope.proto",
        "pragma/market/v1/market_type.proto",
        "pragma/market/v1/market_depth.proto",
        "pragma/market/v1/price.proto",
    ]
    assert pool.FindMessageTypeByName("pragma.market.v1.Price").fields_by_name["price"].json_name == "price"


def test_what_is_shipped_is_what_is_installed_with_its_comments(root: Path) -> None:
    assert shipped().fingerprint == installed().fingerprint
    compiled = compile_folder(root / "schemas")
    assert [message.comment for message in shipped().messages.values()] == [
        message.comment if not message.file.startswith("google/") else "" for message in compiled.messages.values()
    ]


def test_the_same_contracts_are_the_same_bytes(schemas: Schemas, contract: Contract) -> None:
    both = [contract("Price"), contract("MarketDepth")]
    assert descriptor_set(schemas, both) == DESCRIPTOR_SET.read_bytes()
    assert descriptor_set(schemas, both[::-1]) == DESCRIPTOR_SET.read_bytes()
    fewer = FileDescriptorSet.FromString(descriptor_set(schemas, both[:1])).file
    assert "pragma/market/v1/market_depth.proto" not in [file.name for file in fewer]


def test_another_tool_reads_a_frame_with_it(tmp_path: Path) -> None:
    price = Price(
        market_type=MarketType.PERPETUAL, network_id="unknown", source_id="x", token_ticker="BTC", price="1.50"
    )
    stamp(price, event_time=5)
    (tmp_path / "payload").write_bytes(encode(price, 7)[6:])
    buf = str(Path(sys.executable).with_name("buf"))
    command = [buf, "convert", f"{DESCRIPTOR_SET}#format=binpb", "--type=pragma.market.v1.Price"]
    done = subprocess.run(
        [*command, "--from=payload#format=binpb", "--to=-#format=json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["marketType"], found["price"]) == ("MARKET_TYPE_PERPETUAL", "1.50")
    assert found["envelope"]["eventTimestamp"] == "1970-01-01T00:00:00.000000005Z"
