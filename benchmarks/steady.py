"""The two ends of steady traffic, each a process of its own with the settings of production, measured by its metrics.

`python -m benchmarks.steady producer|consumer BOOTSTRAP REGISTRY_URL RATE` prints the port of its metrics, and runs
until it is told to end by SIGTERM; the producer then sends no more, and ends with its input.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

from prometheus_client import start_http_server

from pragma_contracts import Consumer, Feed, MarketDepth, Price, Producer, book
from pragma_contracts.testing.sample import sample

_CONTRACTS = [Price, MarketDepth]
_TICK_S = 0.001


def main() -> None:
    """Runs one end."""
    end, bootstrap, registry_url, rate = sys.argv[1:]
    server, _ = start_http_server(0, addr="127.0.0.1")
    if end == "producer":
        _produce(bootstrap, registry_url, float(rate), server.server_port)
    else:
        _consume(bootstrap, registry_url, server.server_port)


def _produce(bootstrap: str, registry_url: str, rate: float, port: int) -> None:
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    with Producer(bootstrap, registry=registry_url, contracts=_CONTRACTS, metrics=True) as producer:
        sends = cycle(_sends(producer))
        print(port, flush=True)
        sent, begin = 0, time.perf_counter()
        while not done.is_set():
            due = int((time.perf_counter() - begin) * rate)
            for _ in range(sent, due):
                next(sends)()
            sent = due
            time.sleep(_TICK_S)
        producer.flush()
        # Its last figures can be scraped until then.
        sys.stdin.read()


def _sends(producer: Producer) -> list[Callable[[], None]]:
    """One function for each message of the sample."""
    handles: dict[tuple[str, Feed], Any] = {}

    def of(message: dict[str, Any]) -> Callable[[], None]:
        kind = message["data_type"]
        feed = Feed(message["market_type"], message["network_id"], message["source_id"], message["token_ticker"])
        if (kind, feed) not in handles:
            handles[kind, feed] = producer.feed(Price if kind == "price" else MarketDepth, feed)
        send = handles[kind, feed].send
        payload = {name: message[name] for name in ("price", "bids", "asks") if name in message}
        return lambda: send(event_time=time.time_ns(), **payload)

    return [of(message) for message in sample()]


def _consume(bootstrap: str, registry_url: str, port: int) -> None:
    where = {"registry": registry_url, "group": "soak", "contracts": _CONTRACTS, "metrics": True}
    with Consumer(bootstrap, start="earliest", **where) as consumer:  # type: ignore[arg-type]  # each has its type
        signal.signal(signal.SIGTERM, lambda *_: consumer.close())
        print(port, flush=True)
        for batch in consumer.batches():
            for record in batch:
                _use(record.message)


def _use(message: Any) -> None:
    """Reads what a program would."""
    if isinstance(message, Price):
        float(message.price)
    else:
        book.floats(message.bids)
        book.floats(message.asks)


if __name__ == "__main__":
    main()
