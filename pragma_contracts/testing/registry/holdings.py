"""What a registry holds: schemas by id, and versions by subject, some of them soft-deleted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Reference(NamedTuple):
    """An import: its path, and where it is registered."""

    name: str
    subject: str
    version: int


class Content(NamedTuple):
    """A schema as it is stored; equal ones have one id wherever they are registered."""

    schema_type: str
    schema: str
    references: tuple[Reference, ...]


@dataclass
class Version:
    """A version of a subject."""

    schema_id: int
    deleted: bool = False


@dataclass
class Holdings:
    """The schemas and subjects of one context, or of a registry without contexts.

    keeps_deleted: whether a deleted version stays when its schema is registered again.
    """

    contents: dict[int, Content] = field(default_factory=dict)
    subjects: dict[str, dict[int, Version]] = field(default_factory=dict)
    keeps_deleted: bool = False
    _last_id: int = 0

    def id_of(self, content: Content) -> int:
        """The id of a content, a new one when there is none."""
        for schema_id, known in self.contents.items():
            if known == content:
                return schema_id
        self._last_id += 1
        self.contents[self._last_id] = content
        return self._last_id

    def add(self, subject: str, content: Content) -> int:
        """Adds a version to a subject; gives its number."""
        versions = self.subjects.setdefault(subject, {})
        number = max(versions, default=0) + 1
        schema_id = self.id_of(content)
        if not self.keeps_deleted:
            again = [each for each, old in versions.items() if old.deleted and old.schema_id == schema_id]
            for each in again:
                del versions[each]
        versions[number] = Version(schema_id)
        return number

    def versions(self, subject: str, *, deleted: bool = False) -> dict[int, Version]:
        """The live versions of a subject by number, or all of them."""
        found = self.subjects.get(subject, {})
        return {number: version for number, version in sorted(found.items()) if deleted or not version.deleted}

    def find(self, subject: str, content: Content, *, deleted: bool = False) -> int | None:
        """The number of the last version of a subject that has this content."""
        for number, version in reversed(self.versions(subject, deleted=deleted).items()):
            if self.contents[version.schema_id] == content:
                return number
        return None

    def content(self, subject: str, number: int) -> Content | None:
        """The content of a version, whether it is deleted or not."""
        version = self.subjects.get(subject, {}).get(number)
        return self.contents[version.schema_id] if version else None

    def places(self, schema_id: int, *, deleted: bool = False) -> Iterator[tuple[str, int]]:
        """Where a schema id is registered: subject and version."""
        for subject in sorted(self.subjects):
            for number, version in self.versions(subject, deleted=deleted).items():
                if version.schema_id == schema_id:
                    yield subject, number

    def remove(self, subject: str, number: int, *, forget: bool) -> None:
        """Removes a version for good. forget: whether an id that nobody has any more goes too."""
        version = self.subjects[subject].pop(number)
        if not self.subjects[subject]:
            del self.subjects[subject]
        if forget and not any(self.places(version.schema_id, deleted=True)):
            del self.contents[version.schema_id]
