"""The table of the librdkafka options that this package sets or knows more about: defaults, reasons and conflicts.

docs/configuration.md is written from it, and the settings of every client are made from it.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pragma_contracts.errors import ConfigurationError, shown

Values = Mapping[str, Any]
Profile = Literal["realtime", "durable"]
Tuning = Literal["latency", "throughput"]
# Which clients a default is for: all of them, every producer, the producers of a profile or a tuning, every consumer.
Kind = Literal["client", "producer", "realtime", "durable", "latency", "throughput", "consumer"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """What an option cannot be, alone or beside the options `beside`.

    rule: what is refused, in words; refused: whether settings have it so. problem: what would happen, and what to do.
    """

    rule: str
    refused: Callable[[Values], bool]
    problem: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One option by librdkafka's name.

    purpose: what it sets. librdkafka: its default there, as librdkafka writes it. defaults: ours, by kind of client.
    reason: why ours differs, or why one would change it. conflicts: what a producer refuses.
    follows_timeout: the least and the most, in ms, of an option that is that of message.timeout.ms unless it is given.
    """

    name: str
    purpose: str
    librdkafka: str
    reason: str
    defaults: Mapping[Kind, str | int | bool] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    follows_timeout: tuple[int, int] | None = None


def value_of(values: Values, name: str) -> Any:
    """The value that an option has, librdkafka's own where it is not given."""
    return values.get(name, BY_NAME[name].librdkafka)


def number(values: Values, name: str) -> float:
    """The number that an option has, librdkafka's own where it is not given. Raises ConfigurationError."""
    value = value_of(values, name)
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise ConfigurationError(f"config[{name!r}]", f"{shown(value)} is no number")
    return found


def enabled(values: Values, name: str) -> bool:
    """Whether an option is on, by the words that librdkafka knows."""
    return str(value_of(values, name)).lower() in ("true", "t", "1")


def defaults(*kinds: Kind) -> dict[str, Any]:
    """Our defaults for these kinds of client; a later kind wins."""
    return {option.name: option.defaults[kind] for kind in kinds for option in OPTIONS if kind in option.defaults}


def conflicts(values: Values) -> Iterator[tuple[Option, Conflict]]:
    """What the settings of a producer contradict. Raises ConfigurationError for what is no number."""
    for option in OPTIONS:
        for conflict in option.conflicts:
            if conflict.refused(values):
                yield option, conflict


def _is(name: str, *words: str) -> Callable[[Values], bool]:
    return lambda values: str(value_of(values, name)).lower() in words


def _idempotent(values: Values) -> bool:
    return enabled(values, "enable.idempotence")


_ACKS = "acks"
_RETRIES = "retries"
_TIMEOUT = "message.timeout.ms"
_LINGER = "linger.ms"
_IDEMPOTENCE = "enable.idempotence"
_IN_FLIGHT = "max.in.flight.requests.per.connection"
_QUEUE_KB = "queue.buffering.max.kbytes"
_MAX_BYTES = "message.max.bytes"
_ALL = ("all", "-1")
_IDEMPOTENT_IN_FLIGHT = 5

