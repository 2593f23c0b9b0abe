"""Fixtures that every test may use: the embedded stack, the real one, and the recorded sample."""

from pathlib import Path
from typing import Any

import pytest

from pragma_contracts.testing.sample import sample

pytest_plugins = ["pragma_contracts.testing.fixtures"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def recorded() -> list[dict[str, Any]]:
    """The 16,537 recorded messages in the user's JSON form."""
    return list(sample())
