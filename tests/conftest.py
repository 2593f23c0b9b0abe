"""Fixtures that every test may use: the embedded stack, the real one, and the recorded sample."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from pragma_contracts.testing import stack
from pragma_contracts.testing.sample import sample

pytest_plugins = ["pragma_contracts.testing.fixtures"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def _emptied() -> Iterator[str]:
    with stack() as running:
        yield running.registry_url


def _deleted(subject: str) -> bool:
    httpx.delete(subject)  # or it is deleted already, but not for good
    return httpx.delete(subject, params={"permanent": "true"}).is_success


@pytest.fixture
def empty_registry(_emptied: str) -> str:
    """The URL of a real registry that holds nothing and that no other test uses at the same time."""
    while subjects := httpx.get(f"{_emptied}/subjects", params={"deleted": "true"}).json():
        # What another schema refers to stays until that one is gone.
        assert any(_deleted(f"{_emptied}/subjects/{quote(subject, safe='')}") for subject in subjects)
    return _emptied


@pytest.fixture(scope="session")
def recorded() -> list[dict[str, Any]]:
    """The 16,537 recorded messages in the user's JSON form."""
    return list(sample())
