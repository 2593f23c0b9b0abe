"""Downloads what the real stack runs, pinned by checksum, into a cache outside the repository."""

import hashlib
import os
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pragma_contracts.errors import StackError

# A mirror of Maven Central, by URL; without it jgo's own default is asked.
MIRROR = "PRAGMA_CONTRACTS_MAVEN"
CACHE = "PRAGMA_CONTRACTS_CACHE"

_AT_ONCE = 6
_TIMEOUT_S = 60
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file in a Maven repository, and what its bytes must be."""

    sha256: str
    group: str
    name: str
    version: str
    classifier: str = ""
    packaging: str = "jar"

    @property
    def filename(self) -> str:
        """Its name in the repository."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{classifier}.{self.packaging}"


def kafka_jars() -> list[Path]:
    """The jars of the broker, downloaded when they are not in the cache. Raises StackError."""
    return _fetch_all("kafka")


def registry_folder() -> Path:
    """The unpacked folder of the registry, downloaded when it is not in the cache. Raises StackError."""
    (artifact,) = _locked("registry")
    folder = _cache() / f"registry-{artifact.sha256[:16]}"
    if folder.is_dir():
        return folder
    (archive,) = _fetch_all("registry")
    with tempfile.TemporaryDirectory(dir=_cache()) as scratch:
        unpacked = Path(scratch) / "registry"
        with tarfile.open(archive) as packed:
            packed.extractall(unpacked, filter="data")
        try:
            unpacked.rename(folder)
        except OSError as error:
            # Another process was faster, and its folder is as good.
            if not folder.is_dir():
                raise StackError("registry", f"cannot unpack into {folder}: {error}") from error
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(os.environ.get(CACHE) or f"{base}/pragma-contracts").expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _locked(group: str) -> list[Artifact]:
    text = files("pragma_contracts.testing").joinpath("artifacts.lock").read_text(encoding="utf-8")
    section = text.partition(f"[{group}]\n")[2].partition("\n\n")[0]
    return [_artifact(*line.split()) for line in section.splitlines()]


def _artifact(sha256: str, coordinate: str) -> Artifact:
    return Artifact(sha256, *coordinate.split(":"))


def _fetch_all(group: str) -> list[Path]:
    artifacts = _locked(group)
    missing = sum(not (_cache() / artifact.filename).exists() for artifact in artifacts)
    if missing:
        print(f"downloading {missing} file(s) of the {group} into {_cache()}", file=sys.stderr)  # noqa: T201
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(_fetch, artifacts))


def _fetch(artifact: Artifact) -> Path:
    target = _cache() / artifact.filename
    if target.exists() and _sha256(target) == artifact.sha256:
        return target
    for attempt in range(_TRIES):
        with tempfile.TemporaryDirectory(dir=_cache()) as scratch:
            try:
                _download(artifact, Path(scratch)).replace(target)
            except StackError as error:
                if attempt == _TRIES - 1:
                    raise StackError(error.what, f"{error.problem}; a mirror can be named in {MIRROR}") from error
            else:
                break
    return target


def _download(artifact: Artifact, scratch: Path) -> Path:
    """A downloaded file whose bytes are the pinned ones."""
    try:
        import requests
        from jgo.maven import MavenContext
    except ImportError as error:
        raise StackError(artifact.filename, "needs jgo: pip install 'pragma-contracts[testing]'") from error

    mirror = os.environ.get(MIRROR)
    context = MavenContext(
        repo_cache=scratch,
        remote_repos={"mirror": mirror.rstrip("/")} if mirror else None,
        timeout=_TIMEOUT_S,
    )
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        found = Path(component.artifact(artifact.classifier, artifact.packaging).resolve())
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise StackError(artifact.filename, f"cannot be downloaded: {error}") from error
    got = _sha256(found)
    if got != artifact.sha256:
        raise StackError(artifact.filename, f"has sha256 {got}, but artifacts.lock pins {artifact.sha256}")
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
