"""The place in a JSON object at which a message stands, for errors and for the limit of nesting."""

from typing import NamedTuple

from pragma_contracts.errors import InvalidMessage, shown
from pragma_contracts.rules import Where

# What protobuf's own parsers take: a message that is nested deeper could be written, but by nobody read.
MAX_DEPTH = 100


class Place(NamedTuple):
    """A message in a JSON object: its contract, the way to it, such as "legs[2].", and how deep it is nested."""

    where: Where
    path: str = ""
    depth: int = 0

    def error(self, name: object, value: object, problem: str) -> InvalidMessage:
        """The error to raise for a field of this message; `name` may go on into the field, as in "bids[3]"."""
        return self.where.error(self.path + (name if isinstance(name, str) else shown(name)), value, problem)

    def inside(self, name: str, value: object, levels: int) -> "Place":
        """The place of a message in a field of this one, `levels` deeper. Raises InvalidMessage when it is too deep."""
        if self.depth + levels > MAX_DEPTH:
            raise self.error(
                name, value, f"is nested more than {MAX_DEPTH} messages deep, which no protobuf parser reads"
            )
        return Place(self.where, f"{self.path}{name}.", self.depth + levels)
