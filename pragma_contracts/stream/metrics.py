"""The metrics of producers and consumers, by name."""

from typing import Any, Literal, NamedTuple


class Metric(NamedTuple):
    """A metric by its name in Prometheus, a counter's without `_total`. Each has the label `client` besides its own."""

    name: str
    kind: Literal["counter", "gauge", "summary", "histogram"]
    text: str
    labels: tuple[str, ...] = ()


def _producer(name: str, *rest: Any) -> Metric:
    return Metric(f"pragma_contracts_producer_{name}", *rest)


def _consumer(name: str, *rest: Any) -> Metric:
    return Metric(f"pragma_contracts_consumer_{name}", *rest)


SENT = _producer("sent", "counter", "Messages that were accepted for delivery.")
SENT_BYTES = _producer("sent_bytes", "counter", "Size of the values of the sent messages.")
DELIVERED = _producer("delivered", "counter", "Messages that the broker confirmed.")
FAILED = _producer("failed", "counter", "Sent messages that were not confirmed, by librdkafka's error.", ("error",))
DROPPED = _producer("dropped", "counter", "Messages that were never queued: no room, or never to be taken.")
QUEUED = _producer("queue_messages", "gauge", "Messages that wait for the broker's answer.")
BATCH_MESSAGES = _producer("batch_messages", "summary", "Messages in a batch to a partition.", ("topic",))
BATCH_BYTES = _producer("batch_bytes", "summary", "Size of a batch to a partition.", ("topic",))
DELIVERY_LATENCY = _producer(
    "delivery_latency_seconds",
    "summary",
    "The way to the broker: queue is from send into a batch, request until it is on the wire, broker until the answer.",
    ("broker", "stage"),
)
CONSUMED = _consumer("consumed", "counter", "Records that were read, used or not.")
FILTERED = _consumer("filtered", "counter", "Records that were skipped by their key.")
BAD = _consumer("bad", "counter", "Records that could not be used, by the kind of their error.", ("kind",))
DEAD_LETTERS = _consumer("dead_letters", "counter", "Bad records that are safe in a dead letter topic.")
UNKNOWN_SCHEMA_IDS = _consumer("unknown_schema_ids", "counter", "Decoded records with an unknown schema id.")
UNKNOWN_MARKET_TYPES = _consumer("unknown_market_types", "counter", "Decoded records with an unknown market type.")
ERRORS = _consumer("errors", "counter", "What the broker reported, by librdkafka's error.", ("error",))
REGISTRY_OUTAGES = _consumer("registry_outages", "counter", "Schema ids about which the registry gave no answer.")
LAG = _consumer("lag_messages", "gauge", "Records of the partition that are not processed yet.", ("topic", "partition"))
STATISTICS_AGE = _consumer(
    "statistics_age_seconds", "gauge", "Age of what the lags are from; it grows while nobody reads from the consumer."
)
END_TO_END = _consumer("end_to_end_latency_seconds", "histogram", "From publish to hand-out.")
STALENESS = _consumer("staleness_seconds", "histogram", "From event to hand-out.", ("market_type",))
LAST_EVENT = _consumer(
    "last_event_timestamp_seconds", "gauge", "Event time of the last record that was looked at.", ("market_type",)
)

METRICS = (
    *(SENT, SENT_BYTES, DELIVERED, FAILED, DROPPED, QUEUED, BATCH_MESSAGES, BATCH_BYTES, DELIVERY_LATENCY),
    *(CONSUMED, FILTERED, BAD, DEAD_LETTERS, UNKNOWN_SCHEMA_IDS, UNKNOWN_MARKET_TYPES, ERRORS, REGISTRY_OUTAGES),
    *(LAG, STATISTICS_AGE, END_TO_END, STALENESS, LAST_EVENT),
)
