"""Reads the feed of a frame without decoding the rest: every contract has its identifiers in fields 2 to 5."""

from pragma_contracts.errors import InvalidFeed, InvalidFrame
from pragma_contracts.rules import MISSING
from pragma_contracts.wire.feed import Feed
from pragma_contracts.wire.frame import split
from pragma_contracts.wire.glance import Frame

_VARINT, _FIXED64, _BYTES, _GROUP, _END_GROUP, _FIXED32 = range(6)
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MAX_NUMBER = (1 << 29) - 1
# What protobuf's own decoders stop at.
_DEEPEST = 100
_MARKET_TYPE = 2
_NAMES = {3: "network_id", 4: "source_id", 5: "token_ticker"}


def peek(frame: Frame) -> Feed:
    """The feed of a frame of any contract, from its bytes alone.

    It stops reading when it has all four identifiers: what follows them is not looked at, and may be damaged. Of an
    identifier that is written more than once, which no serializer does, the first that is not empty counts; decode
    takes the last.

    Raises:
        InvalidFrame: the bytes are no frame, or no protobuf message.
        InvalidFeed: an identifier is absent or not allowed.
    """
    _, at = split(frame)
    market_type = 0
    texts: dict[int, str] = {}
    while at < len(frame) and not (market_type and len(texts) == len(_NAMES)):
        number, wire_type, at = _tag(frame, at)
        if wire_type == _BYTES and number in _NAMES:
            text, at = _text(frame, at)
            if text:
                texts.setdefault(number, text)
        elif wire_type == _VARINT and number == _MARKET_TYPE:
            value, at = _varint(frame, at)
            market_type = market_type or _int32(value)
        else:
            at = _skip(frame, at, number, wire_type)
    if at > len(frame):
        raise InvalidFrame("ends inside a field", len(frame), len(frame))
    for number, name in _NAMES.items():
        if number not in texts:
            raise InvalidFeed(name, None, MISSING)
    if not market_type:
        raise InvalidFeed("market_type", None, MISSING)
    return Feed(market_type, texts[3], texts[4], texts[5])


def _tag(frame: Frame, at: int) -> tuple[int, int, int]:
    """Number and wire type of the field at a byte, and where its value starts."""
    tag, after = _varint(frame, at)
    number = tag >> 3
    if not 0 < number <= _MAX_NUMBER:
        raise InvalidFrame(f"has a field with the number {number}, which no field can have", at, len(frame))
    return number, tag & 7, after


def _skip(frame: Frame, at: int, number: int, wire_type: int) -> int:
    """Where the value of a field ends, perhaps behind the frame."""
    if wire_type == _BYTES:
        size, at = _varint(frame, at)
        return at + size
    if wire_type == _VARINT:
        return _varint(frame, at)[1]
    if wire_type in _FIXED_SIZES:
        return at + _FIXED_SIZES[wire_type]
    if wire_type == _GROUP:
        return _skip_group(frame, at, number)
    raise InvalidFrame(f"has wire type {wire_type} where no field can have it", at, len(frame))


def _skip_group(frame: Frame, at: int, number: int) -> int:
    """Where a group ends: an unknown field of proto2, which a protobuf parser keeps or skips."""
    started = [number]
    while started:
        if at >= len(frame):
            raise InvalidFrame("ends inside a group", len(frame), len(frame))
        start = at
        number, wire_type, at = _tag(frame, at)
        if wire_type == _GROUP:
            if len(started) == _DEEPEST:
                raise InvalidFrame(f"nests groups more than {_DEEPEST} deep", start, len(frame))
            started.append(number)
        elif wire_type != _END_GROUP:
            at = _skip(frame, at, number, wire_type)
        elif started.pop() != number:
            raise InvalidFrame(f"ends a group {number} that was not the last to begin", start, len(frame))
    return at


def _varint(frame: Frame, at: int) -> tuple[int, int]:
    if at < len(frame) and frame[at] < 0x80:
        return frame[at], at + 1
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


def _text(frame: Frame, at: int) -> tuple[str, int]:
    size, at = _varint(frame, at)
    if at + size > len(frame):
        raise InvalidFrame("ends inside a field", len(frame), len(frame))
    try:
        return str(frame[at : at + size], "utf-8"), at + size
    except UnicodeDecodeError as error:
        raise InvalidFrame(f"has text that is not UTF-8: {error.reason}", at, len(frame)) from error
