"""What every contender that sends shares: librdkafka's settings, and reading back what arrived."""

from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

_WAIT_S = 10.0

# Only the calls are on the clock: what they queue leaves in the rest between two turns. The same for all contenders.
SETTINGS: dict[str, Any] = {
    "acks": 1,
    "retries": 0,
    "linger.ms": 2000,
    "message.timeout.ms": 30_000,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
    "log_level": 2,
}


def raw_producer(bootstrap: str) -> Producer:
    """A plain Kafka producer, without callbacks: it does not count what is lost, and pays nothing for that."""
    return Producer({**SETTINGS, "bootstrap.servers": bootstrap})


def flush(producer: Producer) -> None:
    """Waits until everything queued was delivered."""
    left = producer.flush(_WAIT_S)
    if left:
        raise TimeoutError(f"{left} messages did not leave the queue within {_WAIT_S:g} s")


class TopicEnd:
    """The end of a topic at this moment, from which on what is sent later can be read back."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        # Asking for a topic makes it.
        options = {"allow.auto.create.topics": True, "fetch.wait.max.ms": 10, "log_level": 2}
        self._kafka = Consumer({"bootstrap.servers": bootstrap, "group.id": "proof", **options})
        partitions = self._kafka.list_topics(topic, _WAIT_S).topics[topic].partitions
        places = [TopicPartition(topic, partition) for partition in partitions]
        for place in places:
            _, place.offset = self._kafka.get_watermark_offsets(place, _WAIT_S)
        self._kafka.assign(places)

    def read(self, count: int) -> list[tuple[bytes, bytes]]:
        """Key and value of each of so many records, in no order."""
        messages = self._kafka.consume(count, _WAIT_S)
        self._kafka.close()
        if len(messages) != count:
            raise TimeoutError(f"{len(messages)} of {count} records came within {_WAIT_S:g} s")
        return [(message.key() or b"", message.value() or b"") for message in messages]
