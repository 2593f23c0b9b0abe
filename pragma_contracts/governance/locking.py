"""Keeps contracts.lock in step with a registry, beside what other runs and other registries have there."""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pragma_contracts.errors import LockError
from pragma_contracts.governance.plan import Plan, State
from pragma_contracts.stream.ids import Lock, Locked

_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class LockState:
    """What a lock file says of a registry. there: whether there is a file. entries: its entries, by subject."""

    path: Path
    there: bool
    entries: Mapping[str, Locked]

    def orphans(self, plan: Plan) -> list[str]:
        """The subjects that have no schema any more, but for those that live versions of others still refer to."""
        return sorted(self.entries.keys() - {step.target.subject for step in plan.steps} - plan.referred)

    def stale(self, plan: Plan) -> Iterator[str]:
        """How the file differs from what the registry and the schemas will be after the plan, a sentence each."""
        if not self.there:
            yield f"{self.path} is not there"
            return
        for step in plan.steps:
            entry, subject = self.entries.get(step.target.subject), step.target.subject
            if entry is None:
                yield f"{self.path} does not have {subject}"
            elif entry.fingerprint != step.target.fingerprint:
                yield f"{self.path} has {subject} with another schema ({entry.fingerprint[:12]}…)"
            elif step.state is State.UNCHANGED and (entry.schema_id, entry.version) != (step.schema_id, step.version):
                here, now = _shown(entry.version, entry.schema_id), _shown(step.version, step.schema_id)
                yield f"{self.path} has {subject} as {here}, and the registry as {now}"
            elif step.state is not State.UNCHANGED:
                yield f"{self.path} has {subject} as {_shown(entry.version, entry.schema_id)}, and the registry not"


def lock_state(path: Path, registry: str) -> LockState:
    """What the lock says of a registry. Raises LockError: it is there and is no lock."""
    if not path.exists():
        return LockState(path, False, {})
    return LockState(path, True, Lock.read(path).registries.get(registry, {}))


def writable_lock(path: Path) -> None:
    """Sees to it, before anything is registered, that what is registered can be written down.

    Raises:
        LockError: the file is there but is no lock, or its folder cannot be written to.
    """
    if not os.access(path.parent, os.W_OK):
        raise LockError(str(path), f"cannot be written: {path.parent} is no folder that can be written to")
    if path.exists():
        Lock.read(path)


def update_lock(path: Path, registry: str, entries: Mapping[str, Locked], pruned: tuple[str, ...] = ()) -> bool:
    """Writes the entries of a registry into the lock, and takes out those that were pruned; whether that changed it.

    Everything else stays, also what another run writes at the same time. Raises LockError.
    """
    with _alone(path):
        old = Lock.read(path).registries if path.exists() else {}
        kept = {subject: entry for subject, entry in old.get(registry, {}).items() if subject not in pruned}
        new = {**old, registry: {**kept, **entries}}
        if new == old and path.exists():
            return False
        Lock(path, new).write()
        return True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keeps other processes of this machine from writing the same file meanwhile."""
    # Not beside the file, where it would be one more thing to commit or to ignore.
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    guard = FileLock(Path(tempfile.gettempdir()) / f"pragma-contracts-{name}.guard", timeout=_WAIT_S, mode=0o666)
    try:
        guard.acquire()
    except Timeout as error:
        raise LockError(str(path), f"is being written by another run for more than {_WAIT_S:.0f} s") from error
    except OSError as error:
        # Another user's, which Linux keeps from being opened in a folder such as /tmp.
        problem = f"cannot be guarded ({error.strerror}: {guard.lock_file}); delete that file, and run it again"
        raise LockError(str(path), problem) from error
    try:
        yield
    finally:
        guard.release()


def _shown(version: int, schema_id: int) -> str:
    return f"version {version}, schema id {schema_id}"
