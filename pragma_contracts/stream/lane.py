"""The way of one contract's messages into the outbox: checked, stamped, framed, keyed."""

import time
from dataclasses import dataclass
from typing import Generic

import uuid_utils

from pragma_contracts.contract import Contract, M
from pragma_contracts.stream.outbox import Outbox
from pragma_contracts.wire.timestamps import NS


@dataclass(frozen=True, slots=True)
class Lane(Generic[M]):
    """What every message of a contract needs on its way; `header` holds the schema id."""

    contract: Contract[M]
    header: bytes
    producer: str
    outbox: Outbox

    def send(self, message: M) -> None:
        """Stamps a message in place and queues it.

        Raises:
            InvalidMessage: it breaks the contract; it is not stamped.
            Closed: the producer has been closed.
            BrokerError: it can never be sent.
        """
        contract = self.contract
        contract.validate(message)
        now = time.time_ns()
        contract.stamp(message, str(uuid_utils.uuid7()), now, self.producer)
        self.outbox.put(contract.topic, contract.key(message), self.header + message.SerializeToString(), now)

    def send_payload(self, message: M, key: bytes) -> None:
        """Like `send`, of a message in which all but the payload, the id and the times was checked and set before.

        key: its record key.
        """
        contract = self.contract
        contract.validate_payload(message)
        now = time.time_ns()
        envelope = message.envelope  # type: ignore[attr-defined]  # every contract has an envelope
        envelope.message_id = str(uuid_utils.uuid7())
        publish = envelope.publish_timestamp
        publish.seconds, publish.nanos = divmod(now, NS)
        self.outbox.put(contract.topic, key, self.header + message.SerializeToString(), now)
