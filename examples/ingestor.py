"""Consumes prices and books, and keeps the latest price of each feed and the mid of each book."""

import argparse
from decimal import Decimal

from pragma_contracts import Consumer, Feed, MarketDepth, Price, book, feeds


def main() -> None:
    """Reads the arguments and consumes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", default="localhost:9092")
    parser.add_argument("--registry", default="http://localhost:8081")
    parser.add_argument("--group", default="ingestor")
    parser.add_argument("--market-type", help="only this one, such as perpetual")
    parser.add_argument("--limit", type=int, default=None, help="stop after this many records")
    arguments = parser.parse_args()
    with Consumer(
        arguments.bootstrap,
        registry=arguments.registry,
        group=arguments.group,
        contracts=[Price, MarketDepth],
        where=feeds(market_type=arguments.market_type),
        start="earliest",
    ) as consumer:
        ingest(consumer, arguments.limit)


def ingest(consumer: Consumer, limit: int | None) -> None:
    """Prints each change of a price or a mid."""
    prices: dict[Feed, Decimal] = {}
    mids: dict[Feed, Decimal] = {}
    for count, record in enumerate(consumer, 1):
        if isinstance(record.message, Price):
            value, latest = Decimal(record.message.price), prices
        elif isinstance(record.message, MarketDepth) and (found := mid(record.message)) is not None:
            value, latest = found, mids
        else:
            continue
        if latest.get(record.feed) != value:
            latest[record.feed] = value
            print(f"{record.feed.key:<32} {'price' if latest is prices else 'mid':<5} {value}")
        if count == limit:
            break


def mid(depth: MarketDepth) -> Decimal | None:
    """The middle between the best bid and the best ask, when there are both."""
    bids, asks = book.levels(depth.bids), book.levels(depth.asks)
    return (bids[0][0] + asks[0][0]) / 2 if bids and asks else None


if __name__ == "__main__":
    main()
