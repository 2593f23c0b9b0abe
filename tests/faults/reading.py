"""A consumer as a process, which a test kills: prints the number of each price that it has processed.

Usage: python reading.py BOOTSTRAP GROUP SOURCE
"""

import os
import sys
import time

from pragma_contracts import Consumer, Price, feeds

WORK_S = 0.001


def main(bootstrap: str, group: str, source: str) -> None:
    """Processes one record after the other for as long as it lives."""
    # What a group notices of a killed member, it notices by the end of its session.
    config = {"auto.commit.interval.ms": 50, "session.timeout.ms": 1500, "heartbeat.interval.ms": 300}
    where = feeds(source_id=source)
    options = {"contracts": [Price], "where": where, "start": "earliest", "config": config}
    with Consumer(bootstrap, group=group, **options) as consumer:  # type: ignore[arg-type]
        for batch in consumer.batches(100, max_wait=0.1):
            for record in batch:
                time.sleep(WORK_S)
                assert isinstance(record.message, Price)
                # Written at once and as a whole, so that what was processed is known whenever the end comes.
                os.write(1, f"{record.message.price}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
