"""Frames: the Confluent wire format of a message, byte for byte.

Byte 0 is zero, then the schema id as four bytes big-endian, the message indexes, and the protobuf message. A contract
is the first message of its file, so its indexes are [0], which is written as one zero byte. Source: Confluent's
documentation of the Schema Registry wire format.
"""

import struct
from collections.abc import Mapping
from typing import Any, overload

from google.protobuf.message import DecodeError, Message

from pragma_contracts.contract import Contract, M
from pragma_contracts.errors import ConfigurationError, InvalidFrame, InvalidMessage, NotAContract, shown
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.rules import MISSING
from pragma_contracts.wire.glance import HEADER_SIZE, Frame, Glance
from pragma_contracts.wire.lookup import contract_of
from pragma_contracts.wire.native import Frames, native

_HEADER = struct.Struct(">xIx")
_MAX_ID = 0x7FFFFFFF


def header(schema_id: int) -> bytes:
    """The six bytes that come before every message of a contract. Raises ConfigurationError for an impossible id."""
    if not isinstance(schema_id, int) or not 0 < schema_id <= _MAX_ID or schema_id is True:
        raise ConfigurationError("schema_id", f"must be an int from 1 to {_MAX_ID}, not {shown(schema_id)}")
    return _HEADER.pack(schema_id)


def encode(message: Message, schema_id: int, *, validate: bool = True) -> bytes:
    """The frame of a stamped message; the same message always gives the same bytes.

    Raises:
        NotAContract: the message's type is bound to no topic.
        InvalidMessage: it breaks its contract, or has not been stamped.
        ConfigurationError: the schema id is no int, or not within 1 to 2147483647.
    """
    contract = contract_of(message)
    if validate:
        contract.validate(message)
        if not message.envelope.version:  # type: ignore[attr-defined]  # every contract has an envelope
            raise InvalidMessage(contract.name, contract.topic, "envelope.version", "", f"{MISSING}; stamp the message")
    return header(schema_id) + message.SerializeToString(deterministic=True)


@overload
def decode(frame: Frame, contract: type[M], *, validate: bool = True) -> M: ...
@overload
def decode(frame: Frame, *, ids: Mapping[int, type[Message]], validate: bool = True) -> Message: ...
def decode(
    frame: Frame,
    contract: type[Any] | None = None,
    *,
    ids: Mapping[int, type[Message]] | None = None,
    validate: bool = True,
) -> Any:
    """The message in a frame, of the class `contract`, or of the class that `ids` gives for the frame's schema id.

    Raises:
        InvalidFrame: the bytes are no frame, or hold no such message.
        InvalidMessage: the message breaks its contract (not with validate=False).
        NotAContract: the class is no contract, or `ids` does not have the schema id.
        ConfigurationError: neither `contract` nor `ids` is given.
    """
    if contract is None:
        contract = _of_id(split(frame)[0], ids)
    found, look, parse = _LOOKS.get(contract) or _LOOKS[contract_of(contract).message]
    payload = look(frame) if validate else None
    if payload is not None:
        validate = False
    elif len(frame) >= HEADER_SIZE and not frame[0] and not frame[5]:
        # The header of nearly every frame, in as few steps as Python can take.
        payload = frame[HEADER_SIZE:]
    else:
        payload = frame[split(frame)[1] :]
    try:
        message = parse(payload)  # type: ignore[arg-type]  # protobuf takes any buffer
    except (DecodeError, UnicodeDecodeError) as error:
        raise undecodable(found, frame, len(frame) - len(payload), error) from error
    if validate:
        found.check(message)
    return message


def frames_of(contract: Contract[Any], *, often: bool = False) -> Frames:
    """What knows the contract's good frames quickest. often: whether it will be asked so often that preparing pays."""
    return native.Frames(contract.topic) if native is not None else Glance(contract, often=often)


# What `decode` asks first.
_LOOKS = {contract.message: (contract, frames_of(contract).payload, contract.parse) for contract in CONTRACTS}


def _of_id(schema_id: int, ids: Mapping[int, type[Message]] | None) -> type[Message]:
    if ids is None:
        raise ConfigurationError("contract", "name the message class to decode, or give ids=")
    if schema_id not in ids:
        raise NotAContract("schema id", schema_id, [str(known) for known in sorted(ids)])
    return ids[schema_id]


def split(frame: Frame) -> tuple[int, int]:
    """Schema id of a frame, and where its protobuf message starts. Raises InvalidFrame."""
    if len(frame) >= HEADER_SIZE and frame[0] == 0 and frame[5] == 0:
        return int.from_bytes(frame[1:5], "big"), HEADER_SIZE
    if not frame:
        raise InvalidFrame("is empty", 0, 0)
    if frame[0] != 0:
        raise InvalidFrame(f"begins with {frame[0]:#04x}, not with the magic byte 0x00", 0, len(frame))
    if len(frame) < HEADER_SIZE:
        raise InvalidFrame(f"ends inside its {HEADER_SIZE}-byte header", len(frame), len(frame))
    return int.from_bytes(frame[1:5], "big"), _after_indexes(frame)


def undecodable(contract: Contract[Any], frame: Frame, start: int, error: Exception) -> InvalidFrame:
    """The error for a frame whose bytes from `start` on are no message of the contract."""
    return InvalidFrame(f"holds no {contract.name}: {error}", start, len(frame))


def _after_indexes(frame: Frame) -> int:
    # [0] may also be written in full, as a count of one and the index zero, each a zigzag varint.
    if frame[5:7] == b"\x02\0":
        return 7
    count, at = _zigzag(frame, 5)
    indexes = []
    for _ in range(min(count, 8)):
        index, at = _zigzag(frame, at)
        indexes.append(index)
    found = ", ".join(map(str, indexes)) + (", …" if count > 8 else "")
    problem = f"has message index [{found}]; a contract is the first message of its file, [0]"
    raise InvalidFrame(problem, 5, len(frame))


def _zigzag(frame: Frame, at: int) -> tuple[int, int]:
    value = shift = 0
    for byte in frame[at : at + 5]:
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value >> 1 ^ -(value & 1), at
        shift += 7
    raise InvalidFrame("has message indexes that are no varints", at, len(frame))
