"""The compiled hot paths of the package pragma-contracts-native, when it is installed.

They give the same results, or None for whatever they are not sure of, which is then done in Python: that is where
errors are said. PRAGMA_CONTRACTS_NATIVE=0 in the environment leaves them out.
"""

import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from pragma_contracts.messages.contracts import SCHEMAS_FINGERPRINT
from pragma_contracts.wire.glance import Frame

if TYPE_CHECKING:
    from decimal import Decimal

# Counts the changes of what is called here: the version of a package takes long to find out.
_INTERFACE = 1

# Field number of each column of a table, and its scale where that is given.
Columns = list[tuple[int, int | None]]


class Frames(Protocol):
    """The frames of one contract."""

    def payload(self, frame: Frame, /) -> Frame | None:
        """The message's bytes in a frame that a consumer may use."""

    def payload_of(self, frame: Frame, key: bytes | None, /) -> Frame | None:
        """The same of a record, whose key is the one of the message."""


class CheckedFrames(Frames, Protocol):
    """The frames of one contract, on both sides."""

    def is_sendable(self, frame: bytes, /) -> bool:
        """Whether a producer may send this frame; what has not been stamped yet may be missing."""


class Framer(Protocol):
    """Makes the frames of one producer's messages of a contract."""

    def frame(self, event_time: int | None, publish_time: int, rows: tuple[Any, ...], rest: bytes, /) -> bytes | None:
        """The frame of a new message, when it may be sent. Times are in ns since the epoch.

        rows: those of each table in the order of the field numbers, None for one that is absent. rest: the bytes of all
        other fields but the envelope.
        """


class Table(Protocol):
    """Writes rows into decimal columns."""

    def write(self, rows: Sequence[Any], /) -> bytes | None:
        """The bytes of the message that holds exactly these rows."""


class Native(Protocol):
    """What is compiled."""

    def Frames(self, topic: str, /) -> CheckedFrames: ...  # noqa: D102, N802
    def Framer(  # noqa: D102, N802
        self, topic: str, header: bytes, producer: str, tables: list[tuple[int, Columns]], decimal: "type[Decimal]", /
    ) -> Framer: ...
    def Table(self, columns: Columns, decimal: "type[Decimal]", /) -> Table: ...  # noqa: D102, N802
    def floats(self, column: bytes, /) -> list[float] | None: ...  # noqa: D102
    def texts(self, column: bytes, /) -> list[str] | None: ...  # noqa: D102
    def reseed(self) -> None: ...  # noqa: D102


def _load() -> Native | None:
    if os.environ.get("PRAGMA_CONTRACTS_NATIVE") == "0":
        return None
    try:
        found = cast("Native", import_module("pragma_contracts_native"))
    except ModuleNotFoundError:
        return None
    except ImportError as error:
        _warn("it cannot be loaded here: %s", error)
        return None
    version = tuple(getattr(found, name, None) for name in ("INTERFACE", "SCHEMAS_FINGERPRINT"))
    if version != (_INTERFACE, SCHEMAS_FINGERPRINT):
        _warn("it was compiled for another version of pragma-contracts, or other schemas; install that of this version")
        return None
    if hasattr(os, "register_at_fork"):
        # A child would give its messages the identities of its parent's, and of its siblings'.
        os.register_at_fork(after_in_child=found.reseed)
    return found


def _warn(reason: str, *args: object) -> None:
    # It takes as long to import as a third of protobuf, and is hardly ever needed.
    import logging

    logging.getLogger(__name__).warning("pragma-contracts-native is not used, which is slower: " + reason, *args)


native = _load()
NATIVE = native is not None
