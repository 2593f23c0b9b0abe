"""The form descriptor-set: contracts and all that they import as one FileDescriptorSet, which needs nothing else."""

from collections.abc import Iterable

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from pragma_contracts.descriptors import parse_set
from pragma_contracts.governance.import_order import in_import_order
from pragma_contracts.governance.model import Message, Schemas


def descriptor_set(schemas: Schemas, contracts: Iterable[Message]) -> bytes:
    """The same contracts are the same bytes: each file stands behind those that it imports, with its comments."""
    known = {file.name: file for file in parse_set(schemas.image).file}
    wanted: dict[str, FileDescriptorProto] = {}
    names = [contract.file for contract in contracts]
    while names:
        name = names.pop()
        if name not in wanted:
            wanted[name] = known[name]
            names.extend(known[name].dependency)
    found = parse_set(b"")
    for file in in_import_order(wanted.values()):
        _keep_comments(file)
        found.file.append(file)
    return found.SerializeToString()


def _keep_comments(file: FileDescriptorProto) -> None:
    """Leaves out where everything stands but comments, and all comments of what comes with protobuf."""
    places = [
        place
        for place in file.source_code_info.location
        if not file.name.startswith("google/")
        and (place.leading_comments or place.trailing_comments or place.leading_detached_comments)
    ]
    file.ClearField("source_code_info")
    if places:
        file.source_code_info.location.extend(places)
