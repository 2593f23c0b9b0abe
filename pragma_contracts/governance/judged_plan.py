"""A plan with the verdicts on it: what is wrong with the schemas, and what they would break of all that is live."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.registry_base import registry_bases
from pragma_contracts.governance.lint.linting import lint
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.plan import Plan, make_plan
from pragma_contracts.governance.targets import Form, targets
from pragma_contracts.governance.verdict import Waiver
from pragma_contracts.registry import Registry


def judged_plan(
    registry: Registry, schemas: Schemas, form: Form, folder: Path, level: str, waivers: Sequence[Waiver]
) -> Plan:
    """The plan for schemas, and the verdicts of linter and gate; nothing is written. folder: the .proto files.

    The changelog is not asked for, and a waiver that is not needed any more is no problem here: running a registration
    again changes nothing.

    Raises:
        ConfigurationError: buf cannot be run, or a live version of a contract is no protobuf schema.
        RegistryError: the registry cannot be asked.
    """
    linted = lint(schemas, str(folder))
    if linted.refused:
        return Plan(registry.url, (), (linted,))
    bases = registry_bases(registry, schemas, ours_alone=True)
    today = datetime.datetime.now(datetime.UTC).date()
    gated = judge(registry.url, bases, changes=None, waivers=waivers, today=today)
    plan = make_plan(registry, targets(schemas, form, folder), level)
    return replace(plan, verdicts=(linted, replace(gated, problems=())))
