"""A message that did not make it to Kafka, as `on_loss` is told of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """What became of one message that the broker did not confirm.

    topic, key, frame: where it was sent to, its record key and its record value.
    error: librdkafka's name of the error, such as _MSG_TIMED_OUT. text: what it says about it.
    may_be_written: True when the message was queued but not confirmed: the broker may have it nevertheless. False when
    it was dropped: it was never queued.
    """

    topic: str
    key: bytes
    frame: bytes
    error: str
    text: str
    may_be_written: bool
