"""Compiles a folder of .proto files into the schema model, with the protoc that grpcio-tools carries."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from pragma_contracts.descriptors import parse_set
from pragma_contracts.errors import ConfigurationError, SchemaError
from pragma_contracts.governance.lint.linting import check
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.reader import read
from pragma_contracts.governance.shipped import schemas_folder

_PROBLEM = re.compile(r"^(?P<file>[^:]+\.proto):(?P<line>\d+):\d+: (?!warning: )(?P<problem>.+)$", re.MULTILINE)
# What protoc says without a place, such as a name that is declared in two files.
_PLACELESS = re.compile(r"^(?P<file>[^:]+\.proto): (?!warning: )(?P<problem>.+)$", re.MULTILINE)


def compile_folder(folder: Path, *more: Path) -> Schemas:
    """Compiles and checks every .proto file under a folder, and under those beside it; import paths start there.

    What they import of this package and do not have is taken from the installed one.

    Raises:
        ConfigurationError: the folder holds no .proto file, or grpcio-tools is not installed.
        SchemaError: a file does not compile, or its contract options make no sense.
    """
    schemas = compile_as_it_is(folder, *more)
    check(schemas)
    return schemas


def compile_as_it_is(folder: Path, *more: Path) -> Schemas:
    """Compiles every .proto file as `compile_folder` does, whatever its contract options say. Raises the same."""
    roots = folder, *more
    names = sorted(path.relative_to(root).as_posix() for root in roots for path in root.rglob("*.proto"))
    if not names:
        raise ConfigurationError("schemas", f"no .proto file under {folder}; name the folder that imports start from")
    return read(_protoc(folder, [*(Path(os.path.relpath(root, folder)) for root in more), schemas_folder()], names))


def compile_texts(texts: Mapping[str, bytes], *, package: bool = True) -> Schemas:
    """Compiles files that are in no folder, by import path, whatever their contract options say.

    package: whether what they import and do not have is taken from the installed package.

    Raises:
        SchemaError: a file does not compile, or its name leads elsewhere.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in texts.items():
            target = Path(scratch) / name
            # Names may come from a wheel or a registry that somebody else has filled.
            if not target.resolve().is_relative_to(Path(scratch).resolve()):
                raise SchemaError(name, 0, "is no import path: it leads out of the folder of the schemas")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return read(_protoc(Path(scratch), [schemas_folder()] if package else [], sorted(texts)))


def _protoc(folder: Path, beside: Sequence[Path], names: Sequence[str]) -> FileDescriptorSet:
    """Compiles the named files of a folder; imports may also be in the folders beside it, or be protoc's own."""
    for name in names:
        # The compiler would take them for options, or for files of options.
        if name.startswith(("-", "@")):
            raise SchemaError(name, 0, "is no import path: it begins like an option of the compiler; rename it")
    try:
        import grpc_tools
    except ImportError as error:
        raise ConfigurationError(
            "schemas", "compiling .proto files needs grpcio-tools: pip install 'pragma-contracts[governance]'"
        ) from error
    includes = [f"-I{path}" for path in (".", *beside, Path(grpc_tools.__path__[0]) / "_proto", *_google_types())]
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "descriptors"
        # A process of its own: protoc writes its errors to the C stderr, where they cannot be caught. It starts in the
        # folder, so that its errors name files as imports do; -P, because that folder is no place of Python modules.
        done = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "grpc_tools.protoc", *includes),
                *("--include_imports", "--include_source_info", f"--descriptor_set_out={out}", *names),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise _error(done.stderr)
        return parse_set(out.read_bytes())


def _google_types() -> list[Path]:
    """Where google/type/ is, which protoc does not bring along, when a package has it."""
    found = find_spec("google.type")
    return [Path(found.submodule_search_locations[0]).parents[1]] if found and found.submodule_search_locations else []


def _error(stderr: str) -> SchemaError:
    if found := _PROBLEM.search(stderr):
        hint = "; `pip install googleapis-common-protos` brings it" if '"google/type/' in found["problem"] else ""
        return SchemaError(found["file"], int(found["line"]), f"{found['problem']}{hint}")
    if found := _PLACELESS.search(stderr):
        return SchemaError(found["file"], 0, found["problem"])
    return SchemaError("protoc", 0, stderr.strip() or "failed without a word")
