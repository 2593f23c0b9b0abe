"""Reads the feed of a frame without decoding the rest: every contract has its identifiers in fields 2 to 5."""

from pragma_contracts.errors import InvalidFeed, InvalidFrame
from pragma_contracts.rules import MISSING
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.frame import split

_VARINT, _BYTES = 0, 2
# Bytes of the values of fixed size, by wire type.
_SIZES = {1: 8, 5: 4}
_MARKET_TYPE = 2
_NAMES = {3: "network_id", 4: "source_id", 5: "token_ticker"}


def peek(frame: bytes) -> Feed:
    """The feed of a frame of any contract. It stops reading when it has all four identifiers.

    What comes after them is not looked at: of an identifier that stands there twice, which no serializer writes, the
    first one counts here, and the last one for protobuf.

    Raises:
        InvalidFrame: the bytes are no frame, or no protobuf message.
        InvalidFeed: an identifier is absent or not allowed.
    """
    frame = bytes(frame)
    _, at = split(frame)
    market_type: int | None = None
    texts: dict[int, str] = {}
    while at < len(frame) and not (market_type is not None and len(texts) == len(_NAMES)):
        tag, at = _varint(frame, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, at = _varint(frame, at)
            if number == _MARKET_TYPE:
                market_type = _int32(value)
        elif wire_type == _BYTES:
            size, at = _varint(frame, at)
            if number in _NAMES:
                texts[number] = _text(frame, at, size)
            at += size
        elif wire_type in _SIZES:
            at += _SIZES[wire_type]
        else:
            raise InvalidFrame(f"has a field of wire type {wire_type}, which no contract uses", at, len(frame))
        if number == 0:
            raise InvalidFrame("has a field of number 0, which protobuf does not allow", at, len(frame))
    if at > len(frame):
        raise InvalidFrame("ends inside a field", len(frame), len(frame))
    for number, name in _NAMES.items():
        if number not in texts:
            raise InvalidFeed(name, None, MISSING)
    if market_type is None:
        raise InvalidFeed("market_type", None, MISSING)
    return Feed(market_type, texts[3], texts[4], texts[5])


def _varint(frame: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    for byte in frame[at : at + 10]:
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise InvalidFrame("ends inside a varint, or has one that is too long", at, len(frame))


def _int32(value: int) -> int:
    # protobuf sign-extends a negative enum number to 64 bits and keeps the low 32 of what it reads.
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _text(frame: bytes, at: int, size: int) -> str:
    if at + size > len(frame):
        raise InvalidFrame("ends inside a field", len(frame), len(frame))
    try:
        return frame[at : at + size].decode()
    except UnicodeDecodeError as error:
        raise InvalidFrame(f"has text that is not UTF-8: {error.reason}", at, len(frame)) from error
