"""Compiles a folder of .proto files into the schema model, with the protoc that grpcio-tools carries."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pragma_contracts.descriptors import parse_set
from pragma_contracts.errors import ConfigurationError, SchemaError
from pragma_contracts.governance.checks import check
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.reader import read

_PROBLEM = re.compile(r"^(?P<file>[^:\s]+\.proto):(?:(?P<line>\d+):)?(?:\d+:)?\s*(?P<problem>.+)$", re.MULTILINE)


def compile_folder(folder: Path) -> Schemas:
    """Compiles and checks every .proto file under a folder; import paths are relative to it.

    Raises:
        ConfigurationError: the folder holds no .proto file, or grpcio-tools is not installed.
        SchemaError: a file does not compile, or its contract options make no sense.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))
    if not names:
        raise ConfigurationError("schemas", f"no .proto file under {folder}; name the folder that imports start from")
    try:
        import grpc_tools
    except ImportError as error:
        raise ConfigurationError(
            "schemas", "compiling .proto files needs grpcio-tools: pip install 'pragma-contracts[governance]'"
        ) from error
    well_known = Path(grpc_tools.__path__[0]) / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "descriptors"
        # A process of its own: protoc writes its errors to the C stderr, where they cannot be caught.
        done = subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{well_known}"),
                *("--include_imports", "--include_source_info", f"--descriptor_set_out={out}", *names),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise _error(done.stderr.replace(f"{folder}/", ""))
        schemas = read(parse_set(out.read_bytes()))
    check(schemas)
    return schemas


def _error(stderr: str) -> SchemaError:
    found = _PROBLEM.search(stderr)
    if found is None:
        return SchemaError("protoc", 0, stderr.strip() or "failed without a word")
    return SchemaError(found["file"], int(found["line"] or 0), found["problem"])