OPTIONS = (
    Option(
        _ACKS,
        "how many replicas must have a message before the broker confirms it",
        "-1",
        "realtime: the leader's word is enough, waiting for the others is not worth it. durable: what is confirmed "
        "survives the loss of the leader",
        {"realtime": 1, "durable": "all"},
        (
            Conflict(
                "0",
                _is(_ACKS, "0"),
                "nothing would be confirmed, and every message would count as delivered; use 1",
            ),
            Conflict(
                "not `all`, and idempotent",
                lambda values: _idempotent(values) and not _is(_ACKS, *_ALL)(values),
                "an idempotent producer needs the word of all replicas; use profile='durable', and leave acks out",
                (_IDEMPOTENCE,),
            ),
        ),
    ),
    Option(
        _IDEMPOTENCE,
        "whether the broker drops what it gets twice, and keeps the order over retries",
        "false",
        "durable: retries neither double nor reorder the messages of a feed. realtime: nothing is sent twice",
        {"durable": True},
    ),
    Option(
        _RETRIES,
        "how often a message is sent again",
        "2147483647",
        "realtime: a newer price is worth more than a late one. durable: until message.timeout.ms has passed",
        {"realtime": 0},
        (
            Conflict(
                "0, and idempotent",
                lambda values: _idempotent(values) and number(values, _RETRIES) < 1,
                "an idempotent producer is one that may send again; use profile='durable', and leave retries out",
                (_IDEMPOTENCE,),
            ),
            Conflict(
                "above 0, not idempotent, and more than one request in flight",
                lambda values: (
                    not _idempotent(values) and number(values, _RETRIES) > 0 and number(values, _IN_FLIGHT) > 1
                ),
                "a message that is sent again may come after a newer one of its feed; leave retries out, use "
                f"profile='durable', or set {_IN_FLIGHT} to 1",
                (_IN_FLIGHT,),
            ),
        ),
    ),
    Option(
        _TIMEOUT,
        "how long, in ms, a message may wait to be confirmed, from `send` on",
        "300000",
        "realtime: what is older is not worth sending, it is dropped and counted. durable: two minutes, as Java's "
        "client, in which a broker restarts and its partitions find another leader. 0 is no limit",
        {"realtime": 1000, "durable": 120_000},
        (
            Conflict(
                "not above linger.ms",
                lambda values: 0 < number(values, _TIMEOUT) <= number(values, _LINGER),
                f"every message would expire unsent; set {_TIMEOUT} above {_LINGER}",
                (_LINGER,),
            ),
        ),
    ),
    Option(
        "request.timeout.ms",
        "how long, in ms, the broker may wait for its replicas",
        "30000",
        "a request that outlives its messages only keeps the connection from being given up",
        follows_timeout=(1, 30_000),
    ),
    Option(
        "socket.timeout.ms",
        "how long, in ms, any request may take",
        "60000",
        "a broker that hangs is left as soon as its messages have expired",
        follows_timeout=(10, 60_000),
    ),
    Option(
        "reconnect.backoff.max.ms",
        "the longest wait, in ms, before the next try to connect",
        "10000",
        "every message of that time would be dropped, or would wait for it",
        {"producer": 1000},
    ),
    Option(
        _IN_FLIGHT,
        "how many requests may wait for an answer of one broker",
        "1000000",
        "an idempotent producer has 5 of its own accord",
        conflicts=(
            Conflict(
                "above 5, and idempotent",
                lambda values: (
                    _idempotent(values) and _IN_FLIGHT in values and number(values, _IN_FLIGHT) > _IDEMPOTENT_IN_FLIGHT
                ),
                "the broker remembers no more than 5 batches to keep them in order; use 5 or fewer",
                (_IDEMPOTENCE,),
            ),
        ),
    ),
    Option(
        "queue.buffering.max.messages",
        "how many messages may wait in this process",
        "100000",
        "as many as 100,000 messages/s make in the second that a realtime message may wait. When it is full, realtime "
        "drops the newest, and durable waits for room, up to block_seconds",
        {"producer": 100_000},
        (
            Conflict(
                "0",
                lambda values: number(values, "queue.buffering.max.messages") <= 0,
                "without a limit memory would grow for as long as the broker is away; set a number above 0",
            ),
        ),
    ),
    Option(
        _QUEUE_KB,
        "how many kB of values may wait in this process",
        "1048576",
        "128 MiB hold a full queue of books of 50 + 50 levels, and bound what a process takes while a broker is away",
        {"producer": 131_072},
        (
            Conflict(
                "less than message.max.bytes",
                lambda values: number(values, _QUEUE_KB) * 1024 < number(values, _MAX_BYTES),
                f"a message of {_MAX_BYTES} would never fit into the queue; raise {_QUEUE_KB}, or lower {_MAX_BYTES}",
                (_MAX_BYTES,),
            ),
        ),
    ),
    Option(
        _MAX_BYTES,
        "the largest message, in bytes",
        "1000000",
        "`send` refuses what is larger. The topic's max.message.bytes has to allow it too, or the broker refuses the "
        "message, and with it all that are in the same batch",
    ),
    Option(
        _LINGER,
        "how long, in ms, a message waits for others that go in the same request",
        "5",
        "latency: at 10,000 messages/s 1 ms made so many requests that a small broker fell behind, and every tenth "
        "message came later than with 5. throughput: half the client's work",
        {"latency": 5, "throughput": 50},
    ),
    Option(
        "batch.size",
        "the most bytes in one request to a partition",
        "1000000",
        "linger.ms ends most batches first. Set it to the topic's max.message.bytes when that is smaller: the broker "
        "refuses a batch as a whole",
    ),
    Option(
        "batch.num.messages",
        "the most messages in one request to a partition",
        "10000",
        "linger.ms ends a batch first: 50 ms of 100,000 messages/s are 5,000",
    ),
    Option(
        "compression.type",
        "how batches are compressed, by the client alone: none, gzip, snappy, lz4, zstd",
        "none",
        "lz4 takes the least time of them, and the names that all messages of a feed repeat shrink to little",
        {"producer": "lz4"},
    ),
    Option(
        "partitioner",
        "which partition a key belongs to",
        "consistent_random",
        "as Java's client chooses it, and `Feed.partition`; librdkafka's own is CRC32",
        {"producer": "murmur2_random"},
        (
            Conflict(
                "neither murmur2 nor murmur2_random",
                lambda values: not _is("partitioner", "murmur2", "murmur2_random")(values),
                "feeds would not be in the partitions where Feed.partition and clients in other languages look for "
                "them; leave it out",
            ),
        ),
    ),
    Option(
        "log_level",
        "up to which syslog level librdkafka writes to stderr by itself",
        "6",
        "2 is what is critical; errors are reported as well, and stand in our log once",
        {"client": 2},
    ),
    Option(
        "enable.auto.commit",
        "whether stored offsets are committed in the background",
        "true",
        "what is committed is only what has been processed",
        {"consumer": True},
    ),
    Option(
        "allow.auto.create.topics",
        "whether asking for a topic may create it",
        "false",
        "a consumer with a misspelt topic gets an error",
        {"consumer": False},
    ),
    Option(
        "topic.metadata.refresh.interval.ms",
        "how often, in ms, the topics are looked up again",
        "300000",
        "a topic that is deleted before the first fetch is noticed by this alone",
        {"consumer": 10_000},
    ),
)
BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}
