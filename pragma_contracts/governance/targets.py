"""What should be in a registry: a subject for every contract, and one for every file that is imported."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pragma_contracts.descriptors import is_well_known, normalised, parse_file, parse_set
from pragma_contracts.governance.import_order import in_import_order
from pragma_contracts.governance.model import Schemas
from pragma_contracts.proto_source import source

# text: a .proto file, written from the compiled one. descriptor: base64 of the compiled file.
Form = Literal["text", "descriptor"]


@dataclass(frozen=True, slots=True)
class Target:
    """A subject and the schema that it should have.

    files: the compiled file and all that it imports, by import path. imports: the subjects of what it imports itself.
    """

    subject: str
    file: str
    is_contract: bool
    schema: str = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def imports(self) -> tuple[str, ...]:
        """The subjects of the files that it imports itself: their import paths."""
        return tuple(name for name in parse_file(self.files[self.file]).dependency if not is_well_known(name))

    @property
    def fingerprint(self) -> str:
        """sha256 of the compiled file, in hex: what contracts.lock holds."""
        return hashlib.sha256(self.files[self.file]).hexdigest()


def targets(schemas: Schemas, form: Form = "text") -> list[Target]:
    """Every target, each after those that it imports, contracts last.

    An import's subject is its import path and a contract's is `{topic}-value`, as protobuf serializers name them. What
    these and registries bring along themselves, such as google/protobuf/, is not registered.
    """
    files = compiled(schemas)
    imported = {name for data in files.values() for name in parse_file(data).dependency if not is_well_known(name)}
    wanted = [(name, name, False) for name in files if name in imported]
    wanted += [(f"{option.topic}-value", file.name, True) for file, _, option in schemas.contracts()]
    return [
        Target(subject, name, is_contract, _written(needed := closure(files, name), name, form), needed)
        for subject, name, is_contract in wanted
    ]


def compiled(schemas: Schemas) -> dict[str, bytes]:
    """Every compiled file by its import path, after those that it imports, as it is registered."""
    ordered = in_import_order(parse_set(schemas.image).file)
    return {file.name: normalised(file.SerializeToString()) for file in ordered}


def _written(files: Mapping[str, bytes], name: str, form: Form) -> str:
    if form == "descriptor":
        return base64.b64encode(files[name]).decode()
    return source(files[name], imports=files.values())


def closure(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """A file and all that it imports."""
    found = {name: files[name]}
    for dependency in parse_file(files[name]).dependency:
        found |= closure(files, dependency)
    return found
