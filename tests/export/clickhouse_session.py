"""Runs the SQL of a contract in ClickHouse, in a process of its own, and prints the rows of its table as lines of JSON.

`python clickhouse_session.py FOLDER NAME BOOTSTRAP ROWS`. Kafka is read by the table of the SQL, with its format and
its skipped bytes. ClickHouse in a process starts no threads that feed views from Kafka, so what that table reads is
copied into one in memory, with the same columns, that the view reads instead.
"""

import sys
from pathlib import Path

from chdb import session  # type: ignore[import-not-found]  # of a folder that the Makefile makes


def main(folder: Path, name: str, bootstrap: str, rows: int) -> None:
    """Reads so many records in one go, and fails when there are not so many."""
    queue, table, view = (folder / f"{name}.sql").read_text(encoding="utf-8").split("\n;\n")[:3]
    columns, _, settings = queue[queue.index("CREATE") :].partition("ENGINE = Kafka")
    running = session.Session()
    running.query("CREATE DATABASE contracts")
    running.query("USE contracts")
    running.query(f"{columns}ENGINE = Memory")
    running.query(table)
    running.query(view)
    # One read, which ends with the last record: the next one would begin with a rebalance and lose its place. It gives
    # up when ten polls have found nothing.
    settings = f"{settings.rstrip()}, kafka_max_block_size = {rows}, kafka_poll_timeout_ms = 3000"
    kafka = f"{columns.replace(f'{name}_queue', f'{name}_kafka')}ENGINE = Kafka{settings}"
    try:
        running.query(kafka.replace("localhost:9092", bootstrap))
    except RuntimeError as error:
        # The threads that are not started; the table is there.
        if "Shutdown was called" not in str(error):
            raise
    running.query(
        f"INSERT INTO {name}_queue SELECT * FROM {name}_kafka "
        "SETTINGS stream_like_engine_allow_direct_select = 1, stream_flush_interval_ms = 60000"
    )
    found = int(str(running.query(f"SELECT count() FROM {name}", "TSV")))
    assert found == rows, f"{found} of {rows} rows"
    settings = "output_format_json_quote_decimals = 1, output_format_json_quote_64bit_integers = 0"
    print(running.query(f"SELECT * FROM {name} ORDER BY message_id SETTINGS {settings}", "JSONEachRow"))  # noqa: T201  read by the test


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
