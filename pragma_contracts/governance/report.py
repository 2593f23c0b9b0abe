"""Prints plans and outcomes of a registration, for people and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pragma_contracts.governance.apply import Outcome
from pragma_contracts.governance.finding import Level
from pragma_contracts.governance.locking import LockState
from pragma_contracts.governance.losses import Loss
from pragma_contracts.governance.opinions import Opinion
from pragma_contracts.governance.plan import Plan, State, Step
from pragma_contracts.governance.printing.machine import as_object
from pragma_contracts.governance.printing.text import compared, count, text

_OPINIONS = {
    Opinion.COMPATIBLE: "the registry calls it compatible",
    Opinion.REFUSED: "the registry refuses it",
    Opinion.NOT_ASKED: "the registry was not asked",
    Opinion.NONE: "the registry has no opinion",
}
_MARKS = {State.UNCHANGED: "=", State.NEW_SUBJECT: "+", State.NEW_VERSION: "~"}
# What the gate cannot compare where a registry has lost it.
_BLIND = {
    Loss.OPTIONS: "changes of topics, keys, versions, mandatory fields, decimals and texts",
    Loss.MAPS: "whether a field is a map",
    Loss.RESERVED: "whether a number of an enum may be used again",
}


def plan_text(plan: Plan, lock: LockState, pruned: Sequence[str]) -> Iterator[str]:
    """The plan, a line a subject, with what changes in it, and the registry's words on what it refuses or cannot judge.

    Below it, what linter and gate refuse, what the registry keeps, and how the lock differs.
    """
    yield f"Plan for {plan.registry}"
    width = max((len(step.target.subject) for step in plan.steps), default=0)
    for step in plan.steps:
        mark = "!" if step.opinion == Opinion.REFUSED else _MARKS[step.state]
        yield f"  {mark} {step.target.subject:<{width}}  {_state(plan, step)}".rstrip()
        if step.state != State.UNCHANGED:
            yield from (f"      {words}" for words in step.words)
        if step.state == State.NEW_VERSION:
            yield from (f"      {change}" for change in _changes(plan, step))
    for verdict in plan.verdicts:
        if verdict.refused or verdict.waived:
            yield from (line.text for line in text(verdict.breaks_alone()))
        else:
            yield from compared(verdict)
    for subject, mode in plan.modes:
        yield f"{subject} is in mode {mode}: nothing can be registered there now"
    there = [step for step in plan.steps if step.state is State.UNCHANGED]
    yield from _kept({loss for step in there for loss in step.losses}, there)
    if plan.steps:
        yield from lock.stale(plan)
        yield from _orphans(plan, lock, pruned)
    yield _summary(plan, lock)


def outcome_text(plan: Plan, outcome: Outcome) -> Iterator[str]:
    """What was done: ids and versions, or what was refused and what is there all the same."""
    if not outcome.refused:
        for subject, found in outcome.registered.items():
            yield f"  {subject}: version {found.version}, schema id {found.schema_id}"
        yield from _kept(outcome.losses, outcome.held)
        return
    for step in outcome.refused:
        yield f"Refused: {step.target.subject} ({step.target.file})"
        yield from (f"      {words}" for words in step.words)
    new = [step for step in plan.steps if step.changes and step.target.subject in outcome.registered]
    imports = [step.target.subject for step in new if not step.target.is_contract]
    contracts = [step.target.subject for step in new if step.target.is_contract]
    if imports:
        yield f"Registered before the refusal, and harmless: nobody reads these imports yet: {', '.join(imports)}"
    if contracts:
        yield f"Registered before the refusal: {', '.join(contracts)}"
    yield "Make the change compatible (a new field instead of a changed one), and run register again."


def as_json(
    plan: Plan, outcome: Outcome | None, lock: LockState, pruned: Sequence[str], written: bool
) -> dict[str, Any]:
    """Plan and outcome as one JSON object; without an outcome, nothing was written. lock: as it was before."""
    refused = {step.target.subject: step for step in outcome.refused} if outcome else {}
    losses = outcome.losses if outcome else {loss for step in plan.steps for loss in step.losses}
    return {
        "registry": plan.registry,
        "would_change": plan.changes,
        "refused": plan.refused or bool(refused),
        "applied": outcome is not None and not outcome.refused,
        "lost": sorted(losses),
        "lock": {
            "path": str(lock.path),
            "written": written,
            "stale": list(lock.stale(plan)),
            "orphans": lock.orphans(plan),
            "pruned": list(pruned),
        },
        "subjects": [_step_json(plan, refused.get(step.target.subject, step), outcome) for step in plan.steps],
        "verdicts": [as_object(verdict) for verdict in plan.verdicts],
    }


def _kept(losses: Iterable[Loss], read_back: Sequence[object] | dict[str, Any]) -> Iterator[str]:
    """What the registry keeps of what it is given, as far as it was read back."""
    lost = sorted(losses)
    if lost:
        blind = " and ".join(_BLIND[loss] for loss in lost)
        yield f"Read back: this registry has lost {' and '.join(lost)}: the gate cannot see there {blind}."
        if lost != [Loss.RESERVED]:
            yield "What is registered as text keeps them."
    elif read_back:
        yield f"Read back: this registry keeps everything ({count(len(read_back), 'subject')})."


def _orphans(plan: Plan, lock: LockState, pruned: Sequence[str]) -> Iterator[str]:
    for subject in lock.orphans(plan):
        what = "to be soft-deleted" if subject in pruned else f"left alone; --prune {subject} soft-deletes it"
        yield f"{lock.path} has {subject}, which no schema belongs to any more: {what}"


def _step_json(plan: Plan, step: Step, outcome: Outcome | None) -> dict[str, Any]:
    found = outcome.held.get(step.target.subject) if outcome else None
    return {
        "subject": step.target.subject,
        "file": step.target.file,
        "state": step.state.value,
        "level": step.levels._asdict(),
        "opinion": step.opinion.value,
        "words": list(step.words),
        "changes": list(_changes(plan, step)) if step.state == State.NEW_VERSION else [],
        "version": found.registered.version if found else step.version or None,
        "schema_id": found.registered.schema_id if found else step.schema_id or None,
        "other_form": step.other_form,
        "lost": sorted(found.losses if found else step.losses),
    }


def _state(plan: Plan, step: Step) -> str:
    parts = [step.state.value]
    if step.state == State.UNCHANGED:
        parts.append(f"version {step.version}, schema id {step.schema_id}")
        parts += ["in another form"] if step.other_form else []
    elif step.state == State.NEW_VERSION:
        parts.append(f"after version {step.version}")
        parts.append(_OPINIONS[step.opinion])
    now = step.levels.own or step.levels.inherited
    if step.levels.to is not None:
        parts.append(f"level {step.levels.own or 'unset'} -> {step.levels.to}")
    elif plan.level.is_lower_than(now):
        parts.append(f"level {now} stays: {plan.level.wanted} does not promise all that it does (--lower sets it)")
    return ", ".join(parts)


def _changes(plan: Plan, step: Step) -> Iterator[str]:
    """What differs in a step's file from the versions that are live."""
    for verdict in plan.verdicts:
        every = [*verdict.findings, *(finding for finding, _ in verdict.waived)]
        for finding in every:
            if finding.file == step.target.file:
                yield f"! {finding.change}" if finding.level is Level.BREAKING else finding.change


def _summary(plan: Plan, lock: LockState) -> str:
    if plan.refused:
        by = [verdict.command for verdict in plan.verdicts if verdict.refused]
        by += ["registry"] if any(step.opinion == Opinion.REFUSED for step in plan.steps) else []
        return f"Refused by {' and '.join(by)}; nothing is written."
    if not plan.changes:
        nothing = "Nothing to do: the registry has all of it."
        return f"The registry has all of it; {lock.path} does not say so." if any(lock.stale(plan)) else nothing
    changed = sum(step.changes for step in plan.steps)
    return f"{changed} of {len(plan.steps)} subjects change."
