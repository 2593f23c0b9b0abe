"""`python -m benchmarks.soak [--minutes N]`: steady traffic on the real stack, under which nothing may grow.

Memory, file descriptors and threads of a producer and of a consumer are sampled, and their metrics scraped. The run of
ten minutes writes benchmarks/soak.md, any other one only prints. Exits with 1 when something grew, or traffic was lost.
"""

import argparse
import datetime
import math
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.record import machine, versions
from benchmarks.rounds import ROOT
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.testing import Stack, stack

PAGE = Path(__file__).with_suffix(".md")
MINUTES = 10.0
RATE = 5000
# Caches, pools and the allocator have found their size by then.
_WARM_SHARE = 0.2
_EVERY_S = 5.0
# Samples from one line of progress to the next.
_TOLD = 6
_PATIENCE_S = 30.0
# Of ten minutes that is two thirds of a byte for each message; the allocator wavers by half of it.
_GROWTH_KIB = 1024.0
_RATE_SHARE = 0.95
# What a process has done, and what waits, by the names of its metrics.
_COUNTED = {"producer": ("delivered_total", "queue_messages"), "consumer": ("consumed_total", "lag_messages")}
# 60 s of traffic, so that the disk does not fill.
_BROKER = {
    "log.retention.bytes": "16777216",
    "log.segment.bytes": "8388608",
    "log.retention.check.interval.ms": "10000",
}

INTRODUCTION = """\
<!-- Written by `make soak`: do not edit. -->
# Ten minutes of steady traffic

One process sends the recorded sample over and over, prices and books, another one consumes and reads all of it, over a
real broker, with the settings of production; both are scraped for their metrics every {every:g} s. What they hold is
sampled as often. The first fifth is warming up. After it memory may grow by no more than {growth:g} KiB, two thirds of
a byte for each message, from the least of the first third of the samples to the least of the last: queues come and go,
and a leak stays. File descriptors and threads may not grow at all, by the medians of the same.
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at a moment, in minutes after the start."""

    minute: float
    kib: float
    descriptors: int
    threads: int


@dataclass(slots=True)
class End:
    """One of the two processes, with its metrics by name, labels summed up, and its samples."""

    name: str
    process: "subprocess.Popen[str]"
    url: str
    metrics: dict[str, float] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)

    def sample(self, minute: float) -> None:
        """Scrapes it, and looks at what it holds."""
        self.scrape()
        watched = psutil.Process(self.process.pid)
        self.held.append(Held(minute, watched.memory_info().rss / 1024, watched.num_fds(), watched.num_threads()))

    def scrape(self) -> None:
        """Reads its metrics, as Prometheus would."""
        with urllib.request.urlopen(self.url, timeout=_PATIENCE_S) as answer:  # noqa: S310  a URL of ours
            families = text_string_to_metric_families(answer.read().decode())
        self.metrics = {}
        for family in families:
            for each in family.samples:
                name = each.name.removeprefix(f"pragma_contracts_{self.name}_")
                self.metrics[name] = self.metrics.get(name, 0.0) + each.value

    def warm(self, minutes: float) -> list[Held]:
        """The samples after warming up."""
        return [held for held in self.held if held.minute >= minutes * _WARM_SHARE]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an end held after warming up, in the first and the last third; memory also at its peak.

    slope: KiB a minute.
    """

    name: str
    kib: tuple[float, float]
    peak: float
    slope: float
    descriptors: tuple[float, float]
    threads: tuple[float, float]

    @property
    def problems(self) -> list[str]:
        """What grew."""
        found = []
        if self.kib[1] - self.kib[0] > _GROWTH_KIB:
            found.append(f"memory of the {self.name} grows by {self.slope:.0f} KiB a minute")
        for what, (first, last) in (("file descriptors", self.descriptors), ("threads", self.threads)):
            if last > first:
                found.append(f"{what} of the {self.name} grew from {first:g} to {last:g}")
        return found


def verdict(name: str, held: list[Held]) -> Verdict:
    """What the samples after warming up say."""
    third = max(1, len(held) // 3)
    first, last = held[:third], held[-third:]
    kib = min(each.kib for each in first), min(each.kib for each in last)
    minutes = last[0].minute - first[0].minute
    return Verdict(
        name,
        kib,
        max(each.kib for each in held),
        (kib[1] - kib[0]) / minutes,
        (_median(each.descriptors for each in first), _median(each.descriptors for each in last)),
        (_median(each.threads for each in first), _median(each.threads for each in last)),
    )


def _median(counts: Iterable[int]) -> float:
    return statistics.median(counts)


def traffic_problems(producer: dict[str, float], consumer: dict[str, float], due: float) -> list[str]:
    """What was lost, by the metrics of both at the end, or not sent at its rate; due: messages that should be."""
    found = []
    lost = producer["failed_total"] + producer["dropped_total"]
    if lost:
        found.append(f"{lost:.0f} messages were lost")
    if producer["sent_total"] < due * _RATE_SHARE:
        found.append(f"{producer['sent_total']:.0f} messages were sent, not {due:.0f}")
    missing = producer["delivered_total"] - consumer["consumed_total"]
    if missing or consumer["bad_total"]:
        found.append(f"{missing:.0f} of them were not consumed, {consumer['bad_total']:.0f} were bad")
    return found


def main() -> None:
    """Soaks, prints and writes the page."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=MINUTES, help="%(default)s by default")
    minutes = options.parse_args().minutes
    with stack(kafka=_BROKER) as running:
        register_installed(running.registry_url)
        with _end("consumer", running) as consumer, _end("producer", running) as producer:
            _soak(producer, consumer, minutes)
            _drain(producer, consumer)
    verdicts = [verdict(end.name, end.warm(minutes)) for end in (producer, consumer)]
    problems = traffic_problems(producer.metrics, consumer.metrics, RATE * 60 * minutes)
    problems += [problem for each in verdicts for problem in each.problems]
    page = _page(minutes, producer, consumer, verdicts, problems)
    print(page)
    if minutes == MINUTES:
        PAGE.write_text(page, encoding="utf-8")
    sys.exit(1 if problems else 0)


