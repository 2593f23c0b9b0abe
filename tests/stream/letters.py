"""What the tests of dead letters share: bad records, their letters, and what is in a topic."""

from typing import Any, cast

from confluent_kafka import (
    Consumer as KafkaConsumer,
    Message as KafkaMessage,
    Producer as KafkaProducer,
    TopicPartition,
)

from pragma_contracts.errors import InvalidFrame
from pragma_contracts.stream.dead_letter_topic import DeadLetterTopic, Found
from pragma_contracts.stream.dead_letters import DeadLetters
from pragma_contracts.stream.letter import Headed
from pragma_contracts.stream.replay import Replay
from pragma_contracts.testing import Stack

TOPIC, DEAD = "pragma-prices-v1", "pragma-prices-v1-dlq"
KEY = b"perp-unknown-paradex-BTC"
ERROR = InvalidFrame("holds no Price", 6, 9)


def make_topic(stack: Stack, topic: str) -> None:
    """Makes a topic of an embedded broker, where asking for it does."""
    KafkaProducer({"bootstrap.servers": stack.bootstrap}).list_topics(topic, timeout=10)


def messages(stack: Stack, topic: str, partition: int | None = None) -> list[Headed]:
    """Everything in a topic, or in one of its partitions."""
    client = KafkaConsumer({"bootstrap.servers": stack.bootstrap, "group.id": "tests", "fetch.wait.max.ms": 10})
    found: list[KafkaMessage] = []
    numbers = client.list_topics(topic, timeout=10).topics[topic].partitions if partition is None else [partition]
    for number in numbers:
        low, high = client.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
        client.assign([TopicPartition(topic, number, low)])
        found += client.consume(high - low, timeout=30)
    client.close()
    assert [message.error() for message in found if message.error()] == []
    return cast("list[Headed]", found)


def write_bad(stack: Stack, *records: dict[str, Any]) -> list[Headed]:
    """Writes records to the prices topic, partition 0, and gives them back as they are consumed."""
    client = KafkaProducer({"bootstrap.servers": stack.bootstrap})
    for record in records:
        client.produce(TOPIC, partition=0, **record)
    assert client.flush(30) == 0
    return messages(stack, TOPIC, 0)[-len(records) :]


def bury(stack: Stack, bad: list[Headed], error: Any = ERROR, group: str = "ingestor") -> DeadLetters:
    letters = DeadLetters(stack.bootstrap, [TOPIC], group=group)
    for message in bad:
        letters.put(message, error)
    letters.settle()
    letters.close()
    return letters


def opened(stack: Stack, **options: Any) -> DeadLetterTopic:
    # The embedded broker answers a fetch that finds nothing only then.
    return DeadLetterTopic(stack.bootstrap, DEAD, config={"fetch.wait.max.ms": 10}, **options)


def found_in(stack: Stack, **options: Any) -> list[Found]:
    with opened(stack, **options) as topic:
        return list(topic.records())


def replay(stack: Stack, *, kind: str | None = None, limit: int | None = None, **options: Any) -> dict[Any, int]:
    with opened(stack, **options) as topic:
        replaying = Replay(topic)
        replaying.run(kind, limit, dry_run=False)
        replaying.close()
        return dict(replaying.counts)
