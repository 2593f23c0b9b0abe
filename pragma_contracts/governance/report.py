"""Prints plans and outcomes of a registration, for people and as JSON."""

from collections.abc import Iterator
from typing import Any

from pragma_contracts.governance.apply import Outcome
from pragma_contracts.governance.finding import Level
from pragma_contracts.governance.plan import Opinion, Plan, State, Step
from pragma_contracts.governance.printing.machine import as_object
from pragma_contracts.governance.printing.text import text

_OPINIONS = {
    Opinion.COMPATIBLE: "the registry calls it compatible",
    Opinion.REFUSED: "the registry refuses it",
    Opinion.NOT_ASKED: "the registry was not asked",
    Opinion.NONE: "the registry has no opinion",
}
_MARKS = {State.UNCHANGED: "=", State.NEW_SUBJECT: "+", State.NEW_VERSION: "~"}


def plan_text(plan: Plan) -> Iterator[str]:
    """The plan, a line a subject, with what changes in it, and the registry's words on what it refuses or cannot judge.

    Below it, what linter and gate refuse.
    """
    yield f"Plan for {plan.registry}"
    width = max((len(step.target.subject) for step in plan.steps), default=0)
    for step in plan.steps:
        mark = "!" if step.opinion == Opinion.REFUSED else _MARKS[step.state]
        yield f"  {mark} {step.target.subject:<{width}}  {_state(step)}".rstrip()
        if step.state != State.UNCHANGED:
            yield from (f"      {words}" for words in step.words)
        if step.state == State.NEW_VERSION:
            yield from (f"      {change}" for change in _changes(plan, step))
    for verdict in plan.verdicts:
        if verdict.refused or verdict.waived:
            yield from (line.text for line in text(verdict.breaks_alone()))
    yield _summary(plan)


def outcome_text(plan: Plan, outcome: Outcome) -> Iterator[str]:
    """What was done: ids and versions, or what was refused and what is there all the same."""
    if not outcome.refused:
        for subject, found in outcome.registered.items():
            yield f"  {subject}: version {found.version}, schema id {found.schema_id}"
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


def as_json(plan: Plan, outcome: Outcome | None, lock: str | None) -> dict[str, Any]:
    """Plan and outcome as one JSON object; without an outcome, nothing was written."""
    refused = {step.target.subject: step for step in outcome.refused} if outcome else {}
    return {
        "registry": plan.registry,
        "would_change": plan.changes,
        "refused": plan.refused or bool(refused),
        "applied": outcome is not None and not outcome.refused,
        "lock": lock,
        "subjects": [_step_json(plan, refused.get(step.target.subject, step), outcome) for step in plan.steps],
        "verdicts": [as_object(verdict) for verdict in plan.verdicts],
    }


def _step_json(plan: Plan, step: Step, outcome: Outcome | None) -> dict[str, Any]:
    found = outcome.registered.get(step.target.subject) if outcome else None
    return {
        "subject": step.target.subject,
        "file": step.target.file,
        "state": step.state.value,
        "level": {"from": step.level_from, "to": step.level_to},
        "opinion": step.opinion.value,
        "words": list(step.words),
        "changes": list(_changes(plan, step)) if step.state == State.NEW_VERSION else [],
        "version": found.version if found else step.version or None,
        "schema_id": found.schema_id if found else step.schema_id or None,
    }


def _state(step: Step) -> str:
    parts = [step.state.value]
    if step.state == State.UNCHANGED:
        parts.append(f"version {step.version}, schema id {step.schema_id}")
    elif step.state == State.NEW_VERSION:
        parts.append(f"after version {step.version}")
        parts.append(_OPINIONS[step.opinion])
    if step.sets_level:
        parts.append(f"level {step.level_from or 'unset'} -> {step.level_to}")
    return ", ".join(parts)


def _changes(plan: Plan, step: Step) -> Iterator[str]:
    """What differs in a step's file from the versions that are live."""
    for verdict in plan.verdicts:
        every = [*verdict.findings, *(finding for finding, _ in verdict.waived)]
        for finding in every:
            if finding.file == step.target.file:
                yield f"! {finding.change}" if finding.level is Level.BREAKING else finding.change


def _summary(plan: Plan) -> str:
    if plan.refused:
        by = [verdict.command for verdict in plan.verdicts if verdict.refused]
        by += ["registry"] if any(step.opinion == Opinion.REFUSED for step in plan.steps) else []
        return f"Refused by {' and '.join(by)}; nothing is written."
    if not plan.changes:
        return "Nothing to do: the registry has all of it."
    count = sum(step.changes for step in plan.steps)
    return f"{count} of {len(plan.steps)} subjects change."
