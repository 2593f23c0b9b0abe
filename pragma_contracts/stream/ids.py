"""Schema ids: which one a producer writes, which ones a consumer may trust, and the lock file that holds them."""

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pragma_contracts.contract import Contract
from pragma_contracts.errors import ConfigurationError, ForeignSchema, LockError, RegistryError
from pragma_contracts.registry import Registry, RegistrySettings, normalised_url, unqualified

_T = TypeVar("_T")

LOCK_VARIABLE = "PRAGMA_CONTRACTS_LOCK"

_FORMAT = 1
_CONFLICT = re.compile("^(<{7}|>{7}) ", re.MULTILINE)
_MERGE = (
    "has a merge conflict; keep the lines of both sides, of a subject that both have the one of the higher version, "
    "and see what `pragma-contracts register --check` says"
)
_RESTORE = "take it from version control again, or run `pragma-contracts register --lock` with another file"
_ASK_S = 2.0
_ASK_AGAIN_S = 30.0
_MAX_IDS = 10_000


class Locked(NamedTuple):
    """What a registry holds for a subject; fingerprint is the sha256 of the registered descriptor, in hex."""

    schema_id: int
    version: int
    fingerprint: str


class Lock:
    """contracts.lock: what `register` wrote, by registry URL and subject.

    With it a producer needs no registry at its start, and cannot start with another schema than the registered one.
    """

    def __init__(self, path: Path, registries: Mapping[str, Mapping[str, Locked]]) -> None:
        self.path = path
        self.registries = registries

    @classmethod
    def read(cls, path: str | Path) -> "Lock":
        """The lock in a file. Raises LockError: it is missing or damaged."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            problem = f"cannot be read ({error.strerror}); `pragma-contracts register` writes it"
            raise LockError(str(path), problem) from error
        try:
            found = json.loads(text)
        except ValueError as error:
            problem = _MERGE if _CONFLICT.search(text) else f"is no JSON ({error}); {_RESTORE}"
            raise LockError(str(path), problem) from error
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise LockError(str(path), f"is not of format {_FORMAT}; {_RESTORE}")
        try:
            registries = {
                str(url): {str(subject): _locked(entry) for subject, entry in subjects.items()}
                for url, subjects in found["registries"].items()
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problem = f"is damaged ({error!r}); {_RESTORE}"
            raise LockError(str(path), problem) from error
        return cls(path, registries)

    def write(self) -> None:
        """Writes the file in one step: a reader sees the old one or the new one, never half of it."""
        text = "\n".join(self._lines())
        try:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self.path.parent, prefix=self.path.name, delete=False
            ) as file:
                file.write(text)
            Path(file.name).chmod(0o644)
            Path(file.name).replace(self.path)
        except OSError as error:
            raise LockError(str(self.path), f"cannot be written: {error.strerror}") from error

    def of(self, registry: str | None) -> Mapping[str, Locked]:
        """The subjects of one registry; `registry` may be left out when the lock has only one. Raises LockError."""
        known = ", ".join(sorted(self.registries)) or "none"
        if registry is None:
            if len(self.registries) != 1:
                raise LockError(str(self.path), f"has the registries {known}; choose one with registry=")
            return next(iter(self.registries.values()))
        url = normalised_url(registry)
        if url not in self.registries:
            raise LockError(str(self.path), f"does not have the registry {url}; it has {known}")
        return self.registries[url]

    def id_of(self, contract: Contract[Any], registry: str | None) -> int:
        """The schema id of an installed contract. Raises LockError: it is another schema's, or absent."""
        entry = self.of(registry).get(contract.subject)
        if entry is None:
            raise LockError(str(self.path), f"does not have {contract.subject}; run `pragma-contracts register` again")
        if entry.fingerprint != contract.fingerprint:
            problem = (
                f"{contract.subject}: was written for another schema (fingerprint {entry.fingerprint[:12]}…) than the "
                f"installed {contract.name} {contract.version} ({contract.fingerprint[:12]}…); "
                "run `pragma-contracts register` again, or install the package it was written with"
            )
            raise LockError(str(self.path), problem)
        return entry.schema_id

    def _lines(self) -> Iterator[str]:
        """The JSON, a line for each entry: two branches that add different subjects merge, or conflict line by line."""
        yield "{"
        yield f'  "format": {_FORMAT},'
        yield '  "registries": {'
        for last_url, url, subjects in _with_last(sorted(self.registries.items())):
            yield f"    {json.dumps(url)}: {{"
            for last, subject, entry in _with_last(sorted(subjects.items())):
                values = json.dumps(entry._asdict(), sort_keys=True)
                yield f"      {json.dumps(subject)}: {values}{'' if last else ','}"
            yield f"    }}{'' if last_url else ','}"
        yield "  }"
        yield "}"
        yield ""


