"""Writes what was registered into contracts.lock, beside what other registries have there."""

from pathlib import Path

from pragma_contracts.governance.apply import Outcome
from pragma_contracts.governance.plan import Plan
from pragma_contracts.stream.ids import Lock


def update_lock(path: Path, plan: Plan, outcome: Outcome) -> bool:
    """Makes the lock hold what the registry holds; whether that changed the file.

    Raises:
        LockError: the file is there but is no lock, or cannot be written.
    """
    old = Lock.read(path).registries if path.exists() else {}
    new = {**old, plan.registry: outcome.locked(plan)}
    if new == old:
        return False
    Lock(path, new).write()
    return True
