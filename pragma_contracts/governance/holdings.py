"""What a registry holds, read once: versions never change, so each is asked for once in a run, several at a time."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from pragma_contracts.registry import Registered, Registry

_AT_ONCE = 8


class Holdings:
    """The live versions of subjects. Its methods raise what the registry does, and may be called in any thread."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._lock = threading.Lock()
        self._numbers: dict[str, list[int]] = {}
        self._versions: dict[tuple[str, int], Registered] = {}

    def numbers(self, subject: str) -> list[int]:
        """The live versions of a subject, the oldest first; none when it does not exist."""
        with self._lock:
            known = self._numbers.get(subject)
        if known is None:
            known = sorted(self.registry.versions(subject))
            with self._lock:
                self._numbers[subject] = known
        return known

    def version(self, subject: str, number: int) -> Registered:
        """One version of a subject."""
        with self._lock:
            known = self._versions.get((subject, number))
        if known is None:
            known = self.registry.version(subject, number)
            with self._lock:
                self._versions[subject, number] = known
        return known

    def with_imports(self, registered: Registered) -> Iterator[tuple[str, Registered]]:
        """All that a version refers to, and what that refers to, each with its import path."""
        for reference in registered.references:
            found = self.version(reference.subject, reference.version)
            yield reference.name, found
            yield from self.with_imports(found)

    def read(self, subjects: Iterable[str]) -> None:
        """Reads every live version of the subjects, and what these refer to."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            numbers = {subject: pool.submit(self.numbers, subject) for subject in dict.fromkeys(subjects)}
            versions = [
                pool.submit(self.version, subject, number)
                for subject, found in numbers.items()
                for number in found.result()
            ]
            for version in versions:
                for _ in self.with_imports(version.result()):
                    pass

    def referred(self, subjects: Iterable[str]) -> frozenset[str]:
        """The subjects that any live version of these refers to, directly or not."""
        return frozenset(
            found.subject
            for subject in subjects
            for number in self.numbers(subject)
            for _, found in self.with_imports(self.version(subject, number))
        )

    def forget(self, subject: str) -> None:
        """Lets the versions of a subject be read again, because there may be more now."""
        with self._lock:
            self._numbers.pop(subject, None)
