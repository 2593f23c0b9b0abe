"""What a change is compared with: a git ref, a folder, or the wheel of a release."""

import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.model import Schemas

# Where the schemas are in the package's own wheel.
_IN_WHEEL = "pragma_contracts/schemas/"


class Base(NamedTuple):
    """An old side with its name, and the part of the new side that it is compared with.

    later: of a version in a registry, the last one that came after it there.
    """

    name: str
    old: Schemas
    new: Schemas
    later: Schemas | None = None


def read_both(against: str, folder: Path) -> Base:
    """The base that `against` names, and the new schemas of `folder`; raises what `read_base` does."""
    # At the same time, because nearly all of it is waiting for two compilers.
    with ThreadPoolExecutor(max_workers=1) as beside:
        new = beside.submit(compile_as_it_is, folder)
        old = read_base(against, folder)
        return Base(against, old, new.result())


def read_base(against: str, folder: Path) -> Schemas:
    """The schemas of the base that `against` names, of which `folder` holds the new ones.

    Raises:
        ConfigurationError: there is no such base, or it has no schemas; the text says what to do.
        SchemaError: they do not compile.
    """
    path = Path(against)
    if path.suffix == ".whl":
        return unpacked(_of_wheel(path))
    if path.is_dir():
        return compile_as_it_is(path / "schemas" if (path / "schemas").is_dir() else path)
    return unpacked(_of_git(against, folder))


def unpacked(files: dict[str, bytes]) -> Schemas:
    """Compiles files that are in no folder yet. Raises SchemaError."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in files.items():
            target = Path(scratch) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return compile_as_it_is(Path(scratch))


def _of_wheel(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if name.startswith(_IN_WHEEL) and name.endswith(".proto")]
            files = {name.removeprefix(_IN_WHEEL): wheel.read(name) for name in names}
    except (OSError, zipfile.BadZipFile) as error:
        raise ConfigurationError("against", f"{path} is no wheel that can be read: {error}") from error
    if not files:
        raise ConfigurationError("against", f"{path} has no {_IN_WHEEL}*.proto: is it a wheel of pragma-contracts?")
    return files


def _of_git(ref: str, folder: Path) -> dict[str, bytes]:
    root = _git(folder, "rev-parse", "--show-toplevel")
    if root is None:
        problem = f"{ref!r} is no folder and no wheel, and {folder} is in no git repository that could have it as a ref"
        raise ConfigurationError("against", problem)
    if _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}") is None:
        raise ConfigurationError("against", _missing(ref, folder))
    place = folder.resolve().relative_to(Path(root.decode().strip()).resolve()).as_posix()
    packed = _git(folder, "-C", root.decode().strip(), "archive", "--format=tar", ref, "--", place)
    files = _protos(packed, place) if packed is not None else {}
    if not files:
        problem = (
            f"{ref} has no .proto file in {place}; if contracts begin with this change there is nothing to compare "
            "with, and if they were elsewhere, check that out and name its folder"
        )
        raise ConfigurationError("against", problem)
    return files


def _protos(packed: bytes, place: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member) if member.name.endswith(".proto") else None
            if content is not None:
                files[member.name.removeprefix("" if place == "." else f"{place}/")] = content.read()
    return files


def _missing(ref: str, folder: Path) -> str:
    shallow = _git(folder, "rev-parse", "--is-shallow-repository")
    if shallow is not None and shallow.strip() == b"true":
        how = (
            "this clone is shallow: fetch the whole history (`git fetch --unshallow`, or fetch-depth: 0 in a workflow)"
        )
    else:
        how = "fetch it (`git fetch origin`), or name a folder or a wheel"
    return f"git does not know {ref!r} here; {how}"


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints, or None when it refuses. Raises ConfigurationError when there is no git."""
    git = shutil.which("git")
    if git is None:
        raise ConfigurationError("against", "git is not installed; name a folder or a wheel")
    done = subprocess.run([git, *arguments], cwd=folder, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None
