"""A market of a test's own on each kind of registry, or on the real one that PRAGMA_CONTRACTS_TEST_REGISTRY names.

Each test has a topic and a package of its own there, and soft-deletes them. It should hold nothing else but what these
import, in the form in which `register` writes it.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pragma_contracts.testing import Behaviour, registry_server
from tests.registries.market import Market, Place

REAL = os.environ.get("PRAGMA_CONTRACTS_TEST_REGISTRY")


# The plain one is what `embedded` has, which many tests register at.
KINDS = [behaviour for behaviour in Behaviour if behaviour is not Behaviour.PLAIN]


@pytest.fixture(params=[None] if REAL else KINDS, ids=lambda each: each.value if each else "real")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty registry of each kind, or the real one."""
    if REAL:
        yield Place(REAL.rstrip("/"), None)
        return
    with registry_server(request.param) as url:
        yield Place(url, request.param)


@pytest.fixture
def name(root: Path, tmp_path: Path) -> str:
    """The name of a package in which a copy of the schemas has its prices."""
    made = f"prices{uuid.uuid4().hex[:8]}"
    schemas = shutil.copytree(root / "schemas", tmp_path / "schemas")
    (schemas / "pragma/market/v1/market_depth.proto").unlink()
    text = (schemas / "pragma/market/v1/price.proto").read_text(encoding="utf-8")
    for old, new in (
        ("package pragma.market.v1;", f"package pragma.{made}.v1;"),
        ("  Envelope envelope", "  pragma.market.v1.Envelope envelope"),
        ("  MarketType market_type", "  pragma.market.v1.MarketType market_type"),
        ('"pragma-prices-v1"', f'"pragma-{made}-v1"'),
    ):
        assert old in text
        text = text.replace(old, new)
    (schemas / "pragma/market/v1/price.proto").unlink()
    (schemas / f"pragma/{made}/v1").mkdir(parents=True)
    (schemas / f"pragma/{made}/v1/price.proto").write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def market(place: Place, name: str, tmp_path: Path) -> Iterator[Market]:
    """Prices that nobody else has: in a package of their own, which imports the header that every contract has."""
    made = Market(place, tmp_path, name)
    yield made
    if REAL:
        # Where that can be done: the gate takes a contract that is gone from the schemas for a break.
        httpx.delete(f"{place.url}/subjects/{made.prices}")
