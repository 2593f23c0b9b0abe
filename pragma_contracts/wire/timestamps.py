"""Points in time: ISO 8601 text, datetimes, and nanoseconds since the epoch."""

import re
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from pragma_contracts import rules
from pragma_contracts.errors import ConfigurationError, shown

NS = rules.NS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d)", re.ASCII
)

BAD_TEXT = (
    "is no time of the form '2026-01-31T12:00:00.000000Z': with seconds, at most 9 digits of a second, "
    "Z or an offset such as +02:00, and in UTC within the years 0001 to 9999"
)


def split(time: datetime | int) -> tuple[int, int]:
    """(seconds, nanos) since the epoch of an aware datetime, or of an int that is nanoseconds since the epoch.

    Raises:
        ConfigurationError: a naive datetime, which could be any zone's, or a time outside the years 0001 to 9999.
    """
    ns = time if type(time) is int else ns_of(time)
    if ns is None:
        raise ConfigurationError("event_time", f"{shown(time)} is neither an aware datetime nor int nanoseconds")
    parts = divmod(ns, NS)
    if rules.FIRST_SECOND <= parts[0] <= rules.LAST_SECOND:
        return parts
    raise ConfigurationError("event_time", f"{shown(time)} {rules.BAD_TIMESTAMP}; int times are in nanoseconds")


def ns_of(time: object) -> int | None:
    """Nanoseconds since the epoch of an aware datetime, or of an int that is that; None of anything else."""
    if isinstance(time, int) and not isinstance(time, bool):
        return int(time)
    if isinstance(time, datetime) and time.utcoffset() is not None:
        return (time - _EPOCH) // timedelta(microseconds=1) * 1000
    return None


def to_text(timestamp: Timestamp) -> str:
    """ISO 8601 in UTC of a valid Timestamp, with `Z` and six digits of a second, or nine when they are needed."""
    whole = (_EPOCH + timedelta(seconds=timestamp.seconds)).strftime("%m-%dT%H:%M:%S")
    year = (_EPOCH + timedelta(seconds=timestamp.seconds)).year
    fraction = f"{timestamp.nanos:09}" if timestamp.nanos % 1000 else f"{timestamp.nanos // 1000:06}"
    return f"{year:04}-{whole}.{fraction}Z"


def from_text(text: str) -> tuple[int, int] | None:
    """(seconds, nanos) since the epoch of ISO 8601 text with seconds and a zone; None when it is anything else."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    try:
        since = datetime.fromisoformat(found["time"] + found["zone"]) - _EPOCH
    except ValueError:
        return None
    seconds = since // timedelta(seconds=1)
    # An offset can lead out of the years that the text itself is in.
    if not rules.FIRST_SECOND <= seconds <= rules.LAST_SECOND:
        return None
    return seconds, int((found["fraction"] or "").ljust(9, "0"))
