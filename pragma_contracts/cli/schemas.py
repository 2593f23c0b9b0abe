"""The command `pragma-contracts schemas`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.export.forms import BINARY, FORMS, Files, chosen
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.sources import shipped


@click.command()
@click.option("--form", type=click.Choice(list(FORMS)), required=True, help="What is made of the schemas.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to, or the file itself when there is one and this has a suffix; by default standard output.",
)
@click.option(
    "--schemas",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of .proto files to compile, instead of the installed ones.",
)
@click.option(
    "--contract", "names", multiple=True, metavar="NAME", help="A contract, such as Price; several times for several."
)
def schemas(form: str, out: Path | None, folder: Path | None, names: Sequence[str]) -> ExitCode:
    """Write the schemas in a form that other tools read.

    descriptor-set: the contracts and all that they import as one FileDescriptorSet. flat-proto: one .proto file for
    each contract, without options of ours and imports of our files. clickhouse: for each contract a Kafka table, a
    table of exact values and the view between them, with the .proto files that they need.

    Exit codes: 0 done, 2 could not run.
    """
    found = _schemas(folder)
    files = FORMS[form](found, chosen(found, names))
    if out is None:
        _print(form, files)
    else:
        for path, data in _placed(form, files, out).items():
            _write(path, data)
            click.echo(f"Wrote {path}")
    return ExitCode.DONE


def _schemas(folder: Path | None) -> Schemas:
    if folder is None:
        return shipped()
    from pragma_contracts.governance.compiler import compile_folder

    return compile_folder(folder)


def _print(form: str, files: Files) -> None:
    if len(files) > 1:
        raise ConfigurationError("--out", f"{form} gives {len(files)} files ({', '.join(files)}); name a folder")
    if form in BINARY and sys.stdout.isatty():
        raise ConfigurationError("--out", f"{form} is no text for a terminal; name a file, or send it to a program")
    (data,) = files.values()
    sys.stdout.buffer.write(data)


def _placed(form: str, files: Files, out: Path) -> dict[Path, bytes]:
    if not out.suffix or out.is_dir():
        return {out / name: data for name, data in files.items()}
    if len(files) > 1:
        problem = (
            f"{out} has a suffix, so it is a file, and {form} gives {len(files)} ({', '.join(files)}); name a folder"
        )
        raise ConfigurationError("--out", problem)
    (data,) = files.values()
    return {out: data}


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise ConfigurationError("--out", f"{path} cannot be written: {error.strerror}") from error
