"""The way of one contract's messages into the outbox: checked, stamped, framed, keyed."""

import time
from typing import Generic

import uuid_utils

from pragma_contracts.contract import Contract, M
from pragma_contracts.stream.outbox import Outbox
from pragma_contracts.wire.native import native


class Lane(Generic[M]):
    """What every message of a contract needs on its way; `header` holds the schema id."""

    def __init__(self, contract: Contract[M], header: bytes, producer: str, outbox: Outbox) -> None:
        self.contract = contract
        self.header = header
        self.producer = producer
        self.outbox = outbox
        self._is_sendable = native.Frames(contract.topic).is_sendable if native is not None else None

    def send(self, message: M) -> None:
        """Stamps a message in place and queues it.

        Raises:
            InvalidMessage: it breaks the contract; it is not stamped.
            Closed: the producer has been closed.
            BrokerError: it can never be sent.
        """
        contract = self.contract
        if self._is_sendable is None or not self._is_sendable(self.header + message.SerializeToString()):
            contract.validate(message)
        now = time.time_ns()
        contract.stamp(message, str(uuid_utils.uuid7()), now, self.producer)
        self.outbox.put(contract.topic, contract.key(message), self.header + message.SerializeToString(), now)
