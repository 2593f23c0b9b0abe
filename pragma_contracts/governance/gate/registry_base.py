"""Every live version of every contract in a registry, as what a change is compared with."""

import base64
from collections.abc import Iterator, Mapping
from importlib import import_module

from google.protobuf.message import DecodeError

from pragma_contracts.descriptors import completed, parse_file, parse_set
from pragma_contracts.errors import ConfigurationError, SchemaError
from pragma_contracts.governance.gate.bases import Base, unpacked
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.reader import read
from pragma_contracts.governance.words import snake
from pragma_contracts.registry import Registered, Registry

_WELL_KNOWN = "google/protobuf/"


def registry_bases(registry: Registry, new: Schemas, *, ours_alone: bool = False) -> Iterator[Base]:
    """A base for each live version of each contract, the last one first: a verdict against all of them holds for
    messages of any age.

    Subjects of others, which hold no contract, are passed over; with ours_alone, so are contracts that the new side
    has neither by name nor on that topic.

    Raises:
        RegistryError: the registry cannot be asked.
        ConfigurationError: a contract's subject holds what is no protobuf schema.
        SchemaError: a version that was registered as text does not compile.
    """
    files = {message.full_name: file.name for file, message, _ in new.contracts()}
    topics = {f"{option.topic}-value": files[message.full_name] for _, message, option in new.contracts()}
    for subject in registry.subjects():
        if not subject.endswith("-value"):
            continue
        last: Schemas | None = None
        for version in reversed(registry.versions(subject)):
            old = _schemas(registry, registry.version(subject, version), topics.get(subject), files)
            held = {message.full_name for _, message, _ in old.contracts()} if old is not None else set()
            if old is not None and held and (subject in topics or held & files.keys() or not ours_alone):
                yield Base(f"{subject} version {version}", old, _part(new, old), last)
                last = last or old


def _schemas(registry: Registry, registered: Registered, file: str | None, files: Mapping[str, str]) -> Schemas | None:
    """A version with all that it imports. Of somebody else's subject, None when it is not one of ours.

    file: where the contract of the subject's topic is, None when there is none on it; files: where each contract is.
    """
    try:
        descriptors = parse_set(b"")
        for data in _descriptors(registry, registered, {}).values():
            descriptors.file.append(completed(data))
        return read(descriptors)
    except (ValueError, DecodeError, KeyError) as error:
        try:
            if file is None:
                return _from_text(registry, registered, files)
            return unpacked(_texts(registry, registered, file))
        except SchemaError as problem:
            detail = f"{registered.subject} version {registered.version} is no protobuf schema: {problem}"
            raise ConfigurationError("against", detail) from error


def _from_text(registry: Registry, registered: Registered, files: Mapping[str, str]) -> Schemas | None:
    """A version that was registered as text, which says all but its file; None when it holds no contract of ours.

    A contract that left its topic is in the file where it is now, and one that is gone was in one that is named so.
    """
    # Compiling takes its time, and a registry may hold many schemas of others.
    if "contract" not in registered.schema:
        return None
    try:
        found = unpacked(_texts(registry, registered, f"{registered.schema_id}.proto"))
    except SchemaError:
        return None
    for file, message, _ in found.contracts():
        if file.name == f"{registered.schema_id}.proto":
            named = "/".join((*filter(None, file.package.split(".")), f"{snake(message.name)}.proto"))
            return unpacked(_texts(registry, registered, files.get(message.full_name, named)))
    return None


def _descriptors(registry: Registry, registered: Registered, found: dict[str, bytes]) -> dict[str, bytes]:
    """The descriptors of a version and of what it imports, by file. Raises ValueError when it was not registered so."""
    data = base64.b64decode(registered.schema, validate=True)
    file = parse_file(data)
    found[file.name] = data
    for name in file.dependency:
        if name.startswith(_WELL_KNOWN) and name not in found:
            module = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
            found[name] = module.DESCRIPTOR.serialized_pb
    for reference in registered.references:
        if reference.name not in found:
            _descriptors(registry, registry.version(reference.subject, reference.version), found)
    return found


def _texts(registry: Registry, registered: Registered, file: str) -> dict[str, bytes]:
    found = {file: registered.schema.encode()}
    for reference in registered.references:
        found |= _texts(registry, registry.version(reference.subject, reference.version), reference.name)
    return found


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
