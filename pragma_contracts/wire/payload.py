"""A message whose payload is set again and again, while what is the same for a feed stays."""

from collections.abc import Mapping
from typing import Any, Generic

from pragma_contracts.contract import Contract, M
from pragma_contracts.errors import InvalidDecimal
from pragma_contracts.rules import Where
from pragma_contracts.wire.setters import Setter

# upb frees what a message has held only with the message: texts and columns that were overwritten stay.
_MESSAGE_USES = 100


class Payload(Generic[M]):
    """The fields of one feed's messages: those that are the same for all are set once, and the others for each.

    message: what holds them. It is another one from time to time.
    """

    def __init__(self, contract: Contract[M], constant: M, setters: dict[str, Setter]) -> None:
        """constant: a message with the fields that are the same for all. setters: of each payload field, by name."""
        self._constant = constant
        self._setters = setters
        self._filled: tuple[str, ...] = ()
        self._where = Where(contract.name, contract.topic)
        self.renew()

    def renew(self) -> None:
        """Makes the message for the next ones."""
        self.message = message = type(self._constant)()
        message.CopyFrom(self._constant)
        self.serialize = message.SerializeToString
        self._uses = _MESSAGE_USES

    def fill(self, fields: Mapping[str, Any]) -> None:
        """Sets exactly these fields; None leaves one out.

        Raises InvalidMessage: a field is not of the contract, or its value is not of the field's type.
        """
        self._uses -= 1
        if not self._uses:
            self.renew()
        if self._filled != tuple(fields):
            self._clear(fields)
        message, setters = self.message, self._setters
        for name, value in fields.items():
            try:
                setters[name](message, name, value)
            except (InvalidDecimal, TypeError, ValueError) as error:
                self._unset(name, value, error)

    def leave_out(self, name: str) -> None:
        """Unsets a field."""
        self.message.ClearField(name)

    def _clear(self, fields: Mapping[str, Any]) -> None:
        """Takes out what the message before it had and this one does not."""
        for name, value in fields.items():
            if name not in self._setters:
                known = f"is no payload field of this contract; it has {', '.join(self._setters)}"
                raise self._where.error(name, value, known)
        for name in self._filled:
            if name not in fields:
                self.leave_out(name)
        self._filled = tuple(fields)

    def _unset(self, name: str, value: Any, error: Exception) -> None:
        """Leaves out a field whose value is None, which no setter takes, and refuses any other."""
        if value is None:
            self.leave_out(name)
            return
        if isinstance(error, InvalidDecimal):
            raise self._where.error(name, error.value, error.problem) from error
        problem = f"is of type {type(value).__name__}, which does not fit the field: {error}"
        raise self._where.error(name, value, problem) from error
