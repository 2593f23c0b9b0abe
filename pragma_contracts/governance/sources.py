"""The schemas of the installed package, as its generated code and its descriptor set have them."""

from typing import Any

from pragma_contracts.descriptors import DESCRIPTOR_SET, completed, parse_set
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


def shipped() -> Schemas:
    """The same schemas with their comments, from the descriptor set that the package carries."""
    return read(parse_set(DESCRIPTOR_SET.read_bytes()))
