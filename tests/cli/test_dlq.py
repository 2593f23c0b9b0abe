"""`pragma-contracts dlq` as a user runs it, on the embedded stack; tests/stream replays on a real one."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pragma_contracts import MarketDepth, Price, encode, stamp
from pragma_contracts.errors import ForeignSchema, InvalidFrame, InvalidMessage
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import Stack, embedded
from tests.stream.letters import DEAD, KEY, TOPIC, bury, make_topic, messages, write_bad

Run = Callable[..., subprocess.CompletedProcess[str]]

FRAME = InvalidFrame("holds no Price", 6, 9)
SASL = "security.protocol=SASL_PLAINTEXT"
CONTENT = InvalidMessage("Price", TOPIC, "price", "", "is missing")


@pytest.fixture
def dead() -> Iterator[Stack]:
    with embedded() as running:
        make_topic(running, DEAD)
        yield running


@pytest.fixture
def run(dead: Stack) -> Run:
    def call(command: str, *arguments: str, topic: str = DEAD) -> subprocess.CompletedProcess[str]:
        program = str(Path(sys.executable).with_name("pragma-contracts"))
        given = [program, "dlq", command, "--bootstrap", dead.bootstrap, "--topic", topic, *arguments]
        return subprocess.run(given, capture_output=True, text=True, check=False, timeout=120)

    return call


def good(schema_id: int = 1) -> bytes:
    message = Price(market_type=2, network_id="unknown", source_id="paradex", token_ticker="BTC", price="65432.10")
    stamp(message, event_time=time.time_ns())
    return encode(message, schema_id)


@pytest.fixture
def three(dead: Stack) -> Stack:
    """Three letters: one that can be read now, one that cannot, and one that never could be printed."""
    bury(dead, write_bad(dead, {"key": KEY, "value": good()}), CONTENT)
    bury(
        dead, write_bad(dead, {"key": KEY, "value": None}, {"key": b"\x1b[2J\xff\n", "value": b"\x1b[2J" * 100}), FRAME
    )
    return dead


def test_show_has_a_line_for_each_letter_and_a_summary(three: Stack, run: Run) -> None:
    done = run("show")
    assert (done.returncode, done.stderr) == (0, "")
    header, *letters, empty, columns, content, frame = done.stdout.splitlines()
    assert header.split() == ["letter", "written", "source", "kind", "bytes", "now", "key:", "error"]
    assert empty == ""
    assert (columns.split(), content.split(), frame.split()) == (
        ["kind", "readable", "bad"],
        ["content", "1", "0"],
        ["frame", "0", "2"],
    )
    size = len(KEY + (messages(three, TOPIC)[0].value() or b""))
    by_source = {line.split()[2]: line for line in letters}
    assert by_source["0:0"].endswith("  perp-unknown-paradex-BTC: Price (pragma-prices-v1): price = '': is missing")
    assert by_source["0:0"].split()[3:6] == ["content", str(size), "readable"]
    assert "; now: frame of 0 bytes, at byte 0: is a tombstone" in by_source["0:1"]
    assert r"  \x1b[2J\xff\n: frame of 9 bytes" in by_source["0:2"]
    assert done.stdout.replace("\n", "").isprintable()


def test_show_as_json_is_one_object_a_line(three: Stack, run: Run) -> None:
    *letters, summary = map(json.loads, run("show", "--output", "json").stdout.splitlines())
    assert summary == {
        "summary": {
            "content": {"readable": 1, "bad": 0, "replayed": 0},
            "frame": {"readable": 0, "bad": 2, "replayed": 0},
        }
    }
    (letter,) = (letter for letter in letters if letter["kind"] == "content")
    assert {name: letter[name] for name in ("now", "problem", "key", "error", "group", "replays", "left_out")} == {
        "now": "readable",
        "problem": "",
        "key": KEY.decode(),
        "error": str(CONTENT),
        "group": "ingestor",
        "replays": 0,
        "left_out": "",
    }
    assert {name: letter["source"][name] for name in ("topic", "partition", "offset")} == {
        "topic": TOPIC,
        "partition": 0,
        "offset": 0,
    }


def test_show_takes_a_kind_a_time_and_the_newest(three: Stack, run: Run) -> None:
    def sources(*options: str) -> list[str]:
        lines = run("show", *options).stdout.partition("\n\n")[0].splitlines()
        return sorted(line.split()[2] for line in lines[1:])

    assert sources("--kind", "frame") == ["0:1", "0:2"]
    assert sources("--kind", "nothing") == []
    assert sources("--since", "1h") == ["0:0", "0:1", "0:2"]
    assert sources("--since", "2099-01-01T00:00:00+02:00") == []
    newest = max(
        messages(three, DEAD), key=lambda message: (message.timestamp()[1], message.partition(), message.offset())
    )
    wanted = dict(newest.headers() or [])["dlq.offset"] or b""
    assert sources("--limit", "1") == [f"0:{wanted.decode()}"]
    assert "frame" in run("show", "--limit", "1").stdout.splitlines()[-1], "the summary is of all"


def test_replay_writes_back_what_can_be_read_once(three: Stack, run: Run) -> None:
    planned = run("replay", "--kind", "content", "--dry-run")
    assert (planned.returncode, planned.stdout) == (3, "kind     would replay\ncontent             1\n")
    done = run("replay", "--kind", "content")
    assert (done.returncode, done.stdout) == (0, "kind     replayed\ncontent         1\n")
    again = run("replay")
    assert (again.returncode, again.stdout) == (
        1,
        "kind     replayed already  still bad\n"
        "content                 1          0\n"
        "frame                   0          2\n"
        "`pragma-contracts dlq show` says why letters are still bad\n",
    )
    assert len(messages(three, TOPIC)) == 4
    assert [line for line in run("show").stdout.splitlines() if " replayed " in line]


def test_letters_of_refused_schema_ids_are_judged_with_a_registry(dead: Stack, run: Run) -> None:
    register_installed(dead.registry_url)
    ids = {contract.message: number for contract, number in producer_ids(CONTRACTS, registry=dead.registry_url).items()}
    frames = [good(ids[Price]), good(ids[MarketDepth])]
    error = ForeignSchema(7, f"{TOPIC}-value", [])
    bury(dead, write_bad(dead, *[{"key": KEY, "value": frame} for frame in frames]), error)
    alone = run("replay")
    assert (alone.returncode, alone.stdout.splitlines()[1].split()) == (1, ["schema_id", "2"])
    assert "is not known to be pragma-prices-v1-value's; name a registry that has it" in run("show").stdout
    asked = run("replay", "--registry", dead.registry_url)
    assert asked.stdout.splitlines()[:2] == ["kind       replayed  still bad", "schema_id         1          1"]


def test_an_empty_topic_is_no_failure(run: Run) -> None:
    assert run("show").stdout.splitlines()[-1] == "no letters"
    done = run("replay")
    assert (done.returncode, done.stdout) == (0, "no letters\n")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--topic", TOPIC], "error: topic: 'pragma-prices-v1' is no dead letter topic"),
        (["--topic", "trades-dlq"], "error: topic 'trades' belongs to no contract; known: pragma-orderbook-v1, "),
        (["--topic", "pragma-orderbook-v1-dlq"], "there is no topic pragma-orderbook-v1-dlq that this client may see"),
        (["--config", "linger=5"], 'error: config: No such configuration property: "linger"\n'),
        (["--config", "group.id=g"], "error: config['group.id']: is "),
        (["--config", "hunter2"], "Invalid value for '--config': write NAME=VALUE"),
        (
            ["--config", "sasl.password=hunter2", "--config", "sasl.mechanism=hunter2", "--config", SASL],
            "error: config: Failed to create consumer: Unsupported SASL mechanism: ***\n",
        ),
    ],
)
@pytest.mark.parametrize("command", ["show", "replay"])
def test_what_cannot_run_says_why_in_one_line(run: Run, command: str, options: list[str], problem: str) -> None:
    done = run(command, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
