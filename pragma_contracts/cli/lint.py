"""The command `pragma-contracts lint`."""

from collections.abc import Sequence
from pathlib import Path

import click

from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.cli.output_option import Output, output_option, show, write
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.lint.linting import lint as find
from pragma_contracts.governance.lint.rules import RULES
from pragma_contracts.governance.printing.text import explained


@click.command()
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("schemas"),
    show_default=True,
    help="Folder of the .proto files.",
)
@output_option
@click.option(
    "--explain", metavar="RULE", type=click.Choice(list(RULES)), help="Print a rule with an example, and stop."
)
def lint(schemas: Path, outputs: Sequence[Output], explain: str | None) -> ExitCode:
    """Refuse schemas that are not written as contracts are: buf's STANDARD rules, comments, and rules of contracts.

    Exit codes: 0 passed, 1 refused, 2 could not run.
    """
    if explain is not None:
        show(list(explained(RULES[explain])))
        return ExitCode.DONE
    verdict = find(compile_as_it_is(schemas), str(schemas))
    write(verdict.seen_from(schemas), outputs)
    return ExitCode.REFUSED if verdict.refused else ExitCode.DONE
