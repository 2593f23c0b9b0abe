"""Offsets of what was processed: stored, for librdkafka to commit in the background, or committed at once."""

import logging
from collections.abc import Iterable

from confluent_kafka import Consumer as KafkaConsumer, KafkaException, TopicPartition

from pragma_contracts.stream.broker import MOVED, BrokerReports
from pragma_contracts.stream.record import Fetched

_log = logging.getLogger(__name__)

# (topic, partition)
Place = tuple[str, int]


def next_offsets(messages: Iterable[Fetched]) -> dict[Place, int]:
    """The offset behind the last message of each partition; messages of a partition come in their order."""
    return {(message.topic(), message.partition()): message.offset() + 1 for message in messages}


def store(kafka: KafkaConsumer, offsets: dict[Place, int], reports: BrokerReports) -> None:
    """Stores offsets; librdkafka commits what is stored. Raises BrokerError.

    Of a partition that has moved to another consumer of the group nothing is stored: its last records are read again.
    """
    try:
        kafka.store_offsets(offsets=_as_kafka(offsets))
    except KafkaException as error:
        if error.args[0].code() not in MOVED:
            raise reports.error(error.args[0]) from error
        _log.info("partitions have moved to another consumer, which reads their last records again: %s", list(offsets))


def commit(kafka: KafkaConsumer, offsets: dict[Place, int], reports: BrokerReports) -> None:
    """Commits offsets and waits for the broker's word. Raises BrokerError."""
    try:
        results = kafka.commit(offsets=_as_kafka(offsets), asynchronous=False) or []
    except KafkaException as error:
        raise reports.error(error.args[0]) from error
    for result in results:
        if result.error is not None:
            raise reports.error(result.error)


def _as_kafka(offsets: dict[Place, int]) -> list[TopicPartition]:
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
