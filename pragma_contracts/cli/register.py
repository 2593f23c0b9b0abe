"""The command `pragma-contracts register`."""

import json
from pathlib import Path
from typing import Any

import click

from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.cli.registry_options import registry_options, variable
from pragma_contracts.cli.waivers_option import waivers_option
from pragma_contracts.governance import report
from pragma_contracts.governance.apply import Outcome, apply
from pragma_contracts.governance.gate.waivers import read_waivers
from pragma_contracts.governance.judged_plan import judged_plan
from pragma_contracts.governance.locking import update_lock, writable_lock
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.plan import LEVELS, Plan
from pragma_contracts.governance.shipped import schemas_folder
from pragma_contracts.governance.sources import installed
from pragma_contracts.registry import Registry, RegistrySettings


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@click.option(
    "--compatibility",
    type=click.Choice(LEVELS),
    default="BACKWARD_TRANSITIVE",
    show_default=True,
    help="Compatibility level that every subject gets.",
    **variable("COMPATIBILITY"),
)
@click.option(
    "--form",
    type=click.Choice(["descriptor", "text"]),
    default="descriptor",
    show_default=True,
    help="What is registered. Producers find a descriptor in the registry; with text they need the lock.",
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
@waivers_option
@registry_options(required=True)
def register(
    registry: str,
    dry_run: bool,
    compatibility: str,
    form: Any,
    schemas: Path | None,
    output: str,
    lock: Path,
    waivers: Path,
    **credentials: Any,
) -> ExitCode:
    """Register the schemas in a registry, and write contracts.lock.

    Lints the schemas, compares them with every live version, prints a plan, and carries it out: imports before
    contracts, levels before versions. A finding stops it before anything is written. Running it again changes nothing;
    after a failure, run it again.

    Exit codes: 0 done, or nothing would change; 1 refused, by a finding or by the registry; 2 could not run; 3 would
    change (--dry-run).
    """
    locked = {} if dry_run else writable_lock(lock)
    given = read_waivers(waivers)
    wanted = _schemas(schemas)
    with Registry(RegistrySettings(registry, **credentials)) as asked:
        plan = judged_plan(asked, wanted, form, schemas or schemas_folder(), compatibility, given)
        if output == "text":
            click.echo("\n".join(report.plan_text(plan)))
        outcome = None if dry_run or plan.refused else apply(asked, plan)
    written = outcome is not None and not outcome.refused and update_lock(lock, locked, plan, outcome)
    if output == "json":
        click.echo(json.dumps(report.as_json(plan, outcome, str(lock) if written else None), indent=2))
    elif outcome is not None:
        click.echo("\n".join(report.outcome_text(plan, outcome)))
        if not outcome.refused:
            click.echo(f"{'Wrote' if written else 'Up to date:'} {lock}")
    return _exit_code(plan, outcome, dry_run)


def _schemas(folder: Path | None) -> Schemas:
    if folder is None:
        return installed()
    from pragma_contracts.governance.compiler import compile_as_it_is

    return compile_as_it_is(folder)


def _exit_code(plan: Plan, outcome: Outcome | None, dry_run: bool) -> ExitCode:
    if plan.refused or (outcome is not None and outcome.refused):
        return ExitCode.REFUSED
    return ExitCode.WOULD_CHANGE if dry_run and plan.changes else ExitCode.DONE
