"""What compiled files mean, in one form: equal for files that differ only in how they were written down."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from pragma_contracts.descriptors import default_json_name, is_well_known, parse_file
from pragma_contracts.governance.import_order import in_import_order


def meanings(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The meaning of each file, by import path. files: serialized FileDescriptorProtos with all that they import.

    Names, numbers, types, options, maps and imports count; the order of fields, options, imports and nested messages,
    comments, and a JSON name that is the default one do not. Files that come with protobuf are left out: every registry
    has its own copies.
    """
    pool = descriptor_pool.DescriptorPool()
    if "google/protobuf/descriptor.proto" not in files:
        pool.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
    for each in in_import_order(map(parse_file, files.values())):
        pool.AddSerializedFile(each.SerializeToString())
    # Options are unknown fields until a pool knows them, and unknown fields keep the order in which they were written.
    file: Any = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FileDescriptorProto"))
    return {name: _meaning(file.FromString(data)) for name, data in files.items() if not is_well_known(name)}


def _meaning(file: Any) -> bytes:
    file.ClearField("source_code_info")
    public = sorted(file.dependency[index] for index in file.public_dependency)
    dependencies = sorted(file.dependency)
    del file.dependency[:], file.public_dependency[:]
    file.dependency.extend(dependencies)
    file.public_dependency.extend(dependencies.index(name) for name in public)
    _sort(file.extension)
    for enum in file.enum_type:
        _sort_reserved(enum)
    for message in file.message_type:
        _sort_message(message)
    return bytes(file.SerializeToString(deterministic=True))


def _sort_message(message: Any) -> None:
    _sort(message.field)
    _sort(message.extension)
    for each in message, *message.enum_type:
        _sort_reserved(each)
    for nested in message.nested_type:
        _sort_message(nested)
    # Registries write fields before messages, and the compiler adds the entry of a map where it reads its field.
    message.nested_type.sort(key=lambda each: each.name)


def _sort_reserved(element: Any) -> None:
    element.reserved_range.sort(key=lambda each: each.start)
    element.reserved_name.sort()


def _sort(fields: Any) -> None:
    for field in fields:
        if field.json_name == default_json_name(field.name):
            field.ClearField("json_name")
    fields.sort(key=lambda field: field.number)
