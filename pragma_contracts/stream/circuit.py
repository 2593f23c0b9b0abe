"""The circuit that stops a consumer when too many records are bad: then it is not the records that are wrong."""

from collections.abc import Sequence

from pragma_contracts.errors import BadRecord, TooManyBadRecords

# Fewer say nothing about a share.
_FEWEST = 100


class Circuit:
    """Judges the share of bad records over each hundred or more of them."""

    def __init__(self, limit: float) -> None:
        """limit: the largest share of bad records that is let through, from 0 to 1."""
        self._limit = limit
        self._bad = self._records = 0

    def saw(self, good: int, bad: Sequence[BadRecord]) -> None:
        """Takes note of the records of a batch. Raises TooManyBadRecords."""
        self._bad += len(bad)
        self._records += good + len(bad)
        if self._records < _FEWEST:
            return
        records, found = self._records, self._bad
        self._bad = self._records = 0
        # A batch without a bad record cannot be what carries the share above the limit.
        if bad and found > self._limit * records:
            raise TooManyBadRecords(found, records, self._limit, bad[-1])
