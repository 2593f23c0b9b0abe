"""What the producer and the consumer share about the broker: the check at start, and the errors it reports later."""

import logging
import time
from collections import Counter
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer

from pragma_contracts.errors import BrokerError, printable

_log = logging.getLogger(__name__)
_QUIET_SECONDS = 1.0
# What a client cannot recover from by itself; of the rest it says so and goes on.
LASTING = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError._AUTO_OFFSET_RESET,
    }
)
# The partition has moved to another consumer of the group.
MOVED = frozenset({KafkaError._STATE, KafkaError._UNKNOWN_PARTITION})


class Throttle:
    """Lets one of many events through a second, so that a broken broker does not also fill the log."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self) -> bool:
        """Whether this event may be told."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _QUIET_SECONDS
        return True


class BrokerReports:
    """Receives what librdkafka reports outside of any call: counts and logs it, and raises what is fatal."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.counts: Counter[str] = Counter()
        self.last: KafkaError | None = None
        self.may_log = Throttle()
        self._fatal: KafkaError | None = None
        self._told = False

    def __call__(self, error: KafkaError) -> None:
        """Takes one report: librdkafka's error_cb."""
        self.counts[error.name()] += 1
        # That all brokers are down only says that what was reported before is true of each of them.
        if self.last is None or error.code() != KafkaError._ALL_BROKERS_DOWN:
            self.last = error
        if _is_fatal(error):
            self._fatal = error
        if self.may_log():
            _log.warning("Kafka at %s: %s: %s", self.bootstrap, error.name(), printable(error.str()))

    def check(self) -> None:
        """Raises BrokerError when the client can do nothing any more."""
        if error := self.fatal():
            self._told = True
            raise error

    def fatal(self) -> BrokerError | None:
        """What the client cannot recover from, if there is such a thing."""
        return None if self._fatal is None else self.error(self._fatal)

    def check_once(self) -> None:
        """Like `check`, unless it has been raised before."""
        if not self._told:
            self.check()

    def error(self, error: KafkaError) -> BrokerError:
        """A KafkaError as one of our tree."""
        fatal = "; the client cannot go on, make a new one" if _is_fatal(error) else ""
        return BrokerError(self.bootstrap, error.name(), f"{error.str()}{fatal}")

    def gone(self, error: KafkaError, message: Message) -> BrokerError:
        """The error of a partition that does not have the offset which is to be read."""
        place = f"{message.topic()} [{message.partition()}] has no offset {message.offset()}"
        why = "retention has deleted it, or the topic was made again"
        return BrokerError(self.bootstrap, error.name(), f"{place}: {why}; say by at= where to read on")


def _advice(error: KafkaError) -> str:
    """What most often is wrong when a client gets no answer."""
    if error.code() == KafkaError._AUTHENTICATION:
        return "are sasl.mechanisms, sasl.username and sasl.password what the broker expects?"
    # Also of a transport that failed librdkafka may say that it was TLS.
    if error.code() == KafkaError._SSL or "SSL" in error.str():
        return "are security.protocol and the ssl.* settings what the broker expects?"
    return "are the address and security.protocol right, and is the broker up?"


def _is_fatal(error: KafkaError) -> bool:
    # To a consumer it comes as the error of a message, which has the code alone.
    return error.fatal() or error.code() == KafkaError._FATAL


def require_topics(client: Producer | Consumer, topics: Iterable[str], timeout: float, reports: BrokerReports) -> None:
    """Raises BrokerError unless the broker answers within `timeout` seconds and has every topic."""
    try:
        # All topics: asking for one by name may create it.
        known = client.list_topics(timeout=timeout).topics
    except KafkaException as error:
        # What went wrong underneath is only told to the callback.
        client.poll(0)
        cause = reports.last or error.args[0]
        detail = f"no answer within {timeout:g} s ({cause.str()}); {_advice(cause)}"
        raise BrokerError(reports.bootstrap, cause.name(), detail) from error
    missing = sorted(set(topics) - known.keys())
    if missing:
        detail = f"there is no topic {', '.join(missing)} that this client may see; create it, or check the address"
        raise BrokerError(reports.bootstrap, KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART).name(), detail)
