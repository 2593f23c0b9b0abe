"""File descriptors in the one form that is checked in, fingerprinted and registered."""

from google.protobuf.descriptor_pb2 import FileDescriptorProto


def normalised(proto: FileDescriptorProto) -> bytes:
    """The bytes that are checked in and registered: what protoc's own Python modules carry.

    protoc fills in every json_name in a descriptor set but leaves the default ones out of the modules it generates; a
    registry would take the difference for a new version.
    """
    copy = FileDescriptorProto()
    copy.CopyFrom(proto)
    copy.ClearField("source_code_info")
    messages = list(copy.message_type)
    fields = list(copy.extension)
    while messages:
        message = messages.pop()
        messages.extend(message.nested_type)
        fields.extend(message.field)
        fields.extend(message.extension)
    for field in fields:
        if field.json_name == _default_json_name(field.name):
            field.ClearField("json_name")
    return copy.SerializeToString(deterministic=True)


def _default_json_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
