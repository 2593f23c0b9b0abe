"""The verdict on a change with a registry at hand: as what it is compared with, and for a second opinion."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.compiler import compile_as_it_is
from pragma_contracts.governance.gate.bases import Base, read_both
from pragma_contracts.governance.gate.judging import judge
from pragma_contracts.governance.gate.registry_base import Live, registry_bases
from pragma_contracts.governance.gate.second_opinion import second_opinions
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import targets
from pragma_contracts.governance.verdict import Verdict, Waiver
from pragma_contracts.registry import Registry, RegistrySettings


def judge_asking(
    settings: RegistrySettings,
    against: str,
    folder: Path,
    *,
    changes: Path,
    waivers: Sequence[Waiver],
    today: datetime.date,
    progress: Callable[[Sequence[Base]], Iterable[Base]],
) -> Verdict:
    """The verdict on the schemas of a folder, with the registry's opinion. against: as in `read_base`, or "registry".

    progress: goes through the bases, of which a registry may have hundreds, and may show where it is.

    Raises:
        RegistryError: the registry is to be compared with, and cannot be asked.
        ConfigurationError: it holds no contract to compare with; and what `judge` and `read_base` raise.
    """
    with Registry(settings) as registry:
        if against == "registry":
            new = compile_as_it_is(folder)
            wanted = targets(new)
            reading = Reading(Holdings(registry), wanted)
            about, live = registry.url, registry_bases(reading, new, wanted)
            if not live.bases:
                problem = f"no subject at {about} holds a contract; before the first one there is nothing to compare"
                raise ConfigurationError("against", problem)
        else:
            base = read_both(against, folder)
            new, about, live = base.new, against, Live((base,), (), ())
            wanted = targets(new)
            reading = Reading(Holdings(registry), wanted)
        verdict = judge(about, progress(live.bases), changes=changes, waivers=waivers, today=today)
        opinions = tuple(second_opinions(reading, wanted, new, verdict))
        return replace(verdict, opinions=opinions, compared=live.compared, unseen=live.unseen)