@contextmanager
def _end(name: str, running: Stack) -> Iterator[End]:
    """Runs an end, which goes on until it is told to stop and its input ends."""
    command = [sys.executable, "-m", "benchmarks.steady", name, running.bootstrap, running.registry_url, str(RATE)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None  # noqa: S101  pipes are there
    assert process.stdout is not None  # noqa: S101
    try:
        port = process.stdout.readline().strip()
        if not port:
            sys.exit(f"the {name} did not start")
        yield End(name, process, f"http://127.0.0.1:{port}/metrics")
        process.terminate()
        process.stdin.close()
        if process.wait(_PATIENCE_S):
            sys.exit(f"the {name} failed at its end")
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _soak(producer: End, consumer: End, minutes: float) -> None:
    begin = time.monotonic()
    samples = int(minutes * 60 / _EVERY_S)
    for number in range(1, samples + 1):
        time.sleep(max(0.0, begin + number * _EVERY_S - time.monotonic()))
        for end in (producer, consumer):
            if end.process.poll() is not None:
                sys.exit(f"the {end.name} ended after {number * _EVERY_S:.0f} s")
            end.sample((time.monotonic() - begin) / 60)
        if number % _TOLD == 0 or number == samples:
            print(f"{number * _EVERY_S:5.0f} s: {_shown(producer)}, {_shown(consumer)}", flush=True)


def _shown(end: End) -> str:
    held, moved, waiting = end.held[-1], *_COUNTED[end.name]
    counts = f"{end.metrics[moved]:,.0f} messages, {end.metrics.get(waiting, 0):.0f} waiting"
    return f"{end.name} {counts}, {held.kib / 1024:.1f} MiB, {held.descriptors} descriptors, {held.threads} threads"


def _drain(producer: End, consumer: End) -> None:
    """Stops sending, and waits until everything was delivered and consumed, or nothing more comes."""
    producer.process.terminate()
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        time.sleep(_EVERY_S / 10)
        before = producer.metrics["sent_total"]
        for end in (producer, consumer):
            end.scrape()
        delivered = producer.metrics["delivered_total"]
        if before == producer.metrics["sent_total"] == delivered == consumer.metrics["consumed_total"]:
            return


def _page(minutes: float, producer: End, consumer: End, verdicts: list[Verdict], problems: list[str]) -> str:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    named = ", ".join(f"{name} {version}" for name, version in versions().items())
    method = (
        f"{today}, {minutes:g} minutes at {RATE:,} messages/s on {machine()}: {named}. Delivered "
        f"{producer.metrics['delivered_total']:,.0f} messages, consumed {consumer.metrics['consumed_total']:,.0f}."
    )
    rows = [
        "| | memory, MiB | at its peak | KiB a minute | file descriptors | threads |",
        "|---|---:|---:|---:|---:|---:|",
        *(_row(each) for each in verdicts),
    ]
    over_time = ["| minute | producer, MiB | consumer, MiB |", "|---:|---:|---:|", *_minutes(producer, consumer)]
    said = "Nothing grew and nothing was lost." if not problems else f"**Failed:** {'; '.join(problems)}."
    introduction = INTRODUCTION.format(every=_EVERY_S, growth=_GROWTH_KIB)
    return "\n".join([introduction, method, "", *rows, "", said, "", *over_time, ""])


def _row(each: Verdict) -> str:
    memory = " → ".join(f"{kib / 1024:.1f}" for kib in each.kib)
    descriptors, threads = (" → ".join(f"{value:g}" for value in pair) for pair in (each.descriptors, each.threads))
    return f"| {each.name} | {memory} | {each.peak / 1024:.1f} | {each.slope:+.1f} | {descriptors} | {threads} |"


def _minutes(producer: End, consumer: End) -> Iterator[str]:
    """The least that each held in every minute."""
    pairs = zip(producer.held, consumer.held, strict=True)
    # A sample is taken at the end of what it stands for.
    for minute, samples in groupby(pairs, lambda pair: math.ceil(pair[0].minute - _EVERY_S / 120)):
        ours, theirs = (min(each.kib for each in column) / 1024 for column in zip(*samples, strict=True))
        yield f"| {minute} | {ours:.1f} | {theirs:.1f} |"


if __name__ == "__main__":
    main()
