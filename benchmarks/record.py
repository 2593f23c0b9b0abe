"""The record of a line: what every round found, on what machine, with which versions, and when."""

import datetime
import json
import os
import platform
import statistics
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import confluent_kafka
from google.protobuf.internal import api_implementation

from benchmarks.line import Line, Target
from benchmarks.rounds import Found

FOLDER = Path(__file__).parent / "records"
_PACKAGES = ("confluent-kafka", "fastavro", "orjson", "pragma-contracts-native", "protobuf", "uuid-utils")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one contender, by round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle round."""
        return statistics.median(self.rounds)

    @property
    def minimum(self) -> float:
        """The best round."""
        return min(self.rounds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Between these is the middle half of the rounds."""
        if len(self.rounds) == 1:
            return self.rounds[0], self.rounds[0]
        low, _, high = statistics.quantiles(self.rounds, n=4, method="inclusive")
        return low, high

    def over(self, other: "Figure") -> "Figure":
        """Round by round, how many times the other one: noise that hits a whole round falls out of it."""
        return Figure(tuple(one / two for one, two in zip(self.rounds, other.rounds, strict=True)))


@dataclass(frozen=True, slots=True)
class Record:
    """One line as it was measured; figures by contender and measure."""

    line: str
    date: str
    machine: str
    versions: dict[str, str]
    figures: dict[str, dict[str, Figure]]

    def ratio(self, target: Target) -> Figure:
        """Round by round: for "faster" the rival's measure by ours, else ours by the rival's."""
        ours, rival = self.figures[target.ours][target.measure], self.figures[target.rival][target.measure]
        return rival.over(ours) if target.rule == "faster" else ours.over(rival)

    def reached(self, target: Target) -> bool:
        """Whether the median says that the target is reached."""
        if target.rule == "within":
            rival = self.figures[target.rival][target.measure]
            return self.figures[target.ours][target.measure].median <= max(rival.rounds)
        ratio = self.ratio(target).median
        return ratio >= target.limit if target.rule == "faster" else ratio <= target.limit

    def write(self, folder: Path = FOLDER) -> None:
        """Writes it as JSON, with what the page shows beside what it is computed from."""
        obj = {
            "line": self.line,
            "date": self.date,
            "machine": self.machine,
            "versions": self.versions,
            "figures": {
                contender: {key: _shown(figure) for key, figure in measures.items()}
                for contender, measures in self.figures.items()
            },
        }
        path = folder / f"{self.line}.json"
        path.write_text(json.dumps(obj, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def record(line: Line, found: Found) -> Record:
    """The record of what was found just now."""
    figures = {
        contender: {key: Figure(tuple(round(one[key], 2) for one in rounds)) for key in rounds[0]}
        for contender, rounds in found.items()
    }
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Record(line.name, today, machine(), versions(), figures)


def read(name: str, folder: Path = FOLDER) -> Record:
    """The record of a line."""
    obj: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    figures = {
        contender: {key: Figure(tuple(figure["rounds"])) for key, figure in measures.items()}
        for contender, measures in obj["figures"].items()
    }
    return Record(obj["line"], obj["date"], obj["machine"], obj["versions"], figures)


def _shown(figure: Figure) -> dict[str, Any]:
    low, high = figure.quartiles
    return {
        "median": round(figure.median, 2),
        "minimum": figure.minimum,
        "quartiles": [round(low, 2), round(high, 2)],
        "rounds": figure.rounds,
    }


def machine() -> str:
    """What it was measured on."""
    return f"{platform.machine()} with {os.cpu_count()} cores, {platform.system()}"


def versions() -> dict[str, str]:
    """What was measured, and what with."""
    return {
        "Python": platform.python_version(),
        "librdkafka": confluent_kafka.libversion()[0],
        **{package: version(package) for package in _PACKAGES},
        "protobuf runtime": api_implementation.Type(),
    }
