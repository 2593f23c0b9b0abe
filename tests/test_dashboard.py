"""The Grafana dashboard shows what is exported, all of it, and nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pragma_contracts.stream.metrics import METRICS, Metric

SERIES = {
    "counter": ("_total",),
    "gauge": ("",),
    "summary": ("", "_sum", "_count"),
    "histogram": ("_bucket", "_sum", "_count"),
}


@pytest.fixture
def dashboard(root: Path) -> dict[str, Any]:
    """The dashboard, as Grafana imports it."""
    found: dict[str, Any] = json.loads((root / "docs/grafana-dashboard.json").read_text(encoding="utf-8"))
    return found


def shown(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(dashboard: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in shown(dashboard) for target in panel["targets"]]


def series(metric: Metric) -> set[str]:
    return {metric.name + suffix for suffix in SERIES[metric.kind]}


def test_every_series_on_the_dashboard_is_exported_and_every_metric_is_on_it(dashboard: dict[str, Any]) -> None:
    variables = [variable["definition"] for variable in dashboard["templating"]["list"] if "definition" in variable]
    named = set(re.findall(r"pragma_contracts_\w+", " ".join([*queries(dashboard), *variables])))
    exported = set().union(*map(series, METRICS))
    assert named <= exported, "no such series"
    assert [metric.name for metric in METRICS if not series(metric) & named] == []


def test_labels_on_the_dashboard_are_those_of_the_metrics(dashboard: dict[str, Any]) -> None:
    known = {"client", "le", "quantile"}.union(*(metric.labels for metric in METRICS))
    groups = re.findall(r"by \(([\w, ]+)\)", " ".join(queries(dashboard)))
    grouped = {label for group in groups for label in group.split(", ")}
    legends = {
        label
        for panel in shown(dashboard)
        for target in panel["targets"]
        for label in re.findall(r"{{(\w+)}}", target["legendFormat"])
    }
    assert grouped | legends <= known


def test_it_can_be_imported_into_any_grafana(dashboard: dict[str, Any]) -> None:
    assert dashboard["schemaVersion"] >= 42
    source = dashboard["templating"]["list"][0]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    assert "id" not in dashboard, "that of the dashboard it would replace"
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(numbers) == len(set(numbers))
    for panel in shown(dashboard):
        assert {panel["datasource"]["uid"], *(target["datasource"]["uid"] for target in panel["targets"])} == {
            "${datasource}"
        }
        assert panel["description"], panel["title"]


def test_no_panel_lies_on_another_one(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
