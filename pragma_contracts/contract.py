"""The types that the generated tables are made of: a contract, and an enum that knows its text."""

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


class ContractEnum(IntEnum):
    """An enum of the schemas: the number on the wire, the text in JSON and the token in record keys.

    The zero value, UNSPECIFIED, has neither text nor token: it can be neither written nor read.
    """

    text: str
    key_token: str

    # Type checkers would take this for the signature of MarketType(2), which looks a member up by its number.
    if not TYPE_CHECKING:

        def __new__(cls, number: int, text: str, key_token: str) -> Self:  # noqa: D102
            member = int.__new__(cls, number)
            member._value_ = number
            member.text = text
            member.key_token = key_token
            return member

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The member with this JSON text or key token ("perpetual" and "perp" are the same one), or None."""
        for member in cls:
            if text and text in (member.text, member.key_token):
                return member
        return None


class Contract(NamedTuple, Generic[M]):
    """A message type bound to a topic, with the functions generated for it.

    decimal: the number of the payload's one mandatory field when that is a decimal, as in Price; else 0.
    parse(bytes) -> message: protobuf's own FromString, which costs as much to look up as to call.
    validate(message): what a producer must not send; validate_payload(message): the same, behind envelope and feed.
    check(message): what a consumer must not use, which differs where a newer producer may know more (enum numbers,
    minor versions); check_body(message): the same, besides the feed. All raise InvalidMessage.
    key(message) -> bytes: the record key of a valid message.
    stamp(message, message_id, publish_ns, producer): fills in the envelope but for the event time; ns since the epoch.
    """

    name: str
    message: type[M]
    parse: Callable[[bytes], M]
    topic: str
    data_type: str
    version: str
    decimal: int
    validate: Callable[[M], None]
    validate_payload: Callable[[M], None]
    check: Callable[[M], None]
    check_body: Callable[[M], None]
    key: Callable[[M], bytes]
    stamp: Callable[[M, str, int, str], None]

    @property
    def subject(self) -> str:
        """The registry subject of the topic's values, by the topic name strategy."""
        return f"{self.topic}-value"

    @property
    def file(self) -> str:
        """Import path of the .proto file."""
        return str(self._descriptor.name)

    @property
    def serialized(self) -> bytes:
        """The FileDescriptorProto of the .proto file, as it is registered."""
        return bytes(self._descriptor.serialized_pb)

    @property
    def fingerprint(self) -> str:
        """sha256 of `serialized`, in hex: what contracts.lock holds."""
        # Here, and no dataclass above: either would make a third of the time that an import takes.
        import hashlib

        return hashlib.sha256(self.serialized).hexdigest()

    @property
    def _descriptor(self) -> Any:
        return self.message.DESCRIPTOR.file
