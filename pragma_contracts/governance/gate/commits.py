"""The schemas of a commit, as git has them."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.model import Schemas

# A hook has these, and they only hold for programs that start where git does.
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


def schemas_at(ref: str, folder: Path) -> Schemas:
    """The schemas that a folder held at a ref of the git repository that it is in.

    Raises:
        ConfigurationError: there is no such repository, ref or schemas; the text says what to do.
        SchemaError: they do not compile.
    """
    found = _git(folder, "rev-parse", "--show-toplevel")
    if found.returncode:
        problem = f"{ref!r} is no folder and no wheel, and of {folder} git says: {_words(found)}"
        raise ConfigurationError("against", problem)
    root = Path(found.stdout.decode().removesuffix("\n"))
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit.returncode:
        raise ConfigurationError("against", _missing(ref, folder))
    place = folder.resolve().relative_to(root.resolve())
    with tempfile.TemporaryDirectory() as scratch:
        if not _checked_out(commit.stdout.decode().strip(), root, place, Path(scratch)):
            problem = (
                f"{ref} has no .proto file in {place}; if contracts begin with this change, `pragma-contracts lint` is "
                "enough this once, and if they were elsewhere, check that out and name its folder"
            )
            raise ConfigurationError("against", problem)
        return compile_as_it_is(Path(scratch) / place)


def _checked_out(commit: str, root: Path, place: Path, scratch: Path) -> bool:
    """Writes the .proto files of a place in a commit under a folder; False when there are none.

    Not by `git archive`, which leaves out what a repository keeps out of its releases.
    """
    with tempfile.TemporaryDirectory() as beside:
        index = f"{beside}/index"
        _printed(_git(root, "read-tree", commit, index=index))
        listed = _printed(_git(root, "--literal-pathspecs", "ls-files", "-z", "--", str(place), index=index))
        protos = b"".join(name + b"\0" for name in listed.split(b"\0") if name.endswith(b".proto"))
        _printed(_git(root, "checkout-index", "-z", "--stdin", f"--prefix={scratch}/", stdin=protos, index=index))
    return bool(protos)


def _missing(ref: str, folder: Path) -> str:
    if _git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        how = (
            "this clone is shallow: fetch the whole history (`git fetch --unshallow`, or fetch-depth: 0 in a workflow)"
        )
    else:
        how = "fetch it (`git fetch origin`), or name a folder or a wheel"
    return f"git does not know {ref!r} here; {how}"


def _printed(done: subprocess.CompletedProcess[bytes]) -> bytes:
    """What git printed. Raises ConfigurationError with its words when it failed."""
    if done.returncode:
        problem = f"`git {' '.join(done.args[1:3])}` failed, so there is no verdict: {_words(done)}"
        raise ConfigurationError("against", problem)
    return done.stdout


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode(errors="replace").split())


def _git(
    folder: Path, *arguments: str, index: str | None = None, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Runs git in a folder, on an index of its own where one is named. Raises ConfigurationError: there is no git."""
    git = shutil.which("git")
    if git is None:
        raise ConfigurationError("against", "git is not installed; name a folder or a wheel")
    env = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    env |= {"GIT_INDEX_FILE": index} if index is not None else {}
    return subprocess.run([git, *arguments], cwd=folder, env=env, input=stdin, capture_output=True, check=False)
