"""The option --waivers: a file that is named has to be there, and the one that is not named need not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

_F = TypeVar("_F", bound=Callable[..., Any])


def waivers_option(command: _F) -> _F:
    """Gives a command the option --waivers."""
    return click.option(
        "--waivers",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("gate-waivers.toml"),
        show_default=True,
        callback=_there,
        help="Deliberate breaks.",
    )(command)


def _there(context: click.Context, _: click.Parameter, path: Path) -> Path:
    if context.get_parameter_source("waivers") is not ParameterSource.DEFAULT and not path.exists():
        raise click.BadParameter(f"there is no file {str(path)!r}")
    return path
