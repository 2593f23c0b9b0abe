"""From one process to another over a real broker: latency and throughput, with contracts and without."""

import subprocess
import sys
import time
from functools import partial

from benchmarks.line import Column, Line, Measures, Target
from benchmarks.place import beside_real
from benchmarks.traffic import ContractReceiver, RawReceiver, Receiver, Traffic, arguments
from pragma_contracts.stream.options import Tuning
from pragma_contracts.testing import Stack

_SECONDS = 6.0
# The part of the messages that goes before the clock starts.
_WARM = 5
_PATIENCE_S = 30.0
_IDLE_S = 3.0
_SHARES = (50, 90, 99)

# Whether with contracts, and the producer's tuning.
_CONTENDERS: dict[str, tuple[bool, Tuning]] = {
    "contracts, for latency": (True, "latency"),
    "raw bytes, for latency": (False, "latency"),
    "contracts, for throughput": (True, "throughput"),
    "raw bytes, for throughput": (False, "throughput"),
}
_OURS, _RAW, *_ = _CONTENDERS


def _measure(rate: int, contender: str, place: Stack, share: float) -> Measures:
    contracts, tuning = _CONTENDERS[contender]
    traffic = Traffic(place.bootstrap, place.registry_url, contracts, tuning, rate, _SECONDS * share)
    receiver = ContractReceiver(traffic) if contracts else RawReceiver(traffic)
    _join(receiver)
    with subprocess.Popen([sys.executable, *arguments(traffic)], stdout=subprocess.PIPE, text=True) as sender:
        received = _receive(receiver, sender, traffic.total)
        lost = int(sender.communicate()[0])
    if sender.returncode or len(received) < traffic.total - lost:
        raise AssertionError(f"{len(received)} of {traffic.total} messages came, {lost} were reported lost")
    counted = received[len(received) // _WARM :]
    latencies = sorted(in_hand - sent for sent, in_hand in counted)
    percentiles = {f"p{share}": float(latencies[len(latencies) * share // 100]) for share in _SHARES}
    spent = (counted[-1][1] - counted[0][1]) / 1e9
    return {**percentiles, "rate": len(counted) / spent, "lost": float(lost)}


def _join(receiver: Receiver) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not receiver.joined():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no partition was assigned within {_PATIENCE_S:g} s")


def _receive(receiver: Receiver, sender: "subprocess.Popen[str]", total: int) -> list[tuple[int, int]]:
    """Until all came, or the sender has ended and nothing came for a while."""
    received: list[tuple[int, int]] = []
    heard = time.monotonic()
    while len(received) < total:
        fresh = receiver.receive()
        received += fresh
        if fresh or sender.poll() is None:
            heard = time.monotonic()
        elif time.monotonic() > heard + _IDLE_S:
            break
    return received


def _line(rate: int, targets: tuple[Target, ...]) -> Line:
    return Line(
        name=f"end-to-end-{rate // 1000}k",
        title=f"End to end at {rate:,} messages a second",
        what="One process sends to a hundred feeds, another one consumes, over one real broker on the same machine. "
        "Latency is from the clock of the sender before the call to the clock of the consumer with the message "
        "in hand. Raw bytes have the same size, keys, topic and librdkafka settings, and are not looked at.",
        limits="What is left is the broker and the network calls of librdkafka; the contracts' own share of it is "
        "the figures of the lines above.",
        columns=(
            *(Column(f"p{share}", f"P{share}, ms", 1_000_000, 2) for share in _SHARES),
            Column("rate", "messages a second", digits=0),
            Column("lost", "lost", digits=0),
        ),
        contenders=tuple(_CONTENDERS),
        floor=_RAW,
        targets=targets,
        place=beside_real,
        measure=partial(_measure, rate),
    )


_AT_10K = (
    Target("end-to-end P50 at 10,000 messages a second, against raw bytes", _OURS, _RAW, "at most", 1.1, "p50"),
    Target("P99 of the same, within the rounds of raw bytes", _OURS, _RAW, "within", measure="p99"),
)
_LINES = (_line(1000, ()), _line(10_000, _AT_10K), _line(50_000, ()))
LINES = {line.name: line for line in _LINES}
