"""The schemas of the installed package, as its generated code has them."""

from typing import Any

from pragma_contracts.descriptors import completed, parse_set
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.reader import read
from pragma_contracts.messages import CONTRACTS


def installed() -> Schemas:
    """The schemas of the installed messages, from the descriptors that they carry: no compiler is needed."""
    found: dict[str, bytes] = {}

    def visit(file: Any) -> None:
        if file.name not in found:
            found[file.name] = file.serialized_pb
            for dependency in file.dependencies:
                visit(dependency)

    for contract in CONTRACTS:
        visit(contract.message.DESCRIPTOR.file)
    files = parse_set(b"")
    for data in found.values():
        files.file.append(completed(data))
    return read(files)