def _with_last(items: list[tuple[str, _T]]) -> Iterator[tuple[bool, str, _T]]:
    """Each pair, behind whether it is the last one."""
    for number, (name, value) in enumerate(items, 1):
        yield number == len(items), name, value


def _locked(entry: Mapping[str, Any]) -> Locked:
    return Locked(int(entry["schema_id"]), int(entry["version"]), str(entry["fingerprint"]))


def producer_ids(
    contracts: Iterable[Contract[Any]],
    *,
    registry: str | RegistrySettings | None = None,
    lock: str | Path | None = None,
) -> dict[Contract[Any], int]:
    """The schema id of each contract, from the lock, or else by content from the registry.

    The lock is the file `lock`, or the one that PRAGMA_CONTRACTS_LOCK names. With a lock, `registry` only chooses among
    its registries, and nothing is contacted.

    Raises:
        LockError: the lock cannot be used.
        RegistryError: the registry cannot be reached, or does not have a schema.
        ConfigurationError: there is neither a lock nor a registry.
    """
    path = lock or os.environ.get(LOCK_VARIABLE)
    if path:
        found = Lock.read(path)
        url = registry.identity if isinstance(registry, RegistrySettings) else registry
        return {contract: found.id_of(contract, url) for contract in contracts}
    if registry is None:
        raise ConfigurationError("registry", f"schema ids come from registry=, lock= or {LOCK_VARIABLE}; give one")
    # Not at the top: with a lock, and for a consumer, nothing is looked for.
    from pragma_contracts.stream.finder import registered_id

    with Registry(registry) as asked:
        return {contract: registered_id(asked, contract) for contract in contracts}


class ConsumerIds:
    """Tells a consumer whether a schema id is its contract's.

    Known good: the lock has it, or the registry says that its subject is the contract's. Known foreign: the registry
    says that it belongs to other subjects. Anything else is unknown: a newer producer's, or a registry that is away.
    """

    def __init__(
        self,
        contracts: Sequence[Contract[Any]],
        *,
        registry: str | RegistrySettings | None = None,
        lock: str | Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outages = 0
        self._clock = clock
        self._good: set[tuple[str, int]] = set()
        self._foreign: dict[tuple[str, int], list[str]] = {}
        self._ask_again: dict[int, float] = {}
        self._away_until = clock()
        self._outage: RegistryError | None = None
        self._registry: Registry | None = None
        path = lock or os.environ.get(LOCK_VARIABLE)
        if path:
            found = Lock.read(path)
            url = registry.identity if isinstance(registry, RegistrySettings) else registry
            self._good |= {(contract.subject, found.id_of(contract, url)) for contract in contracts}
        elif registry is not None:
            # A registry that is away or refuses should be known at the start; later it must not stop the reading.
            with Registry(registry) as asked:
                asked.versions(contracts[0].subject)
            # One short try: records wait while the registry is asked.
            self._registry = Registry(registry, tries=1, deadline=_ASK_S)

    def close(self) -> None:
        """Closes the connection to the registry."""
        if self._registry is not None:
            self._registry.close()

    def is_known(self, contract: Contract[Any], schema_id: int) -> bool:
        """True for a known good id, False for an unknown one. Raises ForeignSchema for a known foreign one."""
        place = (contract.subject, schema_id)
        if place in self._good:
            return True
        if place not in self._foreign and self._registry is not None:
            self._ask(self._registry, contract.subject, schema_id)
        if place in self._foreign:
            raise ForeignSchema(schema_id, contract.subject, self._foreign[place])
        return place in self._good

    def require_registry(self) -> None:
        """Raises the registry's RegistryError while it does not say whose a schema id is."""
        if self._outage is not None and self._away_until > self._clock():
            raise self._outage.with_traceback(None)

    def _ask(self, registry: Registry, subject: str, schema_id: int) -> None:
        """Asks the registry about an id, and keeps its answer; an id it does not have is asked for again later."""
        now = self._clock()
        if max(self._away_until, self._ask_again.get(schema_id, now)) > now:
            return
        # Ids come from outside: there may be any number of them.
        for kept in self._good, self._foreign, self._ask_again:
            if len(kept) >= _MAX_IDS:
                kept.clear()
        try:
            subjects = registry.subjects_of(schema_id)
        except RegistryError as error:
            self.outages += 1
            # For all ids: one that hangs would hold up the reading for each of them.
            self._outage, self._away_until = error, now + _ASK_AGAIN_S
            return
        if subjects is None:
            self._ask_again[schema_id] = now + _ASK_AGAIN_S
        elif any(unqualified(each)[1] == subject for each in subjects):
            self._good.add((subject, schema_id))
        else:
            self._foreign[subject, schema_id] = subjects
