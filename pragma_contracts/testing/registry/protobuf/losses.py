"""What registries lose of a compiled file when they make a text of it."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from pragma_contracts.testing.registry.protobuf.linker import messages


def without_custom_options(file: FileDescriptorProto) -> FileDescriptorProto:
    """A compiled file without any use of a custom option; what declares them stays."""
    kept = FileDescriptorProto.FromString(file.SerializeToString())
    for element in _elements(kept):
        if element.HasField("options"):
            element.options.DiscardUnknownFields()
            for extension, _ in element.options.ListFields():
                if extension.is_extension:
                    element.options.ClearExtension(extension)
            del element.options.uninterpreted_option[:]
    return kept


def without_options(file: FileDescriptorProto) -> FileDescriptorProto:
    """A compiled file without any option, so that a map is a repeated message, and without declarations of options."""
    kept = FileDescriptorProto.FromString(file.SerializeToString())
    for element in _elements(kept):
        element.ClearField("options")
    del kept.extension[:]
    for _, message in messages(kept):
        del message.extension[:]
    return kept


def _elements(file: FileDescriptorProto) -> Iterator[Any]:
    """All that may have options."""
    yield file
    yield from file.extension
    enums = [*file.enum_type]
    for _, message in messages(file):
        yield from (message, *message.field, *message.extension, *message.oneof_decl)
        enums += message.enum_type
    for enum in enums:
        yield from (enum, *enum.value)
