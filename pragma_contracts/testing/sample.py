"""The recorded market data that the demo, the tests and the examples replay."""

import gzip
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any


def sample() -> Iterator[dict[str, Any]]:
    """16,537 messages in the user's JSON form, in the order of their event times.

    Prices and order books of 28 feeds, spot and perpetual, from the public feeds of three exchanges on two days a year
    apart. They have no message_id, publish_timestamp, producer and version: the producer stamps those.
    """
    with (
        files("pragma_contracts.testing").joinpath("data/market-sample.jsonl.gz").open("rb") as packed,
        gzip.open(packed, "rt", encoding="utf-8") as lines,
    ):
        yield from map(json.loads, lines)
