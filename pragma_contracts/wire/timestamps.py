"""Points in time: ISO 8601 text, datetimes, and nanoseconds since the epoch."""

import re
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from pragma_contracts.errors import ConfigurationError

NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years 0001 to 9999, as google.protobuf.Timestamp has them, in seconds since the epoch.
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
_TEXT = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d)", re.ASCII
)

BAD_TEXT = "is no ISO 8601 time with a zone, such as '2026-01-31T12:00:00.000000Z'"
OUT_OF_RANGE = "is outside the years 0001 to 9999, or has nanoseconds outside one second"


def to_ns(time: datetime | int) -> int:
    """Nanoseconds since the epoch of an aware datetime, or of an int that is them already.

    Raises:
        ConfigurationError: a naive datetime, which could be any zone's, or a time outside the years 0001 to 9999.
    """
    if isinstance(time, int) and not isinstance(time, bool):
        ns = time
    elif isinstance(time, datetime) and time.utcoffset() is not None:
        ns = (time - _EPOCH) // timedelta(microseconds=1) * 1000
    else:
        raise ConfigurationError("event_time", f"{time!r} is neither an aware datetime nor int nanoseconds")
    if not _FIRST <= ns // NS <= _LAST:
        raise ConfigurationError("event_time", f"{time!r} {OUT_OF_RANGE}; int times are in nanoseconds")
    return ns


def is_valid(timestamp: Timestamp) -> bool:
    """Whether a Timestamp is a point in time at all: what came over the wire may be anything."""
    return _FIRST <= timestamp.seconds <= _LAST and 0 <= timestamp.nanos < NS


def to_text(timestamp: Timestamp) -> str:
    """ISO 8601 in UTC of a valid Timestamp, with `Z` and six digits of a second, or nine when they are needed."""
    whole = (_EPOCH + timedelta(seconds=timestamp.seconds)).strftime("%m-%dT%H:%M:%S")
    year = (_EPOCH + timedelta(seconds=timestamp.seconds)).year
    fraction = f"{timestamp.nanos:09}" if timestamp.nanos % 1000 else f"{timestamp.nanos // 1000:06}"
    return f"{year:04}-{whole}.{fraction}Z"


def from_text(text: str) -> tuple[int, int] | None:
    """(seconds, nanos) since the epoch of ISO 8601 text with a zone; None when it is anything else."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    try:
        since = datetime.fromisoformat(found["time"] + found["zone"]) - _EPOCH
    except ValueError:
        return None
    return since // timedelta(seconds=1), int((found["fraction"] or "").ljust(9, "0"))
