"""The command `pragma-contracts gate`."""

import datetime
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.cli.output_option import Output, output_option, show, write
from pragma_contracts.cli.registry_options import registry_options
from pragma_contracts.cli.waivers_option import waivers_option
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.gate.bases import Base, read_both
from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.rules import RULES
from pragma_contracts.governance.gate.waivers import read_waivers
from pragma_contracts.governance.printing.text import explained


@click.command()
@click.option(
    "--against",
    metavar="BASE",
    help="A git ref, a folder, a wheel of this package, or `registry`: every live version there.",
)
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("schemas"),
    show_default=True,
    help="Folder of the new .proto files.",
)
@click.option(
    "--changelog",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("CHANGELOG.md"),
    show_default=True,
    help="Changelog.",
)
@waivers_option
@registry_options(required=False)
@output_option
@click.option(
    "--explain", metavar="RULE", type=click.Choice(list(RULES)), help="Print a rule with an example, and stop."
)
def gate(
    against: str | None,
    schemas: Path,
    changelog: Path,
    waivers: Path,
    outputs: Sequence[Output],
    explain: str | None,
    registry: str | None,
    **credentials: Any,
) -> ExitCode:
    """Refuse a breaking change of the schemas, offline, before any registry sees it.

    Exit codes: 0 passed, 1 refused, 2 could not run.
    """
    if explain is not None:
        show(list(explained(RULES[explain])))
        return ExitCode.DONE
    if not against:
        raise ConfigurationError("against", "is missing; name a git ref such as origin/main, a folder or a wheel")
    given, today = read_waivers(waivers), datetime.datetime.now(datetime.UTC).date()
    if registry is not None:
        # Not at the top: the HTTP client takes as long to load as everything else.
        from pragma_contracts.governance.gate.asking import judge_asking
        from pragma_contracts.registry import RegistrySettings

        settings = RegistrySettings(registry, **credentials)
        verdict = judge_asking(
            settings, against, schemas, changes=changelog, waivers=given, today=today, progress=_shown
        )
    elif against == "registry":
        raise ConfigurationError("registry", "is missing; with --against registry, name one with --registry")
    else:
        both = read_both(against, schemas)
        verdict = judge(against, [both], changes=changelog, waivers=given, today=today)
    write(verdict.seen_from(schemas), outputs)
    return ExitCode.REFUSED if verdict.refused else ExitCode.DONE


def _shown(bases: Sequence[Base]) -> Iterable[Base]:
    """The bases, with a bar on a terminal's standard error."""
    from rich.console import Console
    from rich.progress import track

    return track(bases, "Comparing", console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
