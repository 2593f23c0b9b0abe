"""Reads a dead letter topic from its beginning to its end, and judges each letter with the installed contracts."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pragma_contracts.errors import BrokerError, ConfigurationError, ContractError, ForeignSchema, shown
from pragma_contracts.registry import RegistrySettings
from pragma_contracts.stream.broker import BrokerReports, require_topics
from pragma_contracts.stream.ids import ConsumerIds
from pragma_contracts.stream.letter import SUFFIX, Headed, Letter, Source, read_letter, read_receipt
from pragma_contracts.stream.reader import Reader
from pragma_contracts.stream.settings import Config, consumer_settings, create
from pragma_contracts.wire.lookup import contract_by_topic

# Kafka's client wants one, but no offset is ever committed in its name.
_GROUP = "pragma-contracts-dlq"
_OWN: Config = {"enable.auto.commit": False, "enable.partition.eof": True}
_BATCH = 500
_WAIT_SECONDS = 1.0

State = Literal["readable", "bad", "replayed"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A record at a place of a dead letter topic. `ms` is when it was written there, `size` key and value in bytes.

    letter: None for a record that is no dead letter. state: "replayed", or whether the installed contracts read the
    record now; problem: why not, "" when they do.
    """

    partition: int
    offset: int
    ms: int
    size: int
    letter: Letter | None
    state: State
    problem: str

    @property
    def kind(self) -> str:
        """The kind of the error that made it a dead letter; "foreign" when it is none."""
        return "foreign" if self.letter is None else self.letter.kind


class DeadLetterTopic:
    """The letters of a dead letter topic. Use it as a context manager. It joins no group and commits nothing."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        *,
        registry: str | RegistrySettings | None = None,
        lock: str | Path | None = None,
        config: Config | None = None,
        start_timeout: float = 10.0,
        timeout: float = 30.0,
    ) -> None:
        """Checks that the broker has the topic.

        topic: `<topic of a contract>-dlq`. registry, lock: as of a Consumer; without one, a schema id that was refused
        stays refused. config: librdkafka settings.
        start_timeout: seconds to wait for the broker. timeout: seconds of its silence that end the reading.

        Raises:
            ConfigurationError: the topic is no dead letter topic, or a setting makes no sense.
            NotAContract: its source topic belongs to no contract.
            RegistryError, LockError: the registry or the lock cannot be used.
            BrokerError: the broker does not answer, or lacks the topic.
        """
        self.bootstrap, self.config, self.timeout = bootstrap, config, timeout
        self.topic, self.source = topic, topic.removesuffix(SUFFIX)
        if self.source == topic:
            raise ConfigurationError("topic", f"{shown(topic)} is no dead letter topic; their names end in {SUFFIX}")
        self.replayed: set[Source] = set()
        self._judge = _Judge(topic, self.source, registry, lock)
        self._reports = BrokerReports(bootstrap)
        settings = consumer_settings(bootstrap, _GROUP, "earliest", config)
        settings.update({**_OWN, "error_cb": self._reports})
        self._kafka = create(Consumer, settings)
        try:
            require_topics(self._kafka, [topic], start_timeout, self._reports)
        except ContractError:
            self.close()
            raise

    def records(self) -> Iterator[Found]:
        """Everything that is in the topic now but receipts: partition by partition, in order.

        The topic is read twice, as a receipt comes after its letter. `replayed` then has the sources of what has been
        replayed: about 200 bytes of memory each, and nothing else is kept.

        Raises:
            BrokerError: the broker is gone, or refuses.
        """
        ends = self._ends()
        for message in self._messages(ends):
            if (source := read_receipt(message)) is not None:
                self.replayed.add(source)
        for message in self._messages(ends):
            if read_receipt(message) is None:
                yield self._found(message)

    def close(self) -> None:
        """Closes the connections."""
        self._kafka.close()
        self._judge.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _found(self, message: Headed) -> Found:
        letter = read_letter(message)
        state: State = "bad"
        if letter is None or letter.topic != self.source:
            letter, problem = None, f"is no dead letter of {self.source}"
        elif letter.source in self.replayed:
            state, problem = "replayed", ""
        else:
            problem = self._judge.problem(letter, message)
            state = "bad" if problem else "readable"
        size = len(message.key() or b"") + len(message.value() or b"")
        return Found(message.partition(), message.offset(), message.timestamp()[1], size, letter, state, problem)

    def _ends(self) -> dict[int, tuple[int, int]]:
        """First offset and end of every partition that holds something."""
        try:
            partitions = self._kafka.list_topics(timeout=self.timeout).topics[self.topic].partitions
            ends = {
                number: self._kafka.get_watermark_offsets(TopicPartition(self.topic, number), timeout=self.timeout)
                for number in sorted(partitions)
            }
        except KafkaException as error:
            raise self._reports.error(error.args[0]) from error
        return {number: (low, high) for number, (low, high) in ends.items() if low < high}

    def _messages(self, ends: dict[int, tuple[int, int]]) -> Iterator[Headed]:
        for number, (low, high) in ends.items():
            self._kafka.assign([TopicPartition(self.topic, number, low)])
            yield from self._partition(high)

    def _partition(self, end: int) -> Iterator[Headed]:
        """The messages of the assigned partition before an offset."""
        heard = time.monotonic()
        while True:
            # Asked for many, librdkafka waits until it has them all.
            messages = self._kafka.consume(_BATCH, 0) or self._kafka.consume(1, _WAIT_SECONDS)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() > heard + self.timeout:
                raise self._silence()
            for message in messages:
                error = message.error()
                # What was aborted or compacted away leaves gaps, perhaps up to the end.
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    return
                if error is not None:
                    raise self._reports.error(error)
                if (message.offset() or 0) < end:
                    yield cast(Headed, message)
                if (message.offset() or 0) + 1 >= end:
                    return

    def _silence(self) -> BrokerError:
        last = self._reports.last or KafkaError(KafkaError._TIMED_OUT)
        error = self._reports.error(last)
        detail = f"nothing came from {self.topic} for {self.timeout:g} s ({error.detail})"
        return BrokerError(error.bootstrap, error.code, detail)


class _Judge:
    """Says whether a consumer with the installed contracts would take a dead letter's record now."""

    def __init__(self, topic: str, source: str, registry: Any, lock: str | Path | None) -> None:
        contract = contract_by_topic(source)
        self._ids = ConsumerIds([contract], registry=registry, lock=lock)
        # A letter has key and value of the record: it is read where it lies.
        contracts = {topic: contract}
        self._reader = Reader(contracts, self._ids, None, refuse_unknown=False, validate=True)
        self._strict = Reader(contracts, self._ids, None, refuse_unknown=True, validate=True)

    def problem(self, letter: Letter, message: Headed) -> str:
        """Why the record is bad, "" when it is not."""
        if letter.left_out:
            place = f"{letter.topic} [{letter.source.partition}] at offset {letter.source.offset}"
            return f"the letter lacks {letter.left_out} of the record, which is {place}"
        # A schema id that was refused must be known to be good, or it comes back.
        reader = self._strict if letter.kind == "schema_id" else self._reader
        try:
            reader.decode(message, reader.look(message))
        except ForeignSchema as error:
            unknown = f"schema id {error.schema_id} was refused, and is not known to be {error.expected}'s"
            return str(error) if error.subjects else f"{unknown}; name a registry that has it"
        except ContractError as error:
            return str(error)
        return ""

    def close(self) -> None:
        self._ids.close()
