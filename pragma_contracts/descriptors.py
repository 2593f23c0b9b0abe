"""File descriptors in the one form that is checked in, fingerprinted and registered."""

from pathlib import Path
from typing import cast

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

# The contracts of this package and all that they import, google/protobuf too, as one FileDescriptorSet with comments: a
# file that any protobuf tool reads. It is generated from the schemas.
DESCRIPTOR_SET = Path(__file__).with_name("messages") / "contracts.binpb"

# A pool of its own, which does not know the contract options: once they are known, protobuf writes them back in another
# order than it read them, and the bytes would depend on what else the process has imported.
_POOL = descriptor_pool.DescriptorPool()
_POOL.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
_File = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("google.protobuf.FileDescriptorProto"))
_Set = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))


# What protobuf serializers and registries bring along themselves, so that nobody registers it.
_WELL_KNOWN = ("google/protobuf/", "google/type/", "confluent/")


def is_well_known(name: str) -> bool:
    """Whether the file with this import path comes with protobuf, or with every serializer and registry."""
    return name.startswith(_WELL_KNOWN)


def parse_file(data: bytes) -> FileDescriptorProto:
    """A FileDescriptorProto that is written back byte for byte. Raises protobuf's DecodeError."""
    return cast(FileDescriptorProto, _File.FromString(data))


def parse_set(data: bytes) -> FileDescriptorSet:
    """A FileDescriptorSet whose files are written back byte for byte. Raises protobuf's DecodeError."""
    return cast(FileDescriptorSet, _Set.FromString(data))


def normalised(data: bytes) -> bytes:
    """The bytes that are checked in and registered, of a FileDescriptorProto: what protoc's own Python modules carry.

    protoc fills in every json_name in a descriptor set but leaves the default ones out of the modules it generates; a
    registry would take the difference for a new version.
    """
    file = parse_file(data)
    file.ClearField("source_code_info")
    for field in _fields(file):
        if field.json_name == default_json_name(field.name):
            field.ClearField("json_name")
    return file.SerializeToString()


def completed(data: bytes) -> FileDescriptorProto:
    """The FileDescriptorProto of normalised bytes with every json_name, as protoc writes it into a descriptor set."""
    file = parse_file(data)
    for field in _fields(file):
        if not field.json_name:
            field.json_name = default_json_name(field.name)
    return file


def _fields(file: FileDescriptorProto) -> list[FieldDescriptorProto]:
    """Every field and extension of a file."""
    messages = list(file.message_type)
    fields = list(file.extension)
    while messages:
        message = messages.pop()
        messages.extend(message.nested_type)
        fields.extend(message.field)
        fields.extend(message.extension)
    return fields


def default_json_name(name: str) -> str:
    """The JSON name that protoc gives a field: `tokenTicker` of `token_ticker`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
