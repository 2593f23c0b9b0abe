"""The plan of a registration: what a registry has, what it would get, and what it says to that. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.losses import Loss
from pragma_contracts.governance.matching import Held, held
from pragma_contracts.governance.opinions import Opinion, ask
from pragma_contracts.governance.stored import Reading, is_descriptor
from pragma_contracts.governance.targets import Target
from pragma_contracts.governance.verdict import Verdict
from pragma_contracts.registry import Reference, Registry
from pragma_contracts.stream.ids import Locked

_WRITABLE = "READWRITE"


class State(StrEnum):
    """What becomes of a subject."""

    UNCHANGED = "unchanged"
    NEW_SUBJECT = "new subject"
    NEW_VERSION = "new version"


class Levels(NamedTuple):
    """The compatibility levels of a subject.

    own: the one set on itself, None when there is none. inherited: the one that holds then, of the registry as a whole.
    to: the one that it gets, None when it is left alone.
    """

    own: str | None
    inherited: str | None
    to: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """What the plan has for one subject.

    version, schema_id: of the version there is, 0 for none. losses: what the registry has lost of it. other_form:
    whether it is registered in the form that was not asked for. words: the registry's own, or why it was not asked.
    """

    target: Target
    state: State
    levels: Levels
    version: int = 0
    schema_id: int = 0
    losses: frozenset[Loss] = frozenset()
    other_form: bool = False
    opinion: Opinion = Opinion.NOT_ASKED
    words: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be written for the subject."""
        return self.state != State.UNCHANGED or self.levels.to is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for every subject, in the order in which they would be taken.

    level: the level that was asked for. verdicts: of the linter and of the gate, where they were asked; no steps when
    the linter refuses. modes: of subjects that change and cannot be written, each with its mode, such as READONLY.
    referred: the subjects that live versions of the steps' subjects refer to.
    """

    registry: str
    level: LevelRule
    steps: tuple[Step, ...]
    verdicts: tuple[Verdict, ...] = ()
    modes: tuple[tuple[str, str], ...] = ()
    referred: frozenset[str] = frozenset()

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return any(step.changes for step in self.steps)

    @property
    def refused(self) -> bool:
        """Whether the registry, the linter or the gate refuses any of it."""
        by_registry = any(step.opinion == Opinion.REFUSED for step in self.steps)
        return by_registry or any(verdict.refused for verdict in self.verdicts)


def make_plan(
    reading: Reading, targets: Sequence[Target], level: LevelRule, locked: Mapping[str, Locked] | None = None
) -> Plan:
    """Asks the registry about every target, without writing anything. locked: what the lock says of this registry.

    Raises:
        RegistryError: the registry cannot be asked at all.
        ConfigurationError: a live version is no protobuf schema.
    """
    registry = reading.holdings.registry
    versions: dict[str, int] = {}
    steps = []
    for target in targets:
        step = _step(reading, target, level, versions, (locked or {}).get(target.subject))
        if step.state == State.UNCHANGED:
            versions[target.subject] = step.version
        steps.append(step)
    modes = ((step.target.subject, registry.mode(step.target.subject)) for step in steps if step.changes)
    closed = tuple((subject, mode) for subject, mode in modes if mode not in (None, _WRITABLE))
    return Plan(registry.url, level, tuple(steps), modes=closed)


def references_of(target: Target, versions: Mapping[str, int]) -> list[Reference] | None:
    """The references of a target, or None when one of its imports is not registered yet."""
    if any(name not in versions for name in target.imports):
        return None
    return [Reference(name, name, versions[name]) for name in target.imports]


def _step(
    reading: Reading, target: Target, rule: LevelRule, versions: Mapping[str, int], locked: Locked | None
) -> Step:
    levels = _levels(reading.holdings.registry, target.subject, rule)
    references = references_of(target, versions)
    known = locked.schema_id if locked is not None and locked.fingerprint == target.fingerprint else 0
    found = held(reading, target, known) if references is not None else None
    if found is not None and not _is_outdated(found, target, locked):
        there = found.registered
        other_form = is_descriptor(there.schema) != is_descriptor(target.schema)
        return Step(target, State.UNCHANGED, levels, there.version, there.schema_id, found.losses, other_form)
    existing = reading.holdings.numbers(target.subject)
    if not existing:
        return Step(target, State.NEW_SUBJECT, levels)
    words: tuple[str, ...]
    if references is None:
        missing = ", ".join(name for name in target.imports if name not in versions)
        opinion, words = Opinion.NOT_ASKED, (f"{missing} changes, and must be registered before the registry can say",)
    else:
        opinion, words = ask(reading.holdings, target, references)
    return Step(target, State.NEW_VERSION, levels, existing[-1], opinion=opinion, words=words)


def _levels(registry: Registry, subject: str, rule: LevelRule) -> Levels:
    own = registry.level(subject)
    inherited = registry.effective_level(subject) if own is None else None
    return Levels(own, inherited, rule.level_for(own or inherited))


def _is_outdated(found: Held, target: Target, locked: Locked | None) -> bool:
    """Whether a version that has lost its options is of older ones: the lock remembers what was registered."""
    if not found.losses or locked is None:
        return False
    return locked.schema_id == found.registered.schema_id and locked.fingerprint != target.fingerprint
