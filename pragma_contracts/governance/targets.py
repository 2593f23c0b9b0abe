"""What should be in a registry: a subject for every contract, and one for every file that is imported."""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pragma_contracts.governance.model import File, Schemas
from pragma_contracts.governance.shipped import schemas_folder

# descriptor: base64 of the compiled file, which is what protobuf serializers look up. text: the .proto file.
Form = Literal["descriptor", "text"]


@dataclass(frozen=True, slots=True)
class Target:
    """A subject and the schema that it should have; `imports` are the subjects of the files that it imports."""

    subject: str
    file: str
    is_contract: bool
    schema: str = field(repr=False)
    imports: tuple[str, ...]
    fingerprint: str


def targets(schemas: Schemas, form: Form, folder: Path) -> list[Target]:
    """Every target, each after those that it imports, contracts last.

    An import's subject is its import path and a contract's is `{topic}-value`, as protobuf serializers name them; they
    take the imports under google/protobuf/ for known, and so they are not registered. folder: the .proto files, read
    for `text` alone; what it does not have is in the installed package.
    """
    imported = {name for file in schemas.files for name in file.dependencies}
    files = [file for file in schemas.files if file.name in imported]
    found = [_target(file.name, file, False, form, folder) for file in files]
    found += [_target(f"{option.topic}-value", file, True, form, folder) for file, _, option in schemas.contracts()]
    return found


def _target(subject: str, file: File, is_contract: bool, form: Form, folder: Path) -> Target:
    if form == "text":
        own = folder / file.name
        schema = (own if own.exists() else schemas_folder() / file.name).read_text(encoding="utf-8")
    else:
        schema = base64.b64encode(file.serialized).decode()
    imports = tuple(name for name in file.dependencies if not name.startswith("google/protobuf/"))
    return Target(subject, file.name, is_contract, schema, imports, hashlib.sha256(file.serialized).hexdigest())
