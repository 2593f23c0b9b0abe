"""Gives the figures of producers and consumers to prometheus_client, which asks for them at each scrape."""

import threading
from collections.abc import Iterator
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric as Family,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from pragma_contracts.errors import ConfigurationError, shown
from pragma_contracts.stream.freshness import Histogram
from pragma_contracts.stream.metrics import METRICS, Metric
from pragma_contracts.stream.statistics import Summary
from pragma_contracts.stream.watch import Figure, Registry, Watch

W = TypeVar("W", bound=Watch[Any])

_FAMILIES: dict[str, Any] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "summary": SummaryMetricFamily,
    "histogram": HistogramMetricFamily,
}


class Exporter(Collector):
    """All that is measured for one registry."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str], Watch[Any]] = {}
        # A server may answer several scrapes at once.
        self._lock = threading.Lock()

    def add(self, watch: Watch[Any]) -> None:
        """Measures a client in place of one that had its name. Raises ConfigurationError when that is still open."""
        with self._lock:
            before = self._watches.get((watch.kind, watch.client))
            if before is not None and before.open:
                problem = f"a {watch.kind} called {watch.client!r} is measured already; give this one another client.id"
                raise ConfigurationError("metrics", f"{problem}, such as config={{'client.id': '{watch.client}-2'}}")
            self._watches = {name: each for name, each in self._watches.items() if not each.gone}
            self._watches[watch.kind, watch.client] = watch

    def describe(self) -> Iterator[Family]:
        """The families without values, by which a registry knows what is whose."""
        yield from _families().values()

    def collect(self) -> Iterator[Family]:
        """The families of this moment."""
        families = _families()
        with self._lock:
            for watch in self._watches.values():
                for figure in watch.figures():
                    _add(families[figure.metric.name], watch.client, figure)
        yield from families.values()


_EXPORTERS: WeakKeyDictionary[CollectorRegistry, Exporter] = WeakKeyDictionary()


def add(watch: W, registry: Registry) -> W:
    """Measures a client for a registry. Raises ConfigurationError: it is none, or the client's name is taken."""
    chosen = REGISTRY if registry is True else registry
    if not isinstance(chosen, CollectorRegistry):
        raise ConfigurationError("metrics", f"{shown(registry)} is no registry; give True, or a CollectorRegistry")
    if chosen not in _EXPORTERS:
        exporter = Exporter()
        chosen.register(exporter)
        _EXPORTERS[chosen] = exporter
    _EXPORTERS[chosen].add(watch)
    return watch


def _families() -> dict[str, Family]:
    return {metric.name: _family(metric) for metric in METRICS}


def _family(metric: Metric) -> Family:
    family: Family = _FAMILIES[metric.kind](metric.name, metric.text, labels=_labels(metric))
    return family


def _labels(metric: Metric) -> tuple[str, ...]:
    return "client", *metric.labels


def _add(family: Any, client: str, figure: Figure) -> None:
    value, labels = figure.value, (client, *figure.labels)
    if isinstance(value, Histogram):
        family.add_metric(labels, [*value.buckets()], value.sum)
    elif isinstance(value, Summary):
        family.add_metric(labels, value.count, value.sum)
        named = dict(zip(_labels(figure.metric), labels, strict=True))
        for quantile, found in value.quantiles.items():
            family.add_sample(family.name, {**named, "quantile": quantile}, found)
    else:
        family.add_metric(labels, value)
