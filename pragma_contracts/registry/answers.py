"""What is sent to a registry and what comes back, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Reference(NamedTuple):
    """A schema that another one imports: its import path, and where it is registered."""

    name: str
    subject: str
    version: int


class Registered(NamedTuple):
    """A schema as it stands in a registry."""

    subject: str
    version: int
    schema_id: int
    schema: str
    references: tuple[Reference, ...]


class Compatibility(NamedTuple):
    """A registry's verdict on a schema, in its own words."""

    compatible: bool
    messages: tuple[str, ...]


def body_of(schema: str, references: Sequence[Reference]) -> dict[str, Any]:
    """What a registry is sent of a schema."""
    body: dict[str, Any] = {"schema": schema, "schemaType": "PROTOBUF"}
    if references:
        body["references"] = [reference._asdict() for reference in references]
    return body


def compatibility(found: Mapping[str, Any]) -> Compatibility:
    """A verdict, its messages each on one line."""
    return Compatibility(
        bool(found["is_compatible"]), tuple(" ".join(str(each).split()) for each in found.get("messages") or ())
    )


def registered(found: Mapping[str, Any]) -> Registered:
    """A version of a subject."""
    references = tuple(
        Reference(str(reference["name"]), str(reference["subject"]), int(reference["version"]))
        for reference in found.get("references") or ()
    )
    return Registered(str(found["subject"]), int(found["version"]), int(found["id"]), str(found["schema"]), references)
