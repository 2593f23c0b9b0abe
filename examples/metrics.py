"""Sends the recorded sample, reads it back, and serves the metrics of both, for docs/grafana-dashboard.json."""

import argparse
import signal
import threading
import time
from itertools import cycle

from prometheus_client import start_http_server

from pragma_contracts import Consumer, MarketDepth, Price, Producer, from_json
from pragma_contracts.testing import sample

CONTRACTS = [Price, MarketDepth]


def main() -> None:
    """Reads the arguments and runs until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", default="localhost:9092")
    parser.add_argument("--registry", default="http://localhost:8081")
    parser.add_argument("--port", type=int, default=9400, help="of the metrics; 0 for one that is free")
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second")
    arguments = parser.parse_args()
    where = {"registry": arguments.registry, "contracts": CONTRACTS, "metrics": True}
    with (
        Producer(arguments.bootstrap, producer="pulse", **where) as producer,
        Consumer(arguments.bootstrap, group="ingestor", start="earliest", **where) as consumer,
    ):
        for number in signal.SIGINT, signal.SIGTERM:
            # An exception instead could be raised in a callback of Kafka's client, where it is lost.
            signal.signal(number, lambda *_: consumer.close())
        server, _ = start_http_server(arguments.port, addr="127.0.0.1")
        print(f"http://127.0.0.1:{server.server_port}/metrics", flush=True)
        done = threading.Event()
        sending = threading.Thread(target=send, args=(producer, arguments.rate, done))
        sending.start()
        try:
            for batch in consumer.batches():
                for record in batch:
                    record.message  # noqa: B018  decoded here, as a program that uses it does
        finally:
            done.set()
            sending.join()


def send(producer: Producer, rate: float, done: threading.Event) -> None:
    """Sends the sample over and over, with event times of now."""
    for message in cycle(sample()):
        if done.wait(1 / rate):
            return
        producer.send(from_json(message), event_time=time.time_ns())


if __name__ == "__main__":
    main()
