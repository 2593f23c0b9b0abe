"""Every live version of every contract in a registry, and of what they import, as what a change is compared with."""

import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pragma_contracts.descriptors import parse_set
from pragma_contracts.errors import ConfigurationError, RegistryError
from pragma_contracts.governance.gate.bases import Base
from pragma_contracts.governance.losses import Loss, restored
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.reader import read
from pragma_contracts.governance.stored import Reading, Stored, schemas_of
from pragma_contracts.governance.targets import Target, compiled
from pragma_contracts.governance.verdict import Compared
from pragma_contracts.registry import Registered
from pragma_contracts.stream.ids import Locked

# Where a contract may be that is not on its topic any more: lint lets no topic have another name.
_CONTRACT_SUBJECT = re.compile(r"pragma-.+-v[0-9]+-value")
# How a registry says that a subject is not for us, or is not there any more.
_NOT_OURS = (401, 403, 404)
# How schemas of Avro and of JSON begin.
_NO_PROTOBUF = ("{", "[", '"')
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Live:
    """What is live in a registry: a base for each version, the last one of a subject first, and what these are.

    unseen: what could not be compared, and why, a sentence each.
    """

    bases: tuple[Base, ...]
    compared: tuple[Compared, ...]
    unseen: tuple[str, ...]


def registry_bases(
    reading: Reading,
    new: Schemas,
    targets: Sequence[Target],
    *,
    locked: Mapping[str, Locked] | None = None,
    ours_alone: bool = False,
) -> Live:
    """A base for each live version of each contract and import, so that a verdict holds for messages of any age.

    What a registry has lost of a version cannot be compared, unless the lock says that the version is the new side's.
    Subjects of others are passed over; with ours_alone, so are contracts that the new side has neither by name nor on
    that topic.

    Raises:
        RegistryError: the registry cannot be asked.
        ConfigurationError: a subject of ours holds what is no protobuf schema, or no contract.
    """
    reading.holdings.read(target.subject for target in targets)
    files: dict[str, str] = {}
    for target in targets:
        # Two contracts on one topic are for the gate to refuse: what is registered is of the first.
        files.setdefault(target.subject, target.file)
    held = {subject: reading.all(subject, file) for subject, file in files.items()}
    others, unseen = _others(reading, new, held.keys(), ours_alone)
    contracts = {target.subject for target in targets if target.is_contract}
    ours = compiled(new)
    same = {
        (target.subject, entry.version, entry.schema_id)
        for target in targets
        if (entry := (locked or {}).get(target.subject)) is not None and entry.fingerprint == target.fingerprint
    }
    lost_of: dict[frozenset[Loss], list[str]] = {}
    bases: list[Base] = []
    for subject, versions in (held | others).items():
        last = versions[0] if versions else None
        for version in versions:
            is_ours = (subject, version.registered.version, version.registered.schema_id) in same
            base, lost = _base(version, new, ours, last if version is not last else None, is_ours)
            if subject in contracts and not any(True for _ in base.old.contracts()):
                raise ConfigurationError("registry", _no_contract(version))
            bases.append(base)
            if lost and not is_ours:
                lost_of.setdefault(lost, []).append(version.name)
    unseen += [
        f"{' and '.join(sorted(lost))} of {', '.join(names)}: the registry has lost them"
        for lost, names in lost_of.items()
    ]
    compared = tuple(Compared(subject, len(versions)) for subject, versions in (held | others).items() if versions)
    return Live(tuple(bases), compared, tuple(unseen))


def _base(
    version: Stored, new: Schemas, ours: Mapping[str, bytes], last: Stored | None, is_ours: bool
) -> tuple[Base, frozenset[Loss]]:
    files, lost = restored(version.files, ours, is_ours=is_ours)
    old = schemas_of(files)
    # What the last version has lost is no change from this one: taken from the new side, a break would be history.
    later = schemas_of(restored(last.files, files).files) if last is not None else None
    return Base(version.name, old, _part(new, old), later, versioned=is_ours or Loss.OPTIONS not in lost), lost


def _others(
    reading: Reading, new: Schemas, known: Collection[str], ours_alone: bool
) -> tuple[dict[str, list[Stored]], list[str]]:
    """Contracts on other subjects than those of the new side: they left their topic, or are gone from the new side."""
    files = {message.full_name: file.name for file, message, _ in new.contracts()}
    subjects = [
        subject
        for subject in reading.holdings.registry.subjects()
        if subject not in known and _CONTRACT_SUBJECT.fullmatch(subject)
    ]
    found: dict[str, list[Stored]] = {}
    unseen: list[str] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for subject, newest in zip(subjects, pool.map(lambda each: _newest(reading, each), subjects), strict=True):
            if isinstance(newest, RegistryError):
                unseen.append(f"{subject}, which may hold a contract: {newest.status} {newest.detail}")
                continue
            if newest is None:
                continue
            try:
                file = _file_of(reading, newest, files, ours_alone)
            except ConfigurationError as error:
                unseen.append(error.problem)
                continue
            if file is not None:
                found[subject] = reading.all(subject, file)
    return found, unseen


def _newest(reading: Reading, subject: str) -> Registered | RegistryError | None:
    try:
        numbers = reading.holdings.numbers(subject)
        return reading.holdings.version(subject, numbers[-1]) if numbers else None
    except RegistryError as error:
        if error.status not in _NOT_OURS:
            raise
        return error


def _file_of(reading: Reading, newest: Registered, files: Mapping[str, str], ours_alone: bool) -> str | None:
    """The import path of the contract that somebody's subject holds; None when it holds none that counts."""
    if newest.schema.lstrip()[:1] in _NO_PROTOBUF:
        return None
    for file, message, _ in reading.of_unknown_file(newest, files).schemas.contracts():
        if message.full_name in files or not ours_alone:
            return file.name
    return None


def _no_contract(version: Stored) -> str:
    return (
        f"{version.name} holds no contract, so that nothing can be compared with it; if it is not what producers of "
        "this topic write, delete it there"
    )


def _part(new: Schemas, old: Schemas) -> Schemas:
    """The files that the old side has too, and all that its contracts, or others on their topics, are made of."""
    image = parse_set(new.image)
    by_name = {file.name: file for file in image.file}
    names = {message.full_name for _, message, _ in old.contracts()}
    topics = {option.topic for _, _, option in old.contracts()}
    waiting = [file.name for file in old.files]
    for file, message, option in new.contracts():
        waiting += [file.name] if message.full_name in names or option.topic in topics else []
    kept: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in kept:
            kept[name] = None
            waiting += by_name[name].dependency
    part = parse_set(b"")
    part.file.extend(file for file in image.file if file.name in kept)
    return read(part)
