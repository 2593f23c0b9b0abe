"""What every command's exit code means."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The one table of exit codes."""

    DONE = 0
    REFUSED = 1
    COULD_NOT_RUN = 2
    WOULD_CHANGE = 3
