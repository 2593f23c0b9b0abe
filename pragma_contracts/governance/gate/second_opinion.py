"""What a registry says to a change, beside our verdict: registries differ, and a disagreement is worth a look."""

from collections.abc import Iterator, Sequence

from pragma_contracts.errors import RegistryError
from pragma_contracts.governance.gate.versions import closure
from pragma_contracts.governance.levels import KEEP, LevelRule
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.opinions import Opinion
from pragma_contracts.governance.plan import State, make_plan
from pragma_contracts.governance.stored import Reading
from pragma_contracts.governance.targets import Target
from pragma_contracts.governance.verdict import SecondOpinion, Verdict

# What no registry looks at.
_OURS_ALONE = ("CHANGELOG_ENTRY", "CONTRACT_VERSION_RAISED")
_COMPATIBLE = {Opinion.COMPATIBLE: True, Opinion.REFUSED: False}


def second_opinions(
    reading: Reading, targets: Sequence[Target], new: Schemas, verdict: Verdict
) -> Iterator[SecondOpinion]:
    """What the registry says to each subject that would get a new version, at the subject's own level.

    A registry that cannot answer has no opinion, and one that cannot be asked has none on anything.
    """
    by_name = {file.name: file for file in new.files}
    try:
        steps = make_plan(reading, targets, LevelRule(KEEP)).steps
    except RegistryError as error:
        yield SecondOpinion("every subject", None, None, (str(error),), ())
        return
    for step in steps:
        if step.state is State.NEW_VERSION:
            files = closure(new, by_name[step.target.file])
            rules = sorted({each.rule for each in verdict.breaks if each.file in files} - set(_OURS_ALONE))
            compatible = _COMPATIBLE.get(step.opinion)
            yield SecondOpinion(step.target.subject, step.levels.own, compatible, step.words, tuple(rules))
