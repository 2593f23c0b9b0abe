"""A registry that deletes: softly first, for good when it is asked once more, and nothing that is referenced."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pragma_contracts.testing.registry.answers import Refused, Request
from pragma_contracts.testing.registry.holdings import Holdings, Reference, Version
from pragma_contracts.testing.registry.plain import Plain, Route

_SUBJECT = "/subjects/([^/]+)"


class Deleting(Plain):
    """Deletes subjects and versions; a schema id outlives its versions until the last one is deleted for good."""

    routes: ClassVar[list[Route]] = [
        *Plain.routes,
        ("DELETE", _SUBJECT, "delete_subject"),
        ("DELETE", f"{_SUBJECT}/versions/([^/]+)", "delete_version"),
        ("GET", f"{_SUBJECT}/versions/([^/]+)/referencedby", "list_referencing"),
        ("DELETE", "/config/([^/]+)", "delete_level"),
    ]
    # The status of the refusal to delete a version that was deleted already, or was not yet.
    deletion_status: ClassVar[int] = 404
    # Whether an id that nobody has any more is gone for good.
    forgets_ids: ClassVar[bool] = True
    referenced: ClassVar[str] = (
        "One or more references exist to the schema {{magic=1,keytype=SCHEMA,subject={subject},version={version}}}."
    )
    subject_deleted: ClassVar[str] = "Subject '{subject}' was soft deleted.Set permanent=true to delete permanently"
    version_deleted: ClassVar[str] = (
        "Subject '{subject}' Version {version} was soft deleted.Set permanent=true to delete permanently"
    )
    version_not_deleted: ClassVar[str] = (
        "Subject '{subject}' Version {version} was not deleted first before being permanently deleted"
    )

    def delete_subject(self, request: Request, subject: str) -> Any:
        """DELETE /subjects/{subject}"""
        permanent = request.has("permanent")
        holdings, name = self.existing(subject, deleted=True)
        numbers = holdings.versions(name, deleted=permanent)
        if not numbers:
            raise Refused(404, 40404, self.subject_deleted.format(subject=subject))
        self._delete(holdings, name, numbers, permanent=permanent)
        return list(numbers)

    def delete_version(self, request: Request, subject: str, version: str) -> Any:
        """DELETE /subjects/{subject}/versions/{version}"""
        permanent = request.has("permanent")
        holdings, name = self.existing(subject, deleted=True)
        number = self.numbered(holdings, name, version, deleted=True)
        found = holdings.subjects[name][number]
        if found.deleted and not permanent:
            words = self.version_deleted.format(subject=subject, version=number)
            raise Refused(self.deletion_status, 40406, words)
        if permanent and not found.deleted:
            words = self.version_not_deleted.format(subject=subject, version=number)
            raise Refused(self.deletion_status, 40407, words)
        self._delete(holdings, name, {number: found}, permanent=permanent)
        return number

    def _delete(self, holdings: Holdings, name: str, numbers: Mapping[int, Version], *, permanent: bool) -> None:
        subject = self.qualified(holdings, name)
        self.may_change(subject)
        live = [number for number, version in numbers.items() if not version.deleted]
        if permanent and live:
            words = f"Subject '{subject}' was not deleted first before being permanently deleted"
            raise Refused(self.deletion_status, 40405, words)
        for number in live:
            if any(self._referencing(holdings, name, number)):
                raise Refused(422, 42206, self.referenced.format(subject=subject, version=number))
        for number, version in numbers.items():
            if permanent:
                holdings.remove(name, number, forget=self.forgets_ids)
            else:
                version.deleted = True

    def may_change(self, subject: str) -> None:
        """Raises Refused for a subject that may not be changed now."""

    def list_referencing(self, request: Request, subject: str, version: str) -> Any:
        """GET /subjects/{subject}/versions/{version}/referencedby"""
        holdings, name = self.existing(subject)
        return self._referencing(holdings, name, self.numbered(holdings, name, version))

    def _referencing(self, holdings: Holdings, name: str, number: int) -> list[int]:
        """The ids of live schemas that refer to a version."""
        return [
            schema_id
            for schema_id, content in holdings.contents.items()
            if any(holdings.places(schema_id)) and any(self._is(each, name, number) for each in content.references)
        ]

    def _is(self, reference: Reference, name: str, number: int) -> bool:
        return (self.held_in(reference.subject)[1], reference.version) == (name, number)

    def delete_level(self, request: Request, subject: str) -> Any:
        """DELETE /config/{subject}"""
        self.get_level(request, subject)
        return {"compatibilityLevel": self._levels.pop(subject)}
