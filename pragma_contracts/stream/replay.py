"""Replays dead letters: writes the records that can be read now back to their topic, each of them once."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE

from pragma_contracts.errors import BrokerError
from pragma_contracts.stream.confirmed import ConfirmedProducer, Outgoing
from pragma_contracts.stream.dead_letter_topic import DeadLetterTopic
from pragma_contracts.stream.letter import Letter, receipt_headers

# What is confirmed but has no receipt yet is replayed again after a crash, and a batch is held in memory.
_BATCH = 100

OUTCOMES = ("replayed", "would replay", "replayed already", "still bad", "refused by Kafka")
REFUSED = frozenset({"still bad", "refused by Kafka"})


class Replay:
    """Replays the letters of a dead letter topic. `counts` says what became of them, by kind and outcome.

    A record keeps its key, its value, its own headers and its timestamp; the header dlq.replays counts how often it was
    replayed. Once it is confirmed, a receipt is written into the dead letter topic, and it is not replayed again.
    """

    def __init__(self, topic: DeadLetterTopic) -> None:
        """Connects to the topic's broker, with its settings. Raises ConfigurationError, BrokerError."""
        self.counts: Counter[tuple[str, str]] = Counter()
        self._topic = topic
        self._producer = ConfirmedProducer(
            topic.bootstrap, [topic.topic, topic.source], config=topic.config, timeout=topic.timeout
        )

    def run(self, kind: str | None, limit: int | None, *, dry_run: bool) -> None:
        """Replays what can be read now, of one kind of error or of all, at most `limit` of it.

        Raises:
            BrokerError: the broker is gone or refuses; `counts` is right, and the next run goes on from there.
        """
        chosen = islice(self._readable(kind), limit)
        if dry_run:
            self.counts.update((letter.kind, "would replay") for _, letter in chosen)
            return
        while batch := list(islice(chosen, _BATCH)):
            self._write(batch)

    def close(self) -> None:
        """Closes the connection."""
        self._producer.close()

    def _readable(self, kind: str | None) -> Iterator[tuple[int, Letter]]:
        """The letters to replay, with their partitions; what is not among them is counted."""
        for found in self._topic.records():
            if kind is not None and found.kind != kind:
                continue
            if found.state == "replayed":
                self.counts[found.kind, "replayed already"] += 1
            elif found.letter is None or found.state == "bad":
                self.counts[found.kind, "still bad"] += 1
            else:
                # Several groups may have written a letter of the same record.
                self._topic.replayed.add(found.letter.source)
                yield found.partition, found.letter

    def _write(self, batch: list[tuple[int, Letter]]) -> None:
        records = [(partition, letter, self._record(letter)) for partition, letter in batch]
        for _, _, record in records:
            self._producer.send(record)
        self._producer.settle()
        done = [(partition, letter) for partition, letter, record in records if record.confirmed]
        self.counts.update((letter.kind, "replayed") for _, letter in done)
        self._certify(done)
        self.counts.update((letter.kind, "refused by Kafka") for _, letter, record in records if record.refused)
        self._raise_for([record for _, _, record in records if not record.refused], "are not confirmed")

    def _certify(self, done: list[tuple[int, Letter]]) -> None:
        """Writes the receipts of what is confirmed, each behind its letter, so that it is not kept for less long."""
        for partition, letter in done:
            self._producer.send(Outgoing(self._topic.topic, None, None, receipt_headers(letter), partition))
        lost = self._producer.settle()
        self._raise_for(lost, "were replayed but have no receipt, and will be replayed again")

    def _raise_for(self, records: list[Outgoing], problem: str) -> None:
        errors = [record.error for record in records if record.error is not None]
        if errors:
            error = self._producer.error(errors[0])
            raise BrokerError(error.bootstrap, error.code, f"{len(errors)} records {problem}: {error.detail}")

    def _record(self, letter: Letter) -> Outgoing:
        timestamp = 0 if letter.timestamp_kind == TIMESTAMP_NOT_AVAILABLE else letter.source.timestamp
        return Outgoing(self._topic.source, letter.key, letter.value, letter.replay_headers, timestamp=timestamp)
