"""The frames of one feed: what comes before the payload is laid out once, and only message id and times vary."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from pragma_contracts.rules import NS

# (message id, (seconds, nanos) of the event time, publish time in ns, payload) -> frame.
FrameWriter = Callable[[str, tuple[int, int], int, bytes], bytes]

# A uuid as text.
_ID_SIZE = 36
# From here on a number takes four, and five, bytes as a varint.
_FOUR, _FIVE = 1 << 21, 1 << 28
_LOW_BITS = (1 << 14) - 1
# Two bytes of a varint for each number of 14 bits: with more bytes to come, and as its last ones.
_MORE = [bytes((number & 0x7F | 0x80, number >> 7 | 0x80)) for number in range(1 << 14)]
_LAST = [bytes((number & 0x7F | 0x80, number >> 7)) for number in range(1 << 14)]
_BYTES = [bytes((number,)) for number in range(1 << 7)]
# Two Timestamp fields take no more, however far away their times are.
_MOST_OF_TIMES = 40


def frame_writer(header: bytes, template: Message) -> FrameWriter:
    """Makes what writes the frames of a feed, as protobuf would: field by field, in the order of their numbers.

    header: the six bytes that a frame begins with. template: a stamped message of the feed, whose times do not matter.
    The payload is that of a message with no other fields, serialized; the message id has 36 characters.
    """
    descriptor: Any = template.DESCRIPTOR
    envelope = descriptor.fields_by_name["envelope"]
    parts: Any = envelope.message_type.fields_by_name
    heads, tail = _constant(header + _tag(envelope), _tag(parts["message_id"]), template)
    event, publish = _TimeField(_tag(parts["event_timestamp"])), _TimeField(_tag(parts["publish_timestamp"]))
    event_second = publish_second = None
    event_five = event_four = publish_five = publish_four = b""
    event_size = publish_size = 0
    join = b"".join

    # One function for all, with everything in its reach: this is the hot path, where every call and every look-up of
    # an attribute is a noticeable part of the time.
    def write(message_id: str, event_time: tuple[int, int], publish_ns: int, payload: bytes) -> bytes:
        nonlocal event_second, event_five, event_four, event_size
        nonlocal publish_second, publish_five, publish_four, publish_size
        second, nanos = event_time
        if second != event_second:
            event_second, (event_five, event_four, event_size) = second, event.before(second)
        if nanos >= _FIVE:
            first, low, high, top = event_five, _MORE[nanos & _LOW_BITS], _MORE[nanos >> 14 & _LOW_BITS], nanos >> 28
            size, last = event_size, _BYTES[top]
        elif nanos >= _FOUR:
            first, low, high, last = event_four, _MORE[nanos & _LOW_BITS], _LAST[nanos >> 14], b""
            size = event_size - 1
        else:
            first, low, high, last = event.whole(second, nanos), b"", b"", b""
            size = len(first)
        id_bytes = message_id.encode()
        second, nanos = divmod(publish_ns, NS)
        if second != publish_second:
            publish_second, (publish_five, publish_four, publish_size) = second, publish.before(second)
        if nanos >= _FIVE:
            return join(
                (
                    heads[size + publish_size],
                    id_bytes,
                    first,
                    low,
                    high,
                    last,
                    publish_five,
                    _MORE[nanos & _LOW_BITS],
                    _MORE[nanos >> 14 & _LOW_BITS],
                    _BYTES[nanos >> 28],
                    tail,
                    payload,
                )
            )
        field = (
            publish_four + _MORE[nanos & _LOW_BITS] + _LAST[nanos >> 14]
            if nanos >= _FOUR
            else publish.whole(second, nanos)
        )
        return join((heads[size + len(field)], id_bytes, first, low, high, last, field, tail, payload))

    return write


def _constant(start: bytes, id_tag: bytes, template: Any) -> tuple[list[bytes], bytes]:
    """What stands before the message id, by the size of both times, and what stands behind them."""
    envelope, feed = type(template.envelope)(), type(template)()
    envelope.producer, envelope.version = template.envelope.producer, template.envelope.version
    feed.CopyFrom(template)
    feed.ClearField("envelope")
    id_start = id_tag + _BYTES[_ID_SIZE]
    size = len(id_start) + _ID_SIZE + envelope.ByteSize()
    heads = [start + _varint(size + times) + id_start for times in range(_MOST_OF_TIMES + 1)]
    return heads, envelope.SerializeToString() + feed.SerializeToString()


class _TimeField:
    """A Timestamp field with its tag and length."""

    def __init__(self, tag: bytes) -> None:
        self._tag = tag

    def before(self, second: int) -> tuple[bytes, bytes, int]:
        """What stands before nanos of five bytes, and of four, and the size of the field with five."""
        five = self.whole(second, _FIVE)
        return five[:-5], self.whole(second, _FOUR)[:-4], len(five)

    def whole(self, second: int, nanos: int) -> bytes:
        """All of it."""
        value = Timestamp(seconds=second, nanos=nanos).SerializeToString()
        return self._tag + _BYTES[len(value)] + value


def _tag(field: Any) -> bytes:
    """The tag of a field that has a length before its value."""
    return _varint(field.number << 3 | 2)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
