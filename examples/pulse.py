"""Publishes the recorded sample as Pulse would: one feed handle a feed, at the recorded pace."""

import argparse
import time
from datetime import datetime
from typing import Any

from pragma_contracts import Feed, MarketDepth, Price, Producer
from pragma_contracts.testing import sample

LONGEST_GAP_S = 1.0


def main() -> None:
    """Reads the arguments and replays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", default="localhost:9092")
    parser.add_argument("--registry", default="http://localhost:8081")
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast as it was recorded")
    parser.add_argument("--limit", type=int, default=None, help="stop after this many messages")
    arguments = parser.parse_args()
    with Producer(arguments.bootstrap, registry=arguments.registry, contracts=[Price, MarketDepth]) as producer:
        replay(producer, arguments.speed, arguments.limit)
        producer.flush()
        print(producer.stats)


def replay(producer: Producer, speed: float, limit: int | None) -> None:
    """Sends the messages with the gaps they were recorded with, but for those that are longer than a second."""
    handles: dict[tuple[str, Feed], Any] = {}
    last = None
    for message in list(sample())[:limit]:
        recorded = datetime.fromisoformat(message["event_timestamp"])
        if last is not None:
            time.sleep(min((recorded - last).total_seconds(), LONGEST_GAP_S) / speed)
        last = recorded
        kind = message["data_type"]
        feed = Feed(message["market_type"], message["network_id"], message["source_id"], message["token_ticker"])
        if (kind, feed) not in handles:
            handles[kind, feed] = producer.feed(Price if kind == "price" else MarketDepth, feed)
        names = ("price",) if kind == "price" else ("bids", "asks")
        payload = {name: message[name] for name in (*names, "metadata") if name in message}
        handles[kind, feed].send(event_time=time.time_ns(), **payload)


if __name__ == "__main__":
    main()
