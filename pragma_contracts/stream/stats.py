"""The figures that a producer and a consumer keep, as snapshots that do not change once taken."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProducerStats:
    """What became of the messages given to a producer: sent == delivered + sum(failed.values()) + queued.

    sent: messages that were accepted for delivery, and bytes: the size of their values.
    delivered: messages that the broker confirmed.
    failed: messages that were not confirmed, by librdkafka's name of the error. One that failed in flight may have been
    written nevertheless.
    dropped: messages that were never queued, because the queue was full, or because Kafka can never take them, which
    was raised too; they are not among the sent ones.
    queued: messages that wait for the broker's answer.
    """

    sent: int
    delivered: int
    failed: Mapping[str, int]
    dropped: int
    queued: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ConsumerStats:
    """What became of the records read from Kafka: consumed == decoded + filtered + sum(bad.values()).

    decoded: records that were decoded, checked and handed out.
    filtered: records that were skipped by their key, without decoding anything.
    bad: records that could not be used, by the `kind` of their error.
    unknown_schema_ids, unknown_market_types: decoded records with a schema id that the registry or the lock does not
    have, and with a market type that this version does not know.
    errors: what the broker reported and Kafka's client recovers from by itself, by librdkafka's name of the error.
    registry_outages: how often the registry gave no answer, or refused one, about a schema id; the id is
    unknown then, and is asked for again later.
    """

    consumed: int
    decoded: int
    filtered: int
    bad: Mapping[str, int]
    unknown_schema_ids: int
    unknown_market_types: int
    errors: Mapping[str, int]
    registry_outages: int
