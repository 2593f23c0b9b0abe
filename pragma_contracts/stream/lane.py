"""The way of one contract's messages into the outbox: checked, stamped, framed, keyed."""

import time
from dataclasses import dataclass
from typing import Generic

import uuid_utils

from pragma_contracts.contract import Contract, M
from pragma_contracts.stream.outbox import Outbox


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
