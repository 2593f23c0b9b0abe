"""What the commands do on every kind of registry, and on a real one: PRAGMA_CONTRACTS_TEST_REGISTRY is its URL."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pragma_contracts import MarketDepth, Price
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import Behaviour
from tests.registries.market import Market, Place, run

ADDED = ("= true\n  ];\n", "= true\n  ];\n  // What else there is to say.\n  string note = 7;\n")
INTEGER = (
    """string price = 6 [
    (pragma.contracts.v1.required) = true,
    (pragma.contracts.v1.decimal) = true
  ];""",
    "int64 price = 6;",
)
RENAMED = ("string price = 6", "string last = 6")
RAISED = ('version: "1.1"', 'version: "1.2"')

# What a kind of registry loses of a descriptor.
LOST = {Behaviour.CONFLUENT: ["options"], Behaviour.KARAPACE: ["maps", "options"]}


def test_the_first_run_keeps_everything_and_the_next_ones_change_nothing(market: Market) -> None:
    first = market.register()
    assert (first.code, first.err) == (0, ""), first.out
    assert "Read back: this registry keeps everything (4 subjects).\n" in first.out
    assert first.out.endswith("contracts.lock\n")
    there = market.versions()
    assert all(there.values())
    assert market.register("--check").code == 0
    again = market.register()
    assert again.code == 0
    assert "Nothing to do: the registry has all of it." in again.out
    market.edit(("message Price {", "// A comment.\nmessage Price {"))
    edited = market.register()
    assert edited.code == 0, edited.out + edited.err
    assert "Nothing to do: the registry has all of it." in edited.out
    assert market.versions() == there


def test_an_added_field_is_a_new_version_and_a_break_is_refused_before_anything_is_written(market: Market) -> None:
    assert market.register().code == 0
    market.edit(ADDED, RAISED)
    second = market.register()
    assert second.code == 0, second.out + second.err
    (line,) = [line for line in second.out.splitlines() if line.lstrip().startswith(f"~ {market.prices} ")]
    assert "new version, after version 1" in line
    there, lock = market.versions(), (market.folder / "contracts.lock").read_text(encoding="utf-8")
    assert there[market.prices] == [1, 2]
    assert market.register("--check").code == 0
    gated = market.gate()
    assert market.passed(gated), gated.out + gated.err
    (compared,) = [line for line in gated.out.splitlines() if line.startswith("Compared with ")]
    assert f"{market.prices} (2)" in compared
    assert "pragma/market/v1/envelope.proto (1)" in compared
    assert f"{market.prices} version" not in gated.out
    market.edit(('version: "1.2"', 'version: "1.3"'))
    for old, new, rule in (*INTEGER, "FIELD_SAME_TYPE"), (*RENAMED, "FIELD_SAME_NAME"):
        market.edit((old, new))
        refused = market.register()
        assert refused.code == 1
        assert rule in refused.out
        assert refused.out.endswith("nothing is written.\n")
        market.edit((new, old))
    assert market.versions() == there
    assert (market.folder / "contracts.lock").read_text(encoding="utf-8") == lock


def test_two_at_once_end_in_one_version(market: Market) -> None:
    command = [str(Path(sys.executable).with_name("pragma-contracts")), "register", "--schemas", str(market.schemas)]
    command += ["--registry", market.place.url]
    both = [
        subprocess.Popen(
            [*command, "--lock", str(market.folder / f"{number}.lock")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for number in range(2)
    ]
    said = [each.communicate(timeout=120) for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert set(map(tuple, market.versions().values())) == {(1,)}
    locks = [(market.folder / f"{number}.lock").read_text(encoding="utf-8") for number in range(2)]
    assert locks[0] == locks[1]


@pytest.mark.parametrize("form", ["text", "descriptor"])
def test_producers_find_their_ids_without_a_lock(place: Place, tmp_path: Path, form: str) -> None:
    lock = tmp_path / "contracts.lock"
    done = run("register", "--registry", place.url, "--form", form, "--lock", str(lock))
    assert done.code == 0, done.out + done.err
    found = producer_ids(CONTRACTS, registry=place.url)
    assert {contract.message for contract in found} >= {Price, MarketDepth}
    assert found == producer_ids(CONTRACTS, registry=place.url, lock=lock)


def test_what_was_registered_in_the_other_form_is_recognised_and_guarded(market: Market) -> None:
    first = market.register("--form", "descriptor", "--output", "json")
    assert first.code == 0, first.out + first.err
    lost = json.loads(first.out)["lost"]
    if market.place.behaviour is not None:
        assert lost == LOST.get(market.place.behaviour, [])
    there = market.versions()
    # A run without the lock of the first one knows no more than what the registry says.
    (market.folder / "contracts.lock").unlink()
    second = market.register("--form", "text")
    assert second.code == 0, second.out + second.err
    assert second.out.count("unchanged") >= len(there)
    assert market.versions() == there
    assert ("this registry has lost" in second.out) == bool(lost)
    gated = market.gate()
    assert market.passed(gated), gated.out + gated.err
    assert f"{market.prices} (1)" in gated.out
    unseen = [line for line in gated.out.splitlines() if line.startswith("Not compared: ")]
    assert all(line.endswith(": the registry has lost them") for line in unseen)
    assert any(f"{market.prices} version 1" in line for line in unseen) == bool(lost)
    market.edit(INTEGER, RAISED)
    refused = market.register()
    assert refused.code == 1
    assert "FIELD_SAME_TYPE" in refused.out
    assert market.versions() == there


def test_a_subject_of_ours_that_holds_no_protobuf_ends_the_run(market: Market) -> None:
    market.place.put(market.prices, '{"type": "string"}', "AVRO")
    for done in market.register(), market.gate():
        assert (done.code, done.out) == (2, "")
        assert f"{market.prices} version 1 is no protobuf schema" in done.err
    assert market.versions()[market.prices] == [1]


def test_a_subject_of_ours_that_holds_no_contract_ends_the_run(market: Market) -> None:
    market.place.put(market.prices, 'syntax = "proto3";\nmessage Price {\n  string price = 6;\n}\n', "PROTOBUF")
    for done in market.register(), market.gate():
        assert (done.code, done.out) == (2, "")
        assert f"{market.prices} version 1 holds no contract" in done.err
