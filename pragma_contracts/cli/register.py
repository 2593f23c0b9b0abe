"""The command `pragma-contracts register`."""

import json
from pathlib import Path
from typing import Any

import click

from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.cli.registry_options import registry_options, variable
from pragma_contracts.cli.waivers_option import waivers_option
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance import report
from pragma_contracts.governance.apply import Outcome, apply
from pragma_contracts.governance.gate.waivers import read_waivers
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.judged_plan import judged_plan
from pragma_contracts.governance.levels import KEEP, LEVELS, LevelRule
from pragma_contracts.governance.locking import LockState, lock_state, update_lock, writable_lock
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.plan import Plan
from pragma_contracts.governance.pruning import prunable, prune
from pragma_contracts.governance.shipped import schemas_folder
from pragma_contracts.governance.sources import installed
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import targets
from pragma_contracts.registry import Registry, RegistrySettings


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@click.option("--check", is_flag=True, help="Say whether registry, lock and schemas agree, and stop.")
@click.option(
    "--compatibility",
    type=click.Choice([*LEVELS, KEEP]),
    default="BACKWARD_TRANSITIVE",
    show_default=True,
    help="Compatibility level that every subject gets, unless it has a stricter one; `keep` sets none.",
    **variable("COMPATIBILITY"),
)
@click.option("--lower", is_flag=True, help="Set the level also where it promises less than the one there is.")
@click.option(
    "--form",
    type=click.Choice(["text", "descriptor"]),
    default="text",
    show_default=True,
    help="What is registered: a .proto file, or a compiled one. Either is found in the registry by producers.",
    **variable("FORM"),
)
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of .proto files to compile, instead of the installed ones.",
    **variable("SCHEMAS"),
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--lock",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("contracts.lock"),
    show_default=True,
    help="File to write ids and fingerprints to.",
    **variable("LOCK"),
)
@click.option(
    "--prune",
    "named",
    multiple=True,
    metavar="SUBJECT",
    help="Soft-delete this subject, which the lock has and no schema; may be repeated.",
)
@waivers_option
@registry_options(required=True)
def register(
    registry: str,
    dry_run: bool,
    check: bool,
    compatibility: str,
    lower: bool,
    form: Any,
    schemas: Path | None,
    output: str,
    lock: Path,
    named: tuple[str, ...],
    waivers: Path,
    **credentials: Any,
) -> ExitCode:
    """Register the schemas in a registry, and write contracts.lock.

    Lints the schemas, compares them with every live version, prints a plan, carries it out, and reads back what the
    registry made of it: imports before contracts, levels before versions. A finding stops it before anything is
    written. Running it again changes nothing; after a failure, run it again.

    Exit codes: 0 done, or nothing would change; 1 refused, by a finding or by the registry; 2 could not run; 3 would
    change (--dry-run), or registry, lock and schemas do not agree (--check).
    """
    if check and named:
        raise ConfigurationError("prune", "changes the registry, and --check only looks at it; give one of them")
    writes = not (dry_run or check)
    if writes:
        writable_lock(lock)
    given = read_waivers(waivers)
    wanted = _schemas(schemas)
    every = targets(wanted, form)
    with Registry(RegistrySettings(registry, **credentials)) as asked:
        state = lock_state(lock, asked.url)
        reading = Reading(Holdings(asked), every)
        plan = judged_plan(
            reading,
            wanted,
            every,
            about=str(schemas or schemas_folder()),
            level=LevelRule(compatibility, lower),
            waivers=given,
            locked=state.entries,
        )
        pruned = prunable(named, state, plan)
        if output == "text":
            click.echo("\n".join(report.plan_text(plan, state, pruned)))
        outcome = apply(reading, plan) if writes and not plan.refused else None
        done = outcome is not None and not outcome.refused
        if done:
            prune(asked, pruned)
    written = done and outcome is not None and update_lock(lock, plan.registry, outcome.locked(plan), pruned)
    if output == "json":
        click.echo(json.dumps(report.as_json(plan, outcome, state, pruned, written), indent=2))
    elif outcome is not None:
        click.echo("\n".join(report.outcome_text(plan, outcome)))
        if done:
            click.echo(f"{'Wrote' if written else 'Up to date:'} {lock}")
    return _exit_code(plan, outcome, state, pruned, check)


def _schemas(folder: Path | None) -> Schemas:
    if folder is None:
        return installed()
    from pragma_contracts.governance.compiler import compile_as_it_is

    return compile_as_it_is(folder)


def _exit_code(plan: Plan, outcome: Outcome | None, state: LockState, pruned: tuple[str, ...], check: bool) -> ExitCode:
    if plan.refused or (outcome is not None and outcome.refused):
        return ExitCode.REFUSED
    if outcome is not None:
        return ExitCode.DONE
    if plan.modes:
        return ExitCode.COULD_NOT_RUN
    differs = plan.changes or pruned or any(state.stale(plan)) or (check and state.orphans(plan))
    return ExitCode.WOULD_CHANGE if differs else ExitCode.DONE
