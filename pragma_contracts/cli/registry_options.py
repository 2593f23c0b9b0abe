"""The options of every command that asks a registry: its URL, and credentials that never appear in any output."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


def variable(name: str) -> dict[str, Any]:
    """An option's environment variable, which its help shows."""
    return {"envvar": f"PRAGMA_CONTRACTS_{name}", "show_envvar": True}


class _Lines(click.types.StringParamType):
    """Text; of several values in a variable each has its own line."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        return [line for line in rv.splitlines() if line.strip()]


def _headers(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    if any(":" not in value for value in values):
        # What was given may be a secret.
        raise click.BadParameter("write 'Name: value'")
    return {name.strip(): value.strip() for name, _, value in (each.partition(":") for each in values)}


def _setting(name: str, description: str, **more: Any) -> Callable[[_F], _F]:
    """The option of a setting of RegistrySettings, by its name."""
    option = f"--{name.replace('_', '-')}"
    return click.option(option, name, help=description, **variable(f"REGISTRY_{name.upper()}"), **more)


_SETTINGS = (
    _setting("context", "Context of all subjects, where the registry has contexts."),
    _setting("user", "User for basic auth."),
    _setting("password", "Password for basic auth."),
    _setting("token", "Bearer token."),
    _setting("oauth_url", "Token endpoint of OAuth 2.0 client credentials.", metavar="URL"),
    _setting("oauth_client_id", "Client id for OAuth."),
    _setting("oauth_client_secret", "Client secret for OAuth."),
    _setting("oauth_scope", "Scope to ask for, if the token endpoint wants one."),
    _setting("ca_file", "Authorities to trust.", metavar="PEM"),
    _setting("cert_file", "Client certificate.", metavar="PEM"),
    _setting("key_file", "Key of the client certificate.", metavar="PEM"),
    _setting("key_password", "Password of the key, if it is encrypted."),
    click.option(
        "--header",
        "headers",
        multiple=True,
        type=_Lines(),
        callback=_headers,
        metavar="'NAME: VALUE'",
        help="Further HTTP header; several times, or a line each in the variable, for several.",
        **variable("REGISTRY_HEADERS"),
    ),
)


def registry_options(*, required: bool) -> Callable[[_F], _F]:
    """Gives a command the option --registry, and those that RegistrySettings takes by the same names."""
    registry = click.option(
        "--registry",
        required=required,
        metavar="URL",
        help="Root of the registry's API; of one that has several, all of them with commas between.",
        **variable("REGISTRY"),
    )

    def decorate(command: _F) -> _F:
        for option in reversed((registry, *_SETTINGS)):
            command = option(command)
        return command

    return decorate
