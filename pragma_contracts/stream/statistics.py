"""What librdkafka tells of itself at an interval: its windows, added up as long as the client lives, and its lags."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pragma_contracts.stream.offsets import Place

_INTERVAL = "statistics.interval.ms"
_INTERVAL_MS = 5000
_QUANTILES = {"0.5": "p50", "0.9": "p90", "0.99": "p99"}
# Where a message is on its way to the broker, by librdkafka's name of the window.
_STAGES = {"int_latency": "queue", "outbuf_latency": "request", "rtt": "broker"}
_US = 1e-6


class Summary:
    """Count and sum of all values so far, and the quantiles of those of the last interval; none when it had none."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0.0
        self.quantiles: Mapping[str, float] = {}

    def roll(self, window: Mapping[str, int], unit: float) -> None:
        """Adds a window of librdkafka, whose values are `unit` each."""
        self.count += window["cnt"]
        self.sum += window["sum"] * unit
        self.quantiles = {name: window[key] * unit for name, key in _QUANTILES.items()} if window["cnt"] else {}


class Statistics:
    """Receives the statistics of one client, as JSON: librdkafka's stats_cb.

    Fields are explained in librdkafka's STATISTICS.md. They come while the client is polled, in that thread.
    latencies: in seconds, by (broker, stage). batch_messages, batch_bytes: by topic. lags: messages of a partition that
    are not processed yet, by its stored offset, or the committed one, or else by what was read of it.
    """

    def __init__(self) -> None:
        self.latencies: dict[tuple[str, str], Summary] = {}
        self.batch_messages: dict[str, Summary] = {}
        self.batch_bytes: dict[str, Summary] = {}
        self.lags: dict[Place, int] = {}
        self._came: float | None = None
        self._other: Callable[[str], object] | None = None

    def enable(self, settings: dict[str, Any]) -> None:
        """Makes librdkafka tell its statistics; a stats_cb that is there goes on being called."""
        settings.setdefault(_INTERVAL, _INTERVAL_MS)
        self._other = settings.get("stats_cb")
        settings["stats_cb"] = self

    @property
    def age(self) -> float | None:
        """Seconds since they last came; None before that."""
        return None if self._came is None else time.monotonic() - self._came

    def __call__(self, text: str) -> None:
        """Takes one report."""
        told = json.loads(text)
        for broker in told["brokers"].values():
            # What is not a broker yet, or only a role of one, has a negative id.
            if broker["nodeid"] >= 0:
                for window, stage in _STAGES.items():
                    summary = self.latencies.setdefault((broker["nodename"], stage), Summary())
                    summary.roll(broker[window], _US)
        for name, topic in told["topics"].items():
            self.batch_messages.setdefault(name, Summary()).roll(topic["batchcnt"], 1)
            self.batch_bytes.setdefault(name, Summary()).roll(topic["batchsize"], 1)
        self.lags = dict(_lags(told["topics"]))
        self._came = time.monotonic()
        if self._other is not None:
            self._other(text)


def _lags(topics: Mapping[str, Any]) -> Iterator[tuple[Place, int]]:
    for name, topic in topics.items():
        for partition in topic["partitions"].values():
            lag = _lag(partition)
            if partition["fetch_state"] == "active" and lag >= 0:
                yield (name, partition["partition"]), lag


def _lag(partition: Mapping[str, int]) -> int:
    """Negative where it is not known."""
    for told in partition["consumer_lag_stored"], partition["consumer_lag"]:
        if told >= 0:
            return told
    # Without a group nothing is stored. Before its first record nobody knows where in the partition it begins.
    read, end = partition["app_offset"], partition["ls_offset"]
    return max(end - read, 0) if min(read, end) >= 0 else -1
