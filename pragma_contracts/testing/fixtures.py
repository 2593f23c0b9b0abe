"""Fixtures for pytest: `pytest_plugins = ["pragma_contracts.testing.fixtures"]` in a conftest.py brings them in."""

from collections.abc import Iterator

import pytest

from pragma_contracts.testing import Stack, embedded, stack


@pytest.fixture(scope="session")
def pragma_stack() -> Iterator[Stack]:
    """A real broker and a real registry, started once for all tests."""
    with stack() as running:
        yield running


@pytest.fixture(scope="session")
def pragma_embedded() -> Iterator[Stack]:
    """An embedded broker and registry, started once for all tests."""
    with embedded() as running:
        yield running
