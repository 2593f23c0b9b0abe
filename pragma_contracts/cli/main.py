"""The command `pragma-contracts`: finds the subcommand, and turns errors into one line and an exit code."""

import sys
import traceback
from importlib import import_module
from importlib.metadata import version

import click

from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.errors import ContractError, printable

# A command's module is loaded when it is called, so that --help needs neither Kafka nor a compiler.
_COMMANDS = {
    "demo": "Replay recorded market data through the contracts.",
    "dlq": "Look at dead letters, and replay them.",
    "gate": "Refuse a breaking change of the schemas.",
    "lint": "Refuse schemas that are not written as contracts are.",
    "register": "Register the schemas in a registry, and write contracts.lock.",
    "schemas": "Write the schemas in a form that other tools read.",
    "stack": "Keep a real broker and registry running, without Docker.",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command = getattr(import_module(f"pragma_contracts.cli.{name}"), name)
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("pragma-contracts"), prog_name="pragma-contracts")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Contracts for market data on Kafka.

    Exit codes: 0 done, 1 refused, 2 could not run, 3 would change (with --dry-run).
    """


def main() -> None:
    """Runs the command line; the entry point of the package."""
    try:
        code = cli.main(standalone_mode=False)
    except ContractError as error:
        if "--debug" in sys.argv:
            traceback.print_exception(error)
        click.echo(f"error: {error}", err=True)
        sys.exit(ExitCode.COULD_NOT_RUN)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.COULD_NOT_RUN)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except Exception as error:
        # Python's own exit code of a crash is 1, which here is a verdict.
        if "--debug" in sys.argv:
            traceback.print_exception(error)
        click.echo(f"error: {type(error).__name__}: {printable(str(error))}; --debug shows where", err=True)
        sys.exit(ExitCode.COULD_NOT_RUN)
    sys.exit(code or ExitCode.DONE)
