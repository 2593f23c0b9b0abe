"""Two registrations of different schemas at once: the slower one does not register what was never compared."""

import shutil
from pathlib import Path

import pytest

from pragma_contracts.errors import RegistryError
from pragma_contracts.governance.apply import apply
from pragma_contracts.governance.compiler import compile_folder
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.plan import Plan, make_plan
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import targets
from pragma_contracts.registry import Registry
from pragma_contracts.testing import embedded

PRICE = "pragma/market/v1/price.proto"


def _planned(registry: Registry, schemas: Path, field: str) -> tuple[Reading, Plan]:
    path = schemas / PRICE
    text = path.read_text(encoding="utf-8").replace('version: "1.1"', 'version: "1.2"')
    path.write_text(text.replace("  // Anything else", f"  // Another one.\n  {field} = 7;\n  // Anything else"))
    wanted = targets(compile_folder(schemas))
    reading = Reading(Holdings(registry), wanted)
    return reading, make_plan(reading, wanted, LevelRule())


def test_what_another_run_registered_meanwhile_is_not_passed_over(root: Path, tmp_path: Path) -> None:
    """Both had been compared with version 1 alone, and the field 7 was a text in version 2 and bytes in version 3."""
    with embedded() as running, Registry(running.registry_url) as registry:
        register_installed(running.registry_url)
        slow = _planned(registry, shutil.copytree(root / "schemas", tmp_path / "slow"), "string note")
        fast = _planned(registry, shutil.copytree(root / "schemas", tmp_path / "fast"), "bytes blob")
        assert not apply(*fast).refused
        with pytest.raises(RegistryError, match="version 2 was registered meanwhile, and nothing was compared with it"):
            apply(*slow)
        assert registry.versions("pragma-prices-v1-value") == [1, 2]


def test_the_same_schema_may_be_registered_meanwhile(root: Path, tmp_path: Path) -> None:
    with embedded() as running, Registry(running.registry_url) as registry:
        register_installed(running.registry_url)
        slow = _planned(registry, shutil.copytree(root / "schemas", tmp_path / "slow"), "string note")
        fast = _planned(registry, shutil.copytree(root / "schemas", tmp_path / "fast"), "string note")
        assert not apply(*fast).refused
        assert not apply(*slow).refused
        assert registry.versions("pragma-prices-v1-value") == [1, 2]
