"""Sorts files so that each comes after those that it imports, which is how protobuf and registries take them."""

from collections.abc import Iterable

from google.protobuf.descriptor_pb2 import FileDescriptorProto


def in_import_order(files: Iterable[FileDescriptorProto]) -> list[FileDescriptorProto]:
    """The files of a self-contained set, sorted. Raises KeyError: an import is missing."""
    by_name = {file.name: file for file in files}
    ordered: dict[str, FileDescriptorProto] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        for dependency in by_name[name].dependency:
            visit(dependency)
        ordered[name] = by_name[name]

    for name in sorted(by_name):
        visit(name)
    return list(ordered.values())
