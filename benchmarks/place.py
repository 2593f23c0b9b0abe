"""Where contenders run: nowhere, or beside a broker and a registry that knows the contracts."""

from collections.abc import Iterator
from contextlib import contextmanager

from pragma_contracts.governance.registering import register_installed
from pragma_contracts.governance.targets import Form
from pragma_contracts.testing import Stack, embedded, stack

# The stock clients that we are compared with find nothing else on these registries.
_FORM: Form = "descriptor"


@contextmanager
def nowhere() -> Iterator[Stack]:
    """For work that needs no server."""
    yield Stack("", "")


@contextmanager
def beside_embedded() -> Iterator[Stack]:
    """An embedded broker and registry, in a process that no contender runs in."""
    with embedded() as running:
        register_installed(running.registry_url, form=_FORM)
        yield running


@contextmanager
def beside_real() -> Iterator[Stack]:
    """A real broker and registry."""
    with stack() as running:
        register_installed(running.registry_url, form=_FORM)
        yield running
