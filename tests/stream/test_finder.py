"""A producer without a lock finds its schema ids, whichever form and layout the registry holds them in."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pragma_contracts import MarketDepth, Price
from pragma_contracts.errors import RegistryError
from pragma_contracts.governance.sources import installed
from pragma_contracts.governance.targets import Target, targets
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.registry import Reference, Registry
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import embedded


def _register(registry: Registry, schema_of: Callable[[Target], str]) -> None:
    for target in targets(installed()):
        registry.register(target.subject, schema_of(target), [Reference(name, name, 1) for name in target.imports])


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda target, root: target.schema, id="what register writes"),
        pytest.param(lambda target, root: (root / "schemas" / target.file).read_text(), id="the source with comments"),
        pytest.param(lambda target, root: target.schema.replace("\n", "\r\n").replace("  ", "\t"), id="another layout"),
        pytest.param(lambda target, root: base64.b64encode(target.files[target.file]).decode(), id="a descriptor"),
    ],
)
def test_every_form_is_found(root: Path, form: Callable[[Target, Path], str]) -> None:
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, lambda target: form(target, root))
        ids = producer_ids(CONTRACTS, registry=running.registry_url)
    assert {contract.message: schema_id for contract, schema_id in ids.items()} == {MarketDepth: 4, Price: 5}


def test_an_older_version_is_found_behind_newer_ones() -> None:
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, lambda target: target.schema)
        _register(registry, lambda target: target.schema.replace("token_ticker", "ticker"))
        assert registry.versions("pragma-prices-v1-value") == [1, 2]
        ids = producer_ids(CONTRACTS, registry=running.registry_url)
    assert sorted(ids.values()) == [4, 5]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("string price = 6", "string price = 7"), id="another number"),
        pytest.param(("(pragma.contracts.v1.decimal) = true", "deprecated = true"), id="another option"),
        pytest.param(("string message_id = 1", "bytes message_id = 1"), id="another import"),
    ],
)
def test_another_schema_is_not(change: tuple[str, str]) -> None:
    price: Any = next(contract for contract in CONTRACTS if contract.message is Price)
    with embedded() as running, Registry(running.registry_url) as registry:
        _register(registry, lambda target: target.schema.replace(*change))
        with pytest.raises(RegistryError, match="the installed schema is not registered; run `pragma-contracts"):
            producer_ids([price], registry=running.registry_url)
