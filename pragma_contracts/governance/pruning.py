"""Soft-deletes subjects of ours that have no schema any more, asked for by name."""

from collections.abc import Sequence

from pragma_contracts.errors import ConfigurationError, RegistryError
from pragma_contracts.governance.locking import LockState
from pragma_contracts.governance.plan import Plan
from pragma_contracts.registry import Registry

# The registry's code for a schema that others refer to.
_REFERRED = 42206


def prunable(subjects: Sequence[str], state: LockState, plan: Plan) -> tuple[str, ...]:
    """The named subjects, each once.

    Raises:
        ConfigurationError: one of them has a schema, is referred to, or the lock does not say that it is ours.
    """
    wanted = {step.target.subject for step in plan.steps}
    for subject in subjects:
        if subject in wanted:
            raise ConfigurationError("prune", f"{subject} has a schema; what has none are {_shown(state, plan)}")
        if subject in plan.referred:
            problem = f"live versions of contracts still import {subject}; what can be deleted is {_shown(state, plan)}"
            raise ConfigurationError("prune", problem)
        if subject not in state.entries:
            problem = (
                f"{subject} is not in {state.path}, so nothing says that it is ours; orphans are {_shown(state, plan)}"
            )
            raise ConfigurationError("prune", problem)
    return tuple(dict.fromkeys(subjects))


def prune(registry: Registry, subjects: Sequence[str]) -> None:
    """Soft-deletes every version of the subjects, what refers to others of them before these.

    Raises:
        RegistryError: the registry refuses or fails.
    """
    waiting = list(subjects)
    while waiting:
        referred: dict[str, RegistryError] = {}
        for subject in waiting:
            try:
                registry.delete_subject(subject)
            except RegistryError as error:
                if error.code != _REFERRED:
                    raise
                referred[subject] = error
        if len(referred) == len(waiting):
            raise referred[waiting[0]]
        waiting = list(referred)


def _shown(state: LockState, plan: Plan) -> str:
    return ", ".join(state.orphans(plan)) or "none"
