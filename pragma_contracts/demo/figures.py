"""The figures of a demo run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was sent of one contract for one market type; `bytes` are those of the record values."""

    contract: str
    topic: str
    market_type: str
    messages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run measured. Latencies are from the publish timestamp to the decoded record, in milliseconds."""

    traffic: Sequence[Traffic]
    average_message_bytes: float
    average_batch_messages: float
    average_batch_bytes: float
    messages_per_second: float
    latency_ms: Mapping[str, float]
    consumed: int
    skipped_without_decoding: int
    not_confirmed: int

    def as_json(self) -> dict[str, Any]:
        """The figures as one JSON object."""
        return asdict(self)


def percentiles(latencies_ms: Sequence[float]) -> dict[str, float]:
    """P50, P90 and P99 of latencies, each the smallest that this share does not exceed."""
    ordered = sorted(latencies_ms)
    return {f"p{share}": round(ordered[max(0, -(-share * len(ordered) // 100) - 1)], 3) for share in (50, 90, 99)}


class Batches:
    """Sums up the batches in librdkafka's statistics, which come as JSON text once an interval.

    Source: librdkafka's STATISTICS.md, topics.<name>.batchcnt and batchsize; each interval has its own count and sum.
    """

    def __init__(self) -> None:
        self._batches = self._messages = self._bytes = 0

    def add(self, statistics: Mapping[str, Any]) -> None:
        """Adds one interval's statistics."""
        for topic in statistics.get("topics", {}).values():
            self._batches += topic["batchcnt"]["cnt"]
            self._messages += topic["batchcnt"]["sum"]
            self._bytes += topic["batchsize"]["sum"]

    @property
    def messages(self) -> float:
        """Messages in an average batch."""
        return round(self._messages / max(self._batches, 1), 1)

    @property
    def bytes(self) -> float:
        """Bytes of an average batch, compressed, with keys and overhead."""
        return round(self._bytes / max(self._batches, 1), 1)
