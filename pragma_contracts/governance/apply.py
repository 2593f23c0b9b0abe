"""Carries out a plan: imports first, then every question that can be asked, then the contracts; and reads it back."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pragma_contracts.errors import ConfigurationError, RegistryError
from pragma_contracts.governance.gate.judging import differences
from pragma_contracts.governance.losses import Loss
from pragma_contracts.governance.matching import Held, held
from pragma_contracts.governance.opinions import Opinion, ask
from pragma_contracts.governance.plan import Plan, State, Step, references_of
from pragma_contracts.governance.stored import Reading, schemas_of
from pragma_contracts.registry import Reference, Registered
from pragma_contracts.stream.ids import Locked

# How registries say that a schema is understood but not wanted: HTTP's conflict, or a code of their own in a 422. A
# schema that they cannot read, or a mode in which nothing can be written, is something else.
_CONFLICT = 409
_UNPROCESSABLE = 422
_CANNOT_READ = range(42201, 42210)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done. held: the version of every subject that is as planned, as it was read back. refused: the steps
    that are not."""

    held: dict[str, Held]
    refused: tuple[Step, ...] = ()

    @property
    def registered(self) -> dict[str, Registered]:
        """The version of every subject that is as planned."""
        return {subject: found.registered for subject, found in self.held.items()}

    @property
    def losses(self) -> frozenset[Loss]:
        """What the registry lost of any of them."""
        return frozenset().union(*(found.losses for found in self.held.values()))

    def locked(self, plan: Plan) -> dict[str, Locked]:
        """What contracts.lock has to say of the registry after this."""
        fingerprints = {step.target.subject: step.target.fingerprint for step in plan.steps}
        return {
            subject: Locked(found.schema_id, found.version, fingerprints[subject])
            for subject, found in self.registered.items()
        }


def apply(reading: Reading, plan: Plan) -> Outcome:
    """Does what the plan says, and stops at the first refusal.

    No contract gets a version unless the registry was asked about all of them, where it can be asked. A level is set
    before the first version it is for. All of it may be done again at any time: what is there already stays as it is.

    Raises:
        ConfigurationError: a subject that changes is in a mode in which nothing can be written; nothing was.
        RegistryError: the registry failed, does not hold what it has just taken, or got another schema meanwhile; run
            it again.
    """
    if plan.refused:
        return Outcome({}, tuple(step for step in plan.steps if step.opinion == Opinion.REFUSED))
    if plan.modes:
        shown = ", ".join(f"{subject} is {mode}" for subject, mode in plan.modes)
        raise ConfigurationError("registry", f"{plan.registry} takes no schemas now ({shown}); nothing was written")
    applied = _Applied(reading)
    contracts = [step for step in plan.steps if step.target.is_contract]
    for step in plan.steps:
        if not step.target.is_contract:
            applied.set_level(step)
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
    return Outcome(applied.done)


@dataclass(slots=True)
class _Applied:
    reading: Reading
    done: dict[str, Held] = field(default_factory=dict)

    def set_level(self, step: Step) -> None:
        """Sets a subject's level where the plan has it."""
        if step.levels.to is None:
            return
        registry = self.reading.holdings.registry
        try:
            registry.set_level(step.target.subject, step.levels.to)
        except RegistryError:
            # Another run may have set it in between, which some registries answer with a conflict.
            if registry.level(step.target.subject) != step.levels.to:
                raise

    def refusals(self, steps: list[Step]) -> Iterator[Step]:
        """The steps that the registry refuses, now that their imports are registered and their levels set."""
        for step in steps:
            if step.state == State.NEW_VERSION:
                opinion, words = ask(self.reading.holdings, step.target, self._references(step))
                if opinion == Opinion.REFUSED:
                    yield replace(step, opinion=opinion, words=words)

    def write(self, step: Step) -> Step | None:
        """Registers a step's schema and reads it back; gives the refused step when the registry does not want it."""
        target, holdings = step.target, self.reading.holdings
        judged = holdings.numbers(target.subject)
        # Another run may have been faster.
        holdings.forget(target.subject)
        found = held(self.reading, target, step.schema_id)
        if found is None and (new := set(holdings.numbers(target.subject)) - set(judged)):
            raise self._overtaken(target.subject, max(new))
        if found is None or (step.state != State.UNCHANGED and found.losses):
            try:
                given = holdings.registry.register(target.subject, target.schema, self._references(step))
            except RegistryError as error:
                if not _is_refusal(error):
                    raise
                return replace(step, opinion=Opinion.REFUSED, words=(error.detail,))
            holdings.forget(target.subject)
            found = held(self.reading, target, given)
        if found is None:
            raise self._not_kept(step)
        self.done[target.subject] = found
        return None

    def _overtaken(self, subject: str, version: int) -> RegistryError:
        """Another run registered another schema since the plan was made: nothing says that the two go together."""
        url = f"{self.reading.holdings.registry.url}/subjects/{subject}/versions"
        detail = f"version {version} was registered meanwhile, and nothing was compared with it; run it again"
        return RegistryError("GET", url, 200, 0, detail)

    def _not_kept(self, step: Step) -> RegistryError:
        """What the registry made of the schema that it has just taken."""
        target, holdings = step.target, self.reading.holdings
        newest = next(self.reading.every(target.subject, target.file), None)
        url = f"{holdings.registry.url}/subjects/{target.subject}/versions"
        if newest is None:
            return RegistryError("GET", url, 200, 0, "has no version of what it has just taken")
        changes = "; ".join(each.change for each in differences(newest.schemas, schemas_of(target.files)))
        detail = f"what it reads back as version {newest.registered.version} is not what it has just taken: {changes}"
        return RegistryError("GET", url, 200, 0, detail)

    def _references(self, step: Step) -> list[Reference]:
        versions = {subject: found.registered.version for subject, found in self.done.items()}
        references = references_of(step.target, versions)
        assert references is not None, "targets come after what they import"  # noqa: S101
        return references


def _is_refusal(error: RegistryError) -> bool:
    """Whether a registry understood a registration and does not want it."""
    return error.status == _CONFLICT or (error.status == _UNPROCESSABLE and error.code not in _CANNOT_READ)
