"""Runs buf on compiled schemas, with rules that are given: no buf.yaml nearby is read."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.model import Schemas

_FOUND = 100


def buf(command: str, rules: list[str], schemas: Schemas, *, against: Schemas | None = None) -> list[dict[str, Any]]:
    """What `buf lint` or `buf breaking` finds, as buf's JSON has it: type, path, start_line, start_column, message.

    Raises:
        ConfigurationError: buf is not installed, or fails.
    """
    config = json.dumps({"version": "v2", command: {"use": rules}})
    with tempfile.TemporaryDirectory() as scratch:
        # A folder of its own, so that no buf.yaml is found.
        (Path(scratch) / "schemas.binpb").write_bytes(schemas.image)
        arguments = [command, "schemas.binpb", "--config", config, "--error-format", "json"]
        if against is not None:
            (Path(scratch) / "against.binpb").write_bytes(against.image)
            arguments += ["--against", "against.binpb"]
        done = subprocess.run([_program(), *arguments], cwd=scratch, capture_output=True, text=True, check=False)
    found = done.stdout.splitlines()
    # One that says that it found something, and not what, has failed too.
    if done.returncode != (_FOUND if found else 0):
        problem = done.stderr.strip() or f"exit code {done.returncode}, {len(found)} findings"
        raise ConfigurationError("buf", f"it failed, so there is no verdict: {problem}")
    return [json.loads(line) for line in found]


def _program() -> str:
    beside = Path(sys.executable).with_name("buf")
    found = str(beside) if beside.exists() else shutil.which("buf")
    if found is None:
        raise ConfigurationError("buf", "it is not installed: pip install 'pragma-contracts[governance]'")
    return found
