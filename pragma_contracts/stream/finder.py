"""Finds the schema ids of the installed schemas in a registry, whichever form they were registered in."""

import base64
from typing import Any

from google.protobuf.message import DecodeError

from pragma_contracts.contract import Contract
from pragma_contracts.descriptors import is_well_known, normalised
from pragma_contracts.errors import RegistryError
from pragma_contracts.proto_source import source, tokens
from pragma_contracts.registry import Reference, Registered, Registry

# The registry's code for a schema that its subject does not have.
_NOT_REGISTERED = 40403


def registered_id(registry: Registry, contract: Contract[Any]) -> int:
    """The id under which a contract's schema is registered, in whichever form. Raises RegistryError."""
    return _Finder(registry).find(contract.subject, contract.message.DESCRIPTOR.file).schema_id


class _Finder:
    """Finds installed schemas in a registry: by what its versions say, or else by the registry's own comparison.

    Only the second one finds what a registry has written in words of its own, and each registry compares differently.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._versions: dict[tuple[str, int], Registered] = {}
        # What `register` writes for each installed file: it is compared with every version.
        self._texts: dict[str, str] = {}

    def find(self, subject: str, file: Any) -> Registered:
        """The last version of a subject that is this file. Raises RegistryError when there is none."""
        for number in reversed(self._registry.versions(subject)):
            if self._is(found := self._version(subject, number), file):
                return found
        references = [
            Reference(each.name, each.name, self.find(each.name, each).version) for each in _registered_imports(file)
        ]
        for schema in self._text(file), base64.b64encode(file.serialized_pb).decode():
            looked_up = self._registry.look_up(subject, schema, references)
            if looked_up is not None:
                return looked_up
        detail = "the installed schema is not registered; run `pragma-contracts register`"
        raise RegistryError("POST", f"{self._registry.url}/subjects/{subject}", 404, _NOT_REGISTERED, detail)

    def _is(self, version: Registered, file: Any) -> bool:
        """Whether a version is this file and refers to what this file imports."""
        if not self._same(version.schema, file):
            return False
        places = {reference.name: reference for reference in version.references}
        return all(
            each.name in places and self._is(self._version(*places[each.name][1:]), each)
            for each in _registered_imports(file)
        )

    def _same(self, schema: str, file: Any) -> bool:
        """Whether a registered schema, text or base64 of a descriptor, says what a compiled file does.

        Another compiler fills in what is the default anyway, and comments and layout of text mean nothing.
        """
        try:
            return normalised(base64.b64decode(schema, validate=True)) == normalised(file.serialized_pb)
        except (ValueError, DecodeError):
            return tokens(schema) == tokens(self._text(file))

    def _text(self, file: Any) -> str:
        if file.name not in self._texts:
            self._texts[file.name] = _source(file)
        return self._texts[file.name]

    def _version(self, subject: str, number: int) -> Registered:
        if (subject, number) not in self._versions:
            self._versions[subject, number] = self._registry.version(subject, number)
        return self._versions[subject, number]


def _source(file: Any) -> str:
    """The text that `register` writes for an installed file."""
    imports: dict[str, bytes] = {}
    waiting = list(file.dependencies)
    while waiting:
        each = waiting.pop()
        imports[each.name] = each.serialized_pb
        waiting += each.dependencies
    return source(normalised(file.serialized_pb), imports=imports.values())


def _registered_imports(file: Any) -> list[Any]:
    return [each for each in file.dependencies if not is_well_known(each.name)]
