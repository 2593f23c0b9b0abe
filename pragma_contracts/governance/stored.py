"""Compiles a version as a registry holds it, in whichever form: what it means there, with all that it imports."""

import base64
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto
from google.protobuf.message import DecodeError

from pragma_contracts.descriptors import completed, is_well_known, normalised, parse_file, parse_set
from pragma_contracts.errors import ConfigurationError, SchemaError
from pragma_contracts.governance.compiler import compile_texts
from pragma_contracts.governance.holdings import Holdings
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.reader import read
from pragma_contracts.governance.targets import Target
from pragma_contracts.governance.words import snake
from pragma_contracts.proto_source import source, tokens
from pragma_contracts.registry import Registered

_AT_ONCE = 4
# Registries that make text of a descriptor write out what the compiler adds for a map field and refuses in a source.
_MAP_ENTRY = re.compile(r"\boption\s+map_entry\s*=\s*true\s*;")
_MAP_ENTRIES = re.compile(r"\bmessage\s+(\w+)\s*\{\s*option\s+map_entry\s*=\s*true\s*;")


class Stored(NamedTuple):
    """A version with what it means: serialized FileDescriptorProtos by import path, those of protobuf included."""

    registered: Registered
    file: str
    files: dict[str, bytes]

    @property
    def name(self) -> str:
        """The version as people say it."""
        return f"{self.registered.subject} version {self.registered.version}"

    @property
    def schemas(self) -> Schemas:
        """The model of its files."""
        return schemas_of(self.files)


def schemas_of(files: Mapping[str, bytes]) -> Schemas:
    """The model of a self-contained set of files, by import path."""
    descriptors = parse_set(b"")
    descriptors.file.extend(completed(data) for data in files.values())
    return read(descriptors)


class Reading:
    """Compiles what a registry holds. targets: what it should hold, which need not be compiled again."""

    def __init__(self, holdings: Holdings, targets: Iterable[Target]) -> None:
        self.holdings = holdings
        self._ours: dict[str, bytes] = {}
        # What each schema is compiled to, by import path and text.
        self._known: dict[tuple[str, str], bytes] = {}
        for target in targets:
            self._ours |= target.files
            self._known[target.file, target.schema] = target.files[target.file]

    def every(self, subject: str, file: str) -> Iterator[Stored]:
        """Each live version of a subject, the last one first. file: the import path of what is on the subject.

        Raises:
            ConfigurationError: a version is no protobuf schema, so there can be no verdict on it.
            RegistryError: the registry cannot be asked.
        """
        for number in reversed(self.holdings.numbers(subject)):
            yield self.one(self.holdings.version(subject, number), file)

    def all(self, subject: str, file: str) -> list[Stored]:
        """What `every` gives, compiled several at a time; raises the same."""
        numbers = reversed(self.holdings.numbers(subject))
        # Each waits for a compiler of its own.
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda number: self.one(self.holdings.version(subject, number), file), numbers))

    def one(self, registered: Registered, file: str) -> Stored:
        """What one version means; raises what `every` does."""
        own = _descriptor(registered.schema)
        path = parse_file(own).name if own is not None else file
        schemas = {path: registered.schema}
        for name, found in self.holdings.with_imports(registered):
            schemas[name] = self._definitions(name, found.schema) or found.schema
        try:
            return Stored(registered, path, self._compiled(schemas))
        except SchemaError as error:
            name = f"{registered.subject} version {registered.version}"
            problem = f"{name} is no protobuf schema, so that nothing can be compared with it: {error}"
            raise ConfigurationError("registry", problem) from error

    def of_unknown_file(self, registered: Registered, files: Mapping[str, str]) -> Stored:
        """What a version means that was registered by somebody else, and perhaps as text, which does not say its file.

        A contract that left its topic is in the file where it is now, and one that is gone was in one that is named so.
        files: where each contract is. Raises what `every` does.
        """
        placeholder = f"{registered.schema_id}.proto"
        found = self.one(registered, placeholder)
        for file, message, _ in found.schemas.contracts():
            if file.name == placeholder:
                named = "/".join((*filter(None, file.package.split(".")), f"{snake(message.name)}.proto"))
                return self.one(registered, files.get(message.full_name, named))
        return found

    def _compiled(self, schemas: Mapping[str, str]) -> dict[str, bytes]:
        found = {name: self._known.get((name, schema)) or _descriptor(schema) for name, schema in schemas.items()}
        files = {name: data for name, data in found.items() if data is not None}
        if len(files) < len(schemas):
            # Not all of ours: a producer with another root of imports has the same messages in files of other names.
            ours = {name: data for name, data in self._ours.items() if name in schemas or is_well_known(name)}
            imports = (ours | files).values()
            brought = {
                name: data
                for name, data in self._ours.items()
                if is_well_known(name) and not name.startswith("google/protobuf/")
            }
            texts = {name: source(data, imports=imports) for name, data in (files | brought).items()} | {
                name: schema for name, schema in schemas.items() if name not in files
            }
            plain = {name: _MAP_ENTRY.sub("", text).encode() for name, text in texts.items()}
            for file in parse_set(compile_texts(plain, package=False).image).file:
                if file.name in schemas and file.name not in files:
                    _mark(file.message_type, set(_MAP_ENTRIES.findall(schemas[file.name])))
                    files[file.name] = normalised(file.SerializeToString())
                    self._known[file.name, schemas[file.name]] = files[file.name]
        return self._with_well_known(files)

    def _definitions(self, name: str, schema: str) -> str | None:
        """Our text of an import that has lost the options it defines: without them, nothing that uses them compiles."""
        if name not in self._ours or is_descriptor(schema) or "extend" in tokens(schema):
            return None
        has_definitions = bool(parse_file(self._ours[name]).extension)
        return source(self._ours[name], imports=self._ours.values()) if has_definitions else None

    def _with_well_known(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The files and what they import of those that nobody registers."""
        waiting = [name for data in files.values() for name in parse_file(data).dependency]
        while waiting:
            name = waiting.pop()
            if name not in files and is_well_known(name):
                files[name] = self._ours.get(name) or _of_protobuf(name)
                waiting += parse_file(files[name]).dependency
        missing = {name for data in files.values() for name in parse_file(data).dependency} - files.keys()
        if missing:
            raise SchemaError(min(missing), 0, "is imported, and the registry has no reference to it")
        return files


def is_descriptor(schema: str) -> bool:
    """Whether a schema is the base64 of a compiled file, and not text."""
    return _descriptor(schema) is not None


def _descriptor(schema: str) -> bytes | None:
    """The descriptor that a schema is the base64 of; None of text."""
    try:
        data = base64.b64decode(schema, validate=True)
        return data if parse_file(data).name else None
    except (ValueError, DecodeError):
        return None


def _mark(messages: Iterable[DescriptorProto], entries: Collection[str]) -> None:
    for message in messages:
        for nested in message.nested_type:
            if nested.name in entries:
                nested.options.map_entry = True
        _mark(message.nested_type, entries)


def _of_protobuf(name: str) -> bytes:
    try:
        module = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    except ModuleNotFoundError as error:
        problem = "is imported and not installed; its package may be googleapis-common-protos"
        raise SchemaError(name, 0, problem) from error
    return bytes(module.DESCRIPTOR.serialized_pb)
