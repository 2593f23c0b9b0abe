"""What a registry says to a schema before it is registered; no answer is never taken for a yes."""

from collections.abc import Sequence
from enum import StrEnum

from pragma_contracts.errors import RegistryError, RegistryUnavailable
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.targets import Target
from pragma_contracts.registry import Reference

_NOT_FOUND = 404
# What Confluent's registry adds to its findings: the old schema as a whole, and its own settings.
_CONTEXT = ("{oldSchema:", "{validateFields:")


class Opinion(StrEnum):
    """What the registry says to a new schema."""

    COMPATIBLE = "compatible"
    REFUSED = "refused"
    NOT_ASKED = "not asked"
    NONE = "no opinion"


def ask(holdings: Holdings, target: Target, references: Sequence[Reference]) -> tuple[Opinion, tuple[str, ...]]:
    """The registry's opinion on a target's schema as the next version of its subject, and its words.

    A registry that has no question about all versions is asked about each of them.

    Raises:
        RegistryUnavailable: the registry does not answer at all.
    """
    registry = holdings.registry
    try:
        try:
            verdicts = {"": registry.compatibility(target.subject, target.schema, references)}
        except RegistryError as error:
            if error.status != _NOT_FOUND:
                raise
            verdicts = {
                f"version {number}: ": registry.compatibility(target.subject, target.schema, references, number)
                for number in holdings.numbers(target.subject)
            }
    except RegistryError as error:
        if isinstance(error, RegistryUnavailable) and not error.status:
            raise
        return Opinion.NONE, (
            f"it cannot judge this before it is registered: {error.status} {error.code}: {error.detail}",
        )
    refused = {which: verdict for which, verdict in verdicts.items() if not verdict.compatible}
    if not refused:
        return Opinion.COMPATIBLE, ()
    words = [
        f"{which}{message}"
        for which, verdict in refused.items()
        for message in verdict.messages
        if not message.startswith(_CONTEXT)
    ]
    return Opinion.REFUSED, tuple(words) or ("the registry calls it incompatible, and says no more",)
