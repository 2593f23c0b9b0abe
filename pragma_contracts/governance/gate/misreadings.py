"""What goes wrong when the type, the cardinality or the oneof of a field changes: it depends on both sides."""

from pragma_contracts.governance.model import Field

_ZEROS = {"string": "an empty string", "bytes": "no bytes", "message": "absent", "bool": "false", "enum": "unspecified"}
_FIXED = {"fixed32": 32, "sfixed32": 32, "float": 32, "fixed64": 64, "sfixed64": 64, "double": 64}
_LENGTH, _VARINT = -1, 0


def zero(field: Field) -> str:
    """How a consumer reads the field when a message does not have it."""
    if field.repeated:
        return "an empty list"
    return "absent" if field.optional or field.oneof else _ZEROS.get(field.kind, "0")


def of_type(before: Field, after: Field) -> str:
    """What a consumer that takes the field for its old type makes of the new one."""
    if _wire(before) == _wire(after):
        return "may read another value, or refuse the message"
    return f"reads {after.name} as {zero(before)}, or refuses the message"


def of_cardinality(before: Field, after: Field) -> str:
    """What one side makes of what the other writes."""
    if before.repeated == after.repeated:
        return f"one side can tell whether {after.name} is set, and the other cannot"
    reader = "a consumer generated before this change" if after.repeated else "a consumer of the new schema"
    return f"{reader} keeps the last of several values of {after.name}, or reads none of them"


def of_oneof(before: Field, after: Field) -> str:
    """What is lost, or what code does not find any more."""
    if not before.oneof:
        return f"setting another field of {after.oneof} clears {after.name}, which it did not before"
    if not after.oneof:
        return (
            f"a consumer generated before this change keeps {after.name} or another field of {before.oneof}, never both"
        )
    return f"code that asks which field of {before.oneof} is set does not find {after.name} there"


def _wire(field: Field) -> int:
    """How a value is written: as so many bits, as a varint, or with its length before it."""
    if field.packed or field.kind in ("string", "bytes", "message", "group"):
        return _LENGTH
    return _FIXED.get(field.kind, _VARINT)
