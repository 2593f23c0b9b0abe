"""Carries out a plan: imports first, then every question that can be asked, then the contracts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pragma_contracts.errors import RegistryError
from pragma_contracts.governance.plan import (
    Opinion,
    Plan,
    State,
    Step,
    ask,
    found_version,
    is_refusal,
    references_of,
)
from pragma_contracts.registry import Reference, Registered, Registry
from pragma_contracts.stream.ids import Locked


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done. registered: the version of every subject that is as planned. refused: the steps that are not."""

    registered: dict[str, Registered]
    refused: tuple[Step, ...]

    def locked(self, plan: Plan) -> dict[str, Locked]:
        """What contracts.lock has to say of the registry after this."""
        fingerprints = {step.target.subject: step.target.fingerprint for step in plan.steps}
        return {
            subject: Locked(found.schema_id, found.version, fingerprints[subject])
            for subject, found in self.registered.items()
        }


def apply(registry: Registry, plan: Plan) -> Outcome:
    """Does what the plan says, and stops at the first refusal.

    No contract gets a version unless the registry was asked about all of them, where it can be asked. A level is set
    before the first version it is for. All of it may be done again at any time: what is there already stays as it is.

    Raises:
        RegistryError: the registry failed; run it again.
    """
    if plan.refused:
        return Outcome({}, tuple(step for step in plan.steps if step.opinion == Opinion.REFUSED))
    applied = _Applied(registry)
    contracts = [step for step in plan.steps if step.target.is_contract]
    for step in plan.steps:
        if not step.target.is_contract:
            refused = applied.write(step)
            if refused:
                return Outcome(applied.done, (refused,))
    for step in contracts:
        applied.set_level(step)
    refusals = tuple(applied.refusals(contracts))
    if refusals:
        return Outcome(applied.done, refusals)
    for step in contracts:
        refused = applied.write(step)
        if refused:
            return Outcome(applied.done, (refused,))
    return Outcome(applied.done, ())


class _Applied:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.done: dict[str, Registered] = {}

    def set_level(self, step: Step) -> None:
        """Sets a subject's level where the plan has it."""
        if not step.sets_level:
            return
        try:
            self._registry.set_level(step.target.subject, step.level_to)
        except RegistryError:
            # Another run may have set it in between, which some registries answer with a conflict.
            if self._registry.level(step.target.subject) != step.level_to:
                raise

    def refusals(self, steps: list[Step]) -> Iterator[Step]:
        """The steps that the registry refuses, now that their imports are registered and their levels set."""
        for step in steps:
            if step.state == State.NEW_VERSION:
                opinion, words = ask(self._registry, step.target, self._references(step))
                if opinion == Opinion.REFUSED:
                    yield replace(step, opinion=opinion, words=words)

    def write(self, step: Step) -> Step | None:
        """Registers a step's schema; gives the refused step when the registry does not want it."""
        target, references = step.target, self._references(step)
        if not target.is_contract:
            self.set_level(step)
        found = found_version(self._registry, target, references)
        if found is None:
            try:
                self._registry.register(target.subject, target.schema, references)
            except RegistryError as error:
                if not is_refusal(error):
                    raise
                return replace(step, opinion=Opinion.REFUSED, words=(error.detail,))
            found = found_version(self._registry, target, references)
        if found is None:
            url = f"{self._registry.url}/subjects/{target.subject}"
            raise RegistryError("POST", url, 404, 0, "does not find what it has just registered")
        self.done[target.subject] = found
        return None

    def _references(self, step: Step) -> list[Reference]:
        references = references_of(step.target, {subject: found.version for subject, found in self.done.items()})
        assert references is not None, "targets come after what they import"  # noqa: S101
        return references
