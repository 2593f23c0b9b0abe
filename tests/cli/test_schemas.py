"""`pragma-contracts schemas` as a user runs it."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pragma_contracts.descriptors import DESCRIPTOR_SET

PROGRAM = str(Path(sys.executable).with_name("pragma-contracts"))

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command in a folder of the test's own."""

    def call(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        command = [PROGRAM, "schemas", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)

    return call


def test_one_text_goes_to_standard_output(run: Run) -> None:
    done = run("--form", "flat-proto", "--contract", "Price")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'\npackage pragma.market.v1;\n\nimport "google/protobuf/timestamp.proto";\n' in done.stdout
    assert run("--form", "flat-proto", "--contract", "pragma.market.v1.Price").stdout == done.stdout


def test_several_files_need_a_folder(run: Run, tmp_path: Path) -> None:
    done = run("--form", "flat-proto")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"error: --out: flat-proto gives 2 files (market_depth.proto, price.proto); name a folder\n"
    done = run("--form", "flat-proto", "--out", "all.proto")
    assert (done.returncode, done.stderr) == (
        2,
        b"error: --out: all.proto has a suffix, so it is a file, and flat-proto gives 2 "
        b"(market_depth.proto, price.proto); name a folder\n",
    )
    done = run("--form", "flat-proto", "--out", "new/folder")
    assert (done.returncode, done.stdout) == (0, b"Wrote new/folder/market_depth.proto\nWrote new/folder/price.proto\n")
    assert sorted(path.name for path in (tmp_path / "new/folder").iterdir()) == ["market_depth.proto", "price.proto"]


def test_one_file_may_be_named(run: Run, tmp_path: Path) -> None:
    done = run("--form", "descriptor-set", "--out", "mine.pb")
    assert (done.returncode, done.stdout) == (0, b"Wrote mine.pb\n")
    assert (tmp_path / "mine.pb").read_bytes() == DESCRIPTOR_SET.read_bytes()
    assert run("--form", "descriptor-set", "--out", tmp_path).stdout == f"Wrote {tmp_path}/contracts.binpb\n".encode()
    assert run("--form", "descriptor-set").stdout == DESCRIPTOR_SET.read_bytes()


def test_a_folder_of_schemas_gives_the_same(run: Run, root: Path) -> None:
    for form in "flat-proto", "descriptor-set":
        arguments = ("--form", form, "--contract", "MarketDepth")
        assert run(*arguments, "--schemas", root / "schemas").stdout == run(*arguments).stdout


def test_binary_is_not_written_to_a_terminal() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [PROGRAM, "schemas", "--form", "descriptor-set"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, done.stderr) == (
        2,
        b"error: --out: descriptor-set is no text for a terminal; name a file, or send it to a program\n",
    )


def test_what_is_wrong_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/a.proto").write_text('syntax = "proto3";\n\nmessage M {}\n', encoding="utf-8")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/a.proto").write_text('syntax = "proto3";\n\nmessage {}\n', encoding="utf-8")
    (tmp_path / "file").touch()
    wrong = {
        ("--contract", "Trade"): "--contract: no contract is called 'Trade'; there are MarketDepth, Price",
        ("--schemas", "plain"): "schemas: no message has the option (contract); there is nothing to export",
        ("--schemas", "bad"): "a.proto:3: Expected message name.",
        ("--out", "file/below"): "--out: file/below/google/protobuf/timestamp.proto cannot be written: Not a directory",
    }
    for arguments, problem in wrong.items():
        done = run("--form", "clickhouse", *arguments)
        assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", f"error: {problem}\n")
    done = run("--form", "avro")
    assert done.returncode == 2
    assert b"'avro' is not one of 'descriptor-set', 'flat-proto', 'clickhouse'" in done.stderr
