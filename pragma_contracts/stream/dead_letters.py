"""Dead letters: writes bad records to the topics `<topic>-dlq`, and says when they are safe there."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from confluent_kafka import KafkaError

from pragma_contracts.errors import BadRecord, BrokerError, ContractError
from pragma_contracts.stream.broker import Throttle
from pragma_contracts.stream.confirmed import ConfirmedProducer, Outgoing
from pragma_contracts.stream.letter import SUFFIX, Headed, letter_headers, own_headers
from pragma_contracts.stream.settings import Config

_log = logging.getLogger(__name__)
_HOW_TO_CREATE = "such as by kafka-topics.sh --create --topic <name> --config cleanup.policy=delete"
_MISSING = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART).name()


class _Waiting:
    """A letter that is not confirmed yet, and the smaller one for a broker that finds it too large."""

    def __init__(self, message: Headed, error: ContractError, group: str) -> None:
        self.kind = error.kind
        self.place = f"{message.topic()} [{message.partition()}] at offset {message.offset()}"
        topic, own = message.topic() + SUFFIX, own_headers(message)
        headers = letter_headers(message, error, group, "headers" if own is None else "")
        self.record = Outgoing(topic, message.key(), message.value(), [*(own or ()), *headers])
        self.stub = Outgoing(topic, None, None, letter_headers(message, error, group, "key, value, headers"))


class DeadLetters:
    """Writes bad records to the dead letter topics of their topics. Use it from one thread at a time.

    `put` queues, `settle` waits: the offset of a bad record may be stored only after `settle` has returned.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Iterable[str],
        *,
        group: str,
        config: Config | None = None,
        start_timeout: float = 10.0,
        timeout: float = 30.0,
    ) -> None:
        """Checks that the broker has the dead letter topic of each of the topics; none is created.

        group: the consumer group, for the letters' headers. config: the consumer's librdkafka settings, of which the
        connection and its security matter; letters are written with acks=all and idempotence whatever it says.
        start_timeout: seconds to wait for the broker. timeout: seconds after which a letter is given up.

        Raises:
            ConfigurationError: a setting makes no sense.
            BrokerError: the broker does not answer, or lacks a topic.
        """
        self._group = group
        self._written: Counter[str] = Counter()
        self._cut = 0
        self._waiting: dict[tuple[str, int, int], _Waiting] = {}
        self._may_log = Throttle()
        wanted = [topic + SUFFIX for topic in topics]
        try:
            self._producer = ConfirmedProducer(
                bootstrap, wanted, config=config, start_timeout=start_timeout, timeout=timeout
            )
        except BrokerError as error:
            if error.code != _MISSING:
                raise
            raise BrokerError(bootstrap, error.code, f"{error.detail}; {_HOW_TO_CREATE}") from error

    @property
    def written(self) -> Mapping[str, int]:
        """Confirmed letters, by the kind of their error."""
        return MappingProxyType(dict(self._written))

    @property
    def cut(self) -> int:
        """Confirmed letters that hold only the place and the error of their record, as the broker takes no larger."""
        return self._cut

    def put(self, message: Headed, error: ContractError) -> None:
        """Queues the letter of a bad record. One that waits already is not queued twice.

        message: as it was consumed. error: why it is bad; of a BadRecord, what it wraps.
        """
        place = (message.topic(), message.partition(), message.offset())
        if place not in self._waiting:
            waiting = _Waiting(message, error.error if isinstance(error, BadRecord) else error, self._group)
            self._waiting[place] = waiting
            self._producer.send(waiting.record)

    def settle(self) -> None:
        """Waits until every letter is confirmed: returns at once when none waits.

        Raises:
            BrokerError: a letter was not confirmed. Its record must stay unread; the next call tries to write it again.
        """
        if not self._waiting:
            return
        for waiting in self._waiting.values():
            if waiting.record.error is not None:
                self._producer.send(waiting.record)
        self._producer.settle()
        self._cut_down()
        self._count()
        self._raise_for_the_rest()

    def close(self) -> None:
        """Gives up what is not confirmed; those records stay unread."""
        self._producer.close()

    def _cut_down(self) -> None:
        """Writes what the broker refuses without what the record holds: that still stands in its topic."""
        for waiting in self._waiting.values():
            if waiting.record.refused:
                waiting.record = waiting.stub
                self._producer.send(waiting.record)
        self._producer.settle()

    def _count(self) -> None:
        confirmed = [waiting for waiting in self._waiting.values() if waiting.record.confirmed]
        self._waiting = {place: waiting for place, waiting in self._waiting.items() if not waiting.record.confirmed}
        self._written.update(waiting.kind for waiting in confirmed)
        cut = [waiting for waiting in confirmed if waiting.record is waiting.stub]
        self._cut += len(cut)
        if cut and self._may_log():
            text = "the broker refuses dead letters for their size, %d so far have only place and error; last: %s"
            _log.warning(text, self._cut, cut[-1].place)

    def _raise_for_the_rest(self) -> None:
        for waiting in self._waiting.values():
            if (cause := waiting.record.error) is not None:
                error = self._producer.error(cause)
                detail = f"{len(self._waiting)} dead letters are not confirmed, first that of {waiting.place}"
                raise BrokerError(error.bootstrap, error.code, f"{detail}: {error.detail}")
