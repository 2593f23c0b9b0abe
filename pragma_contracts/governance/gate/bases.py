"""What a change is compared with: a git ref, a folder, or the wheel of a release."""

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from pragma_contracts.errors import ConfigurationError, SchemaError
from pragma_contracts.governance.compiler import compile_as_it_is, compile_texts
from pragma_contracts.governance.gate.commits import schemas_at
from pragma_contracts.governance.model import Schemas

# Where the schemas are in the package's own wheel.
_IN_WHEEL = "pragma_contracts/schemas/"


class Base(NamedTuple):
    """An old side with its name, and the part of the new side that it is compared with.

    later: of a version in a registry, the last one that came after it there. versioned: whether the old side says which
    version of a contract it is, which a registry may have lost.
    """

    name: str
    old: Schemas
    new: Schemas
    later: Schemas | None = None
    versioned: bool = True


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
        ConfigurationError: there is no such base, or it has no schemas, or they do not compile; the text says what to
            do.
    """
    try:
        return _read(against, folder)
    except SchemaError as error:
        problem = f"the schemas of {against} do not compile, so there is nothing to compare with: {error}"
        raise ConfigurationError("against", problem) from error


def _read(against: str, folder: Path) -> Schemas:
    path = Path(against)
    if path.suffix == ".whl":
        return compile_texts(_of_wheel(path))
    if not path.is_dir():
        return schemas_at(against, folder)
    root = path / "schemas" if (path / "schemas").is_dir() else path
    if root.resolve() == folder.resolve():
        problem = f"{against} has the very schemas that are judged; name a git ref, a folder or a wheel with older ones"
        raise ConfigurationError("against", problem)
    if not any(root.rglob("*.proto")):
        raise ConfigurationError("against", f"no .proto file under {root}; name the folder that imports start from")
    return compile_as_it_is(root)


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
