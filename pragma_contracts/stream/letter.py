"""The form of a dead letter: a bad record as it was, with headers that say where it stood and why it is bad.

Key, value and headers are those of the bad record. Ours are text, stand behind its own, and start with the last header
called dlq.format: what comes before it is the record's own, whatever its name.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE

from pragma_contracts.errors import ContractError, printable
from pragma_contracts.stream.record import Fetched

Headers = list[tuple[str, bytes | None]]

SUFFIX = "-dlq"
REPLAYS = "dlq.replays"

_PREFIX = "dlq."
_LETTER, _RECEIPT = "dlq.format", "dlq.receipt"
_VERSION = b"1"
_SOURCE = ("dlq.partition", "dlq.offset", "dlq.timestamp")
_TIMESTAMPS = {
    TIMESTAMP_NOT_AVAILABLE: "none",
    TIMESTAMP_CREATE_TIME: "create",
    TIMESTAMP_LOG_APPEND_TIME: "append",
}
_TIMESTAMP_KINDS = {text: kind for kind, text in _TIMESTAMPS.items()}
# Headers are for people, and count against the broker's limit of a record's size.
_ERROR_CHARACTERS = 500
_MAX_DIGITS = 19


class Source(NamedTuple):
    """What tells a bad record from every other of its topic, also when the topic was deleted and made again."""

    partition: int
    offset: int
    timestamp: int


class Headed(Fetched, Protocol):
    """A consumed message with its headers: confluent_kafka's Message."""

    def headers(self) -> Headers | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """A bad record, its place in the source topic, and why it is bad.

    headers: its own, without ours. source: with the record's own timestamp in ms, 0 when it has none; timestamp_kind:
    as confluent_kafka has it. kind, error: ContractError.kind and its text. group: the consumer group that wrote the
    letter. left_out: what of the record the letter does not hold; "" when it is whole.
    """

    key: bytes | None
    value: bytes | None
    headers: Headers
    topic: str
    source: Source
    timestamp_kind: int
    kind: str
    error: str
    group: str
    left_out: str

    @property
    def replays(self) -> int:
        """How often the record had been replayed before it became this letter."""
        counts = [_number(value) for name, value in self.headers if name == REPLAYS]
        return next((count for count in reversed(counts) if count is not None), 0)

    @property
    def replay_headers(self) -> Headers:
        """The record's own headers, and the count of its replays with this one."""
        own = [header for header in self.headers if header[0] != REPLAYS]
        return [*own, (REPLAYS, str(self.replays + 1).encode())]


def own_headers(message: Headed) -> Headers | None:
    """The headers of a message, or None when a name among them is no UTF-8, which Kafka's client cannot read."""
    try:
        return list(message.headers() or ())
    except SystemError:
        return None


def letter_headers(message: Fetched, error: ContractError, group: str, left_out: str = "") -> Headers:
    """The headers that make a dead letter of a bad record, to stand behind its own."""
    kind, ms = message.timestamp()
    facts = {
        _LETTER: _VERSION.decode(),
        "dlq.kind": error.kind,
        "dlq.error": printable(str(error), _ERROR_CHARACTERS),
        "dlq.topic": message.topic(),
        "dlq.partition": str(message.partition()),
        "dlq.offset": str(message.offset()),
        "dlq.timestamp": str(max(ms, 0)),
        "dlq.timestamp.type": _TIMESTAMPS[kind],
        "dlq.time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "dlq.group": group,
        "dlq.left.out": left_out,
    }
    return [(name, text.encode()) for name, text in facts.items()]


def read_letter(message: Headed) -> Letter | None:
    """The dead letter that a record of a dead letter topic is, or None when it is something else."""
    headers = own_headers(message) or []
    start = max((at for at, (name, _) in enumerate(headers) if name == _LETTER), default=None)
    if start is None or headers[start][1] != _VERSION:
        return None
    facts = {name: value for name, value in headers[start:] if name.startswith(_PREFIX)}
    # What another program added behind ours is not ours.
    own = headers[:start] + [header for header in headers[start:] if not header[0].startswith(_PREFIX)]
    source = _source(facts)
    kind = _TIMESTAMP_KINDS.get(_text(facts, "dlq.timestamp.type"))
    if source is None or kind is None:
        return None
    return Letter(
        key=message.key(),
        value=message.value(),
        headers=own,
        topic=_text(facts, "dlq.topic"),
        source=source,
        timestamp_kind=kind,
        kind=_text(facts, "dlq.kind"),
        error=_text(facts, "dlq.error"),
        group=_text(facts, "dlq.group"),
        left_out=_text(facts, "dlq.left.out"),
    )


def receipt_headers(letter: Letter) -> Headers:
    """The headers of a receipt: the record in a dead letter topic that says that a letter has been replayed."""
    facts = zip(_SOURCE, letter.source, strict=True)
    return [(_RECEIPT, _VERSION), *((name, str(number).encode()) for name, number in facts)]


def read_receipt(message: Headed) -> Source | None:
    """The source of the letter that was replayed, or None when the record is no receipt."""
    headers = own_headers(message) or []
    # A letter may hold a bad record that looks like a receipt.
    if not headers or headers[0] != (_RECEIPT, _VERSION) or any(name == _LETTER for name, _ in headers):
        return None
    return _source(dict(headers))


def _source(facts: dict[str, bytes | None]) -> Source | None:
    numbers = [number for name in _SOURCE if (number := _number(facts.get(name))) is not None]
    return Source(*numbers) if len(numbers) == len(_SOURCE) else None


def _number(text: bytes | None) -> int | None:
    """A number as we write it; other programs may have written anything."""
    return int(text) if text is not None and text.isdigit() and len(text) <= _MAX_DIGITS else None


def _text(facts: dict[str, bytes | None], name: str) -> str:
    return printable((facts.get(name) or b"").decode(errors="backslashreplace"), _ERROR_CHARACTERS)
