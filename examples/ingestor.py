"""Stores prices and the mids of books in SQLite, each record exactly once, whenever it is killed and started again.

The rows of a batch and the offsets behind them are written in one transaction, and reading begins where these offsets
say: the store alone knows what is in it, and the consumer needs no group. A partition without an offset is read from
its beginning.
"""

import argparse
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

from pragma_contracts import Consumer, MarketDepth, Price, Record, book, feeds

BATCH = 500
TABLES = """
CREATE TABLE IF NOT EXISTS ticks (
    feed TEXT NOT NULL, event_ns INTEGER NOT NULL, value TEXT NOT NULL,
    topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL,
    -- A second ingestor on the same store, or offsets that were changed by hand, are an error rather than doubled rows.
    UNIQUE (topic, partition, "offset")
);
CREATE TABLE IF NOT EXISTS offsets (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
);
"""


def main() -> None:
    """Reads the arguments and ingests until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", default="localhost:9092")
    parser.add_argument("--registry", default="http://localhost:8081")
    parser.add_argument("--store", default="ticks.sqlite", help="the SQLite file")
    parser.add_argument("--market-type", help="only this one, such as perpetual")
    parser.add_argument("--limit", type=int, default=sys.maxsize, help="stop after this many records")
    arguments = parser.parse_args()
    with (
        closing(sqlite3.connect(arguments.store)) as store,
        Consumer(
            arguments.bootstrap,
            registry=arguments.registry,
            contracts=[Price, MarketDepth],
            where=feeds(market_type=arguments.market_type),
            at=stored_offsets(store),
            start="earliest",
            # Counted and logged; it stays in Kafka, where it can be looked at.
            on_error="skip",
        ) as consumer,
    ):
        for number in signal.SIGINT, signal.SIGTERM:
            # The batch in hand is finished first.
            signal.signal(number, lambda *_: consumer.close())
        print(f"{ingest(store, consumer, arguments.limit)} records stored")


def stored_offsets(store: sqlite3.Connection) -> dict[tuple[str, int], int]:
    """Where to go on in each partition."""
    store.executescript(TABLES)
    return {(topic, partition): after for topic, partition, after in store.execute("SELECT * FROM offsets")}


def ingest(store: sqlite3.Connection, consumer: Consumer, limit: int) -> int:
    """Stores batch after batch; how many records that were."""
    count = 0
    for batch in consumer.batches(min(BATCH, limit), max_wait=0.5):
        records = batch[: limit - count]
        # A partition's last record is the one that counts.
        offsets = {(record.topic, record.partition): record.offset + 1 for record in records}
        with store:
            store.executemany("INSERT INTO ticks VALUES (?, ?, ?, ?, ?, ?)", rows(records))
            store.executemany("REPLACE INTO offsets VALUES (?, ?, ?)", [(*at, after) for at, after in offsets.items()])
        count += len(records)
        if count == limit:
            break
    return count


def rows(records: list[Record]) -> Iterator[tuple[str, int, str, str, int, int]]:
    """The row of each record; a book without both sides has no mid, and no row."""
    for record in records:
        message = record.message
        assert isinstance(message, Price | MarketDepth)
        if (value := message.price if isinstance(message, Price) else mid(message)) is not None:
            event_ns = message.envelope.event_timestamp.ToNanoseconds()
            yield record.feed.key, event_ns, value, record.topic, record.partition, record.offset


def mid(depth: MarketDepth) -> str | None:
    """The middle between the best bid and the best ask, when there are both."""
    bids, asks = book.levels(depth.bids), book.levels(depth.asks)
    return f"{(bids[0][0] + asks[0][0]) / 2:f}" if bids and asks else None


if __name__ == "__main__":
    main()
