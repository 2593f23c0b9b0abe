"""The options of every command that asks a registry: its URL, and credentials that never appear in any output."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


def variable(name: str) -> dict[str, Any]:
    """An option's environment variable, which its help shows."""
    return {"envvar": f"PRAGMA_CONTRACTS_{name}", "show_envvar": True}


def registry_options(*, required: bool) -> Callable[[_F], _F]:
    """Gives a command the option --registry, and those that RegistrySettings takes by the same names."""
    options = (
        click.option(
            "--registry", required=required, metavar="URL", help="Root of the registry's API.", **variable("REGISTRY")
        ),
        click.option("--user", help="User for basic auth.", **variable("REGISTRY_USER")),
        click.option("--password", help="Password for basic auth.", **variable("REGISTRY_PASSWORD")),
        click.option("--token", help="Bearer token.", **variable("REGISTRY_TOKEN")),
        click.option("--ca-file", metavar="PEM", help="Authorities to trust.", **variable("REGISTRY_CA_FILE")),
        click.option("--cert-file", metavar="PEM", help="Client certificate.", **variable("REGISTRY_CERT_FILE")),
        click.option(
            "--key-file", metavar="PEM", help="Key of the client certificate.", **variable("REGISTRY_KEY_FILE")
        ),
    )

    def decorate(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
