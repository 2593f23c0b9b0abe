"""A plan with the verdicts on it: what is wrong with the schemas, and what they would break of all that is live."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.registry_base import registry_bases
from pragma_contracts.governance.levels import LevelRule
from pragma_contracts.governance.lint.linting import lint
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.plan import Plan, make_plan
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import Target
from pragma_contracts.governance.verdict import Waiver
from pragma_contracts.stream.ids import Locked


def judged_plan(
    reading: Reading,
    schemas: Schemas,
    targets: Sequence[Target],
    *,
    about: str,
    level: LevelRule,
    waivers: Sequence[Waiver],
    locked: Mapping[str, Locked],
) -> Plan:
    """The plan for schemas, and the verdicts of linter and gate; nothing is written.

    about: what the schemas are called. locked: what contracts.lock has of the registry.

    The changelog is not asked for, and a waiver that is not needed any more is no problem here: running a registration
    again changes nothing.

    Raises:
        ConfigurationError: buf cannot be run, or a live version of a contract is no protobuf schema.
        RegistryError: the registry cannot be asked.
    """
    registry = reading.holdings.registry
    linted = lint(schemas, about)
    if linted.refused:
        return Plan(registry.url, level, (), (linted,))
    live = registry_bases(reading, schemas, targets, locked=locked, ours_alone=True)
    today = datetime.datetime.now(datetime.UTC).date()
    gated = judge(registry.url, live.bases, changes=None, waivers=waivers, today=today)
    gated = replace(gated, problems=(), compared=live.compared, unseen=live.unseen)
    referred = reading.holdings.referred(target.subject for target in targets)
    return replace(make_plan(reading, targets, level, locked), verdicts=(linted, gated), referred=referred)
