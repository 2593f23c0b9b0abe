"""The option --output of the commands that give a verdict: forms on standard output, and forms in files."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.printing.forms import FORMS
from pragma_contracts.governance.printing.text import Line, text
from pragma_contracts.governance.verdict import Verdict

_F = TypeVar("_F", bound=Callable[..., Any])


class Output(NamedTuple):
    """A form of a verdict, and the file that it goes to; None is standard output."""

    form: str
    file: Path | None


def output_option(command: _F) -> _F:
    """Gives a command the option --output, which may be given several times."""
    return click.option(
        "--output",
        "outputs",
        multiple=True,
        default=("text",),
        callback=_parsed,
        metavar="FORM[=FILE]",
        help=f"{', '.join(FORMS)}; several times for several, such as --output github --output sarif=gate.sarif.",
    )(command)


def write(verdict: Verdict, outputs: Sequence[Output]) -> None:
    """Writes a verdict in every form that was asked for. Raises ConfigurationError: a file cannot be written."""
    for form, file in outputs:
        if file is not None:
            try:
                file.write_text("\n".join((*FORMS[form](verdict), "")), encoding="utf-8")
            except OSError as error:
                raise ConfigurationError("output", f"{file} cannot be written: {error}") from error
        elif form == "text":
            show(list(text(verdict)))
        else:
            click.echo("\n".join(FORMS[form](verdict)))


def show(lines: Sequence[Line]) -> None:
    """Lines on standard output, with colours on a terminal."""
    if not sys.stdout.isatty():
        click.echo("\n".join(line.text for line in lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        console.print(Text(line.text, style=line.style), soft_wrap=True)


def _parsed(_: click.Context, __: click.Parameter, values: Sequence[str]) -> list[Output]:
    outputs = []
    for value in values:
        form, separator, file = value.partition("=")
        if form not in FORMS:
            raise click.BadParameter(f"{form!r} is not one of {', '.join(FORMS)}")
        if separator and not file:
            raise click.BadParameter(f"{value!r} names no file")
        outputs.append(Output(form, Path(file) if file else None))
    return outputs
