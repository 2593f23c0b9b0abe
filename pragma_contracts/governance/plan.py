"""The plan of a registration: what a registry has, what it would get, and what it says to that. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pragma_contracts.errors import RegistryError, RegistryUnavailable
from pragma_contracts.governance.targets import Target
from pragma_contracts.governance.verdict import Verdict
from pragma_contracts.registry import Reference, Registered, Registry
from pragma_contracts.stream.ids import NOT_REGISTERED, find

LEVELS = ("BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE", "NONE")

# How registries say that a schema is understood but not wanted.
_REFUSALS = (409, 422)


class State(StrEnum):
    """What becomes of a subject."""

    UNCHANGED = "unchanged"
    NEW_SUBJECT = "new subject"
    NEW_VERSION = "new version"


class Opinion(StrEnum):
    """What the registry says to a new schema."""

    COMPATIBLE = "compatible"
    REFUSED = "refused"
    NOT_ASKED = "not asked"
    NONE = "no opinion"


@dataclass(frozen=True, slots=True)
class Step:
    """What the plan has for one subject.

    version, schema_id: of the version there is, 0 for none. level_from: the level set on the subject now, None when
    there is none. words: the registry's own, or why it was not asked.
    """

    target: Target
    state: State
    version: int
    schema_id: int
    level_from: str | None
    level_to: str
    opinion: Opinion
    words: tuple[str, ...]

    @property
    def sets_level(self) -> bool:
        """Whether the subject's compatibility level would be set."""
        return self.level_from != self.level_to

    @property
    def changes(self) -> bool:
        """Whether anything would be written for the subject."""
        return self.state != State.UNCHANGED or self.sets_level


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for every subject, in the order in which they would be taken.

    verdicts: of the linter and of the gate, where they were asked; no steps when the linter refuses.
    """

    registry: str
    steps: tuple[Step, ...]
    verdicts: tuple[Verdict, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return any(step.changes for step in self.steps)

    @property
    def refused(self) -> bool:
        """Whether the registry, the linter or the gate refuses any of it."""
        by_registry = any(step.opinion == Opinion.REFUSED for step in self.steps)
        return by_registry or any(verdict.refused for verdict in self.verdicts)


def make_plan(registry: Registry, targets: Sequence[Target], level: str) -> Plan:
    """Asks the registry about every target, without writing anything.

    Raises:
        RegistryError: the registry cannot be asked at all.
    """
    versions: dict[str, int] = {}
    steps = []
    for target in targets:
        step = _step(registry, target, level, versions)
        if step.state == State.UNCHANGED:
            versions[target.subject] = step.version
        steps.append(step)
    return Plan(registry.url, tuple(steps))


def references_of(target: Target, versions: Mapping[str, int]) -> list[Reference] | None:
    """The references of a target, or None when one of its imports is not registered yet."""
    if any(name not in versions for name in target.imports):
        return None
    return [Reference(name, name, versions[name]) for name in target.imports]


def found_version(registry: Registry, target: Target, references: Sequence[Reference]) -> Registered | None:
    """The version of a target's subject that is its schema, or None."""
    try:
        return find(registry, target.subject, target.schema, references)
    except RegistryError as error:
        if error.code != NOT_REGISTERED:
            raise
        return None


def ask(registry: Registry, target: Target, references: Sequence[Reference]) -> tuple[Opinion, tuple[str, ...]]:
    """The registry's opinion on a target's schema as the next version of its subject, and its words."""
    try:
        verdict = registry.compatibility(target.subject, target.schema, references)
    except RegistryUnavailable:
        raise
    except RegistryError as error:
        return Opinion.NONE, (
            f"it cannot judge this before it is registered: {error.status} {error.code}: {error.detail}",
        )
    if verdict.compatible:
        return Opinion.COMPATIBLE, ()
    return Opinion.REFUSED, verdict.messages or ("the registry calls it incompatible, and says no more",)


def is_refusal(error: RegistryError) -> bool:
    """Whether a registry understood a registration and does not want it."""
    return error.status in _REFUSALS


def _step(registry: Registry, target: Target, level: str, versions: Mapping[str, int]) -> Step:
    level_from = registry.level(target.subject)
    references = references_of(target, versions)
    if references is not None:
        found = found_version(registry, target, references)
        if found is not None:
            args = (State.UNCHANGED, found.version, found.schema_id, level_from, level, Opinion.NOT_ASKED, ())
            return Step(target, *args)
    existing = registry.versions(target.subject)
    if not existing:
        return Step(target, State.NEW_SUBJECT, 0, 0, level_from, level, Opinion.NOT_ASKED, ())
    words: tuple[str, ...]
    if references is None:
        missing = ", ".join(name for name in target.imports if name not in versions)
        opinion, words = Opinion.NOT_ASKED, (f"{missing} changes, and must be registered before the registry can say",)
    else:
        opinion, words = ask(registry, target, references)
    return Step(target, State.NEW_VERSION, existing[-1], 0, level_from, level, opinion, words)
