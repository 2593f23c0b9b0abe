"""Registers the installed schemas in one call, for programs that bring their own registry."""

from pragma_contracts.errors import RegistryError
from pragma_contracts.governance.apply import apply
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.plan import make_plan
from pragma_contracts.governance.sources import installed
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import Form, targets
from pragma_contracts.registry import Registry, RegistrySettings


def register_installed(
    registry: str | RegistrySettings, *, level: str = "BACKWARD_TRANSITIVE", form: Form = "text"
) -> int:
    """Registers every installed contract and what it imports; gives the number of subjects. Raises RegistryError."""
    with Registry(registry) as asked:
        wanted = targets(installed(), form)
        reading = Reading(Holdings(asked), wanted)
        outcome = apply(reading, make_plan(reading, wanted, LevelRule(level)))
        for step in outcome.refused:
            words = "; ".join(step.words)
            raise RegistryError("POST", f"{asked.url}/subjects/{step.target.subject}/versions", 409, 0, words)
    return len(outcome.held)
