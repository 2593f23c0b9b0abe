"""The command `pragma-contracts gate`."""

import datetime
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import click

from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.cli.output_option import Output, output_option, show, write
from pragma_contracts.cli.registry_options import registry_options
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.bases import Base, read_base
from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.registry_base import registry_bases
from pragma_contracts.governance.gate.rules import RULES
from pragma_contracts.governance.gate.second_opinion import second_opinions
from pragma_contracts.governance.gate.waivers import read_waivers
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.printing.text import explained
from pragma_contracts.governance.targets import targets
from pragma_contracts.registry import Registry, RegistrySettings


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
    "--changelog", type=click.Path(path_type=Path), default=Path("CHANGELOG.md"), show_default=True, help="Changelog."
)
@click.option(
    "--waivers",
    type=click.Path(path_type=Path),
    default=Path("gate-waivers.toml"),
    show_default=True,
    help="Deliberate breaks.",
)
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
    **credentials: str | None,
) -> ExitCode:
    """Refuse a breaking change of the schemas, offline, before any registry sees it.

    Exit codes: 0 passed, 1 refused, 2 could not run.
    """
    if explain is not None:
        show(list(explained(RULES[explain])))
        return ExitCode.DONE
    if against is None:
        raise ConfigurationError("against", "is missing; name a git ref such as origin/main, a folder or a wheel")
    today = datetime.datetime.now(datetime.UTC).date()
    given, new = read_waivers(waivers), compile_as_it_is(schemas)
    asked = None if registry is None else Registry(RegistrySettings(registry, **credentials))
    with asked or nullcontext():
        about, bases = _bases(against, schemas, new, asked)
        verdict = judge(about, bases, changes=changelog, waivers=given, today=today)
        if asked is not None:
            opinions = second_opinions(asked, targets(new, "descriptor", schemas), new, verdict)
            verdict = replace(verdict, opinions=tuple(opinions))
    write(verdict.seen_from(schemas), outputs)
    return ExitCode.REFUSED if verdict.refused else ExitCode.DONE


def _bases(against: str, schemas: Path, new: Schemas, registry: Registry | None) -> tuple[str, Iterable[Base]]:
    if against != "registry":
        return against, [Base(against, read_base(against, schemas), new)]
    if registry is None:
        raise ConfigurationError("registry", "is missing; with --against registry, name one with --registry")
    bases = list(registry_bases(registry, new))
    if not bases:
        problem = f"no subject at {registry.url} holds a contract; before the first one there is nothing to compare"
        raise ConfigurationError("against", problem)
    return registry.url, bases
