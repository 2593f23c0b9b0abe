"""The recipe of docs/interop.md that lets a client in Node read by a registry: to us it changes nothing but the ids."""

import re
from pathlib import Path

from pragma_contracts.governance.registering import register_installed
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.registry import Registry
from pragma_contracts.stream.ids import producer_ids

RECIPE = re.compile(r"### One more reference\n.*?```python\n(.*?)```", re.DOTALL)


def test_versions_with_one_more_reference_are_ours(root: Path, empty_registry: str) -> None:
    register_installed(empty_registry)
    before = producer_ids(CONTRACTS, registry=empty_registry)
    recipe = RECIPE.search((root / "docs/interop.md").read_text(encoding="utf-8"))
    assert recipe is not None
    exec(recipe[1], {"registry": empty_registry})

    after = producer_ids(CONTRACTS, registry=empty_registry)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    register_installed(empty_registry)
    with Registry(empty_registry) as registry:
        for contract in after:
            assert registry.versions(f"{contract.topic}-value") == [1, 2]
            references = registry.version(f"{contract.topic}-value", 2).references
            assert "google/protobuf/timestamp.proto" in {reference.name for reference in references}
