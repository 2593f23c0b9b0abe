"""Finds the live version that means what a target means, whatever form it was registered in, and what it has lost."""

from typing import NamedTuple

from pragma_contracts.governance.losses import Loss, restored, without_options
from pragma_contracts.governance.meaning import meanings
from pragma_contracts.governance.stored import Reading, Stored
from pragma_contracts.governance.targets import Target
from pragma_contracts.registry import Registered


class Held(NamedTuple):
    """A version that is a target's schema, but for what the registry has lost of it."""

    registered: Registered
    losses: frozenset[Loss]


def held(reading: Reading, target: Target, ours: int = 0) -> Held | None:
    """The last live version of a target's subject that means what the target means, or None.

    One that has lost nothing is preferred: a stock producer that registers by itself may have put its own, poorer form
    of the same schema on top. Where a version that kept its options has other ones, the poorer is a form of that.
    ours: the schema id that the registry is known to have given to this very schema, if any.

    Raises:
        ConfigurationError: a version is no protobuf schema.
        RegistryError: the registry cannot be asked.
    """
    poorer: Held | None = None
    has_others = False
    for version in reading.every(target.subject, target.file):
        losses = kept(version, target, is_ours=version.registered.schema_id == ours)
        if losses is not None and not losses:
            return Held(version.registered, losses)
        if losses and (poorer is None or version.registered.schema_id == ours):
            poorer = Held(version.registered, losses)
        has_others = has_others or (losses is None and _differs_in_options(version, target))
    if poorer is not None and has_others and Loss.OPTIONS in poorer.losses and poorer.registered.schema_id != ours:
        return None
    return poorer


def _differs_in_options(version: Stored, target: Target) -> bool:
    return kept(version._replace(files=without_options(version.files)), target) is not None


def kept(version: Stored, target: Target, *, is_ours: bool = False) -> frozenset[Loss] | None:
    """What is lost of a version that means what a target means; None of one that means something else."""
    found = restored(version.files, target.files, is_ours=is_ours)
    return found.losses if meanings(found.files) == meanings(target.files) else None
