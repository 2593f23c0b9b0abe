"""Writes what was registered into contracts.lock, beside what other registries have there."""

import os
from collections.abc import Mapping
from pathlib import Path

from pragma_contracts.errors import LockError
from pragma_contracts.governance.apply import Outcome
from pragma_contracts.governance.plan import Plan
from pragma_contracts.stream.ids import Lock, Locked

Registries = Mapping[str, Mapping[str, Locked]]


def writable_lock(path: Path) -> Registries:
    """What the lock holds so far, read before anything is registered: what could not be written down is not done.

    Raises:
        LockError: the file is there but is no lock, or its folder cannot be written to.
    """
    if not os.access(path.parent, os.W_OK):
        raise LockError(str(path), f"cannot be written: {path.parent} is no folder that can be written to")
    return Lock.read(path).registries if path.exists() else {}


def update_lock(path: Path, old: Registries, plan: Plan, outcome: Outcome) -> bool:
    """Makes the lock hold what the registry holds; whether that changed the file. Raises LockError."""
    new = {**old, plan.registry: outcome.locked(plan)}
    if new == old:
        return False
    Lock(path, new).write()
    return True
