"""Finds a contract by its message class, its topic or its data type."""

from typing import Any

from google.protobuf.message import Message

from pragma_contracts.contract import Contract, M
from pragma_contracts.errors import NotAContract
from pragma_contracts.messages import CONTRACTS

_BY_MESSAGE: dict[type[Message], Contract[Any]] = {contract.message: contract for contract in CONTRACTS}
_BY_TOPIC = {contract.topic: contract for contract in CONTRACTS}
_BY_DATA_TYPE = {contract.data_type: contract for contract in CONTRACTS}


def contract_of(message: M | type[M]) -> Contract[M]:
    """The contract of a message or a message class. Raises NotAContract."""
    cls = message if isinstance(message, type) else type(message)
    found = _BY_MESSAGE.get(cls)
    if found is None:
        raise NotAContract("type", getattr(cls, "__name__", cls), [contract.name for contract in CONTRACTS])
    return found


def contract_by_topic(topic: str) -> Contract[Any]:
    """The contract whose records a topic holds. Raises NotAContract."""
    found = _BY_TOPIC.get(topic)
    if found is None:
        raise NotAContract("topic", topic, sorted(_BY_TOPIC))
    return found


def contract_by_data_type(data_type: str) -> Contract[Any]:
    """The contract with this data_type in JSON. Raises NotAContract."""
    # It comes from a JSON object, where it may be anything.
    found = _BY_DATA_TYPE.get(data_type) if isinstance(data_type, str) else None
    if found is None:
        raise NotAContract("data_type", data_type, sorted(_BY_DATA_TYPE))
    return found
