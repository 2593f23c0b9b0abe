"""The command `pragma-contracts demo`."""

import contextlib
import json
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pragma_contracts.demo.figures import Figures
from pragma_contracts.demo.replay import replay
from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.registering import register_installed
from pragma_contracts.testing import Stack, embedded


@click.command()
@click.option("--bootstrap", metavar="HOST:PORT", help="A broker to use instead of the embedded one.")
@click.option("--registry", metavar="URL", help="A registry to use instead of the embedded one.")
@click.option("--rate", type=click.IntRange(1), default=5_000, show_default=True, help="Messages a second, at most.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def demo(bootstrap: str | None, registry: str | None, rate: int, as_json: bool) -> None:
    """Replay recorded market data through the contracts.

    Registers the schemas, produces 16,537 recorded prices and order books, and consumes the perpetuals alone.
    """
    console = Console(stderr=as_json)
    with _stack(bootstrap, registry) as running:
        console.print(f"broker {running.bootstrap}, registry {running.registry_url}", highlight=False)
        count = register_installed(running.registry_url)
        console.print(f"{count} subjects registered")
        columns = TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=console) as bars:

            def bar(name: str, total: int) -> Callable[[int], None]:
                task = bars.add_task(name, total=total)
                return lambda count: bars.advance(task, count)

            figures = replay(running.bootstrap, running.registry_url, rate=rate, progress=bar)
    if as_json:
        click.echo(json.dumps(figures.as_json(), indent=2))
    else:
        _print(console, figures)


@contextlib.contextmanager
def _stack(bootstrap: str | None, registry: str | None) -> Iterator[Stack]:
    if bootstrap and registry:
        yield Stack(bootstrap, registry)
    elif bootstrap or registry:
        raise ConfigurationError("--bootstrap, --registry", "give both, or neither for the embedded ones")
    else:
        with embedded() as running:
            yield running


def _print(console: Console, figures: Figures) -> None:
    table = Table(title="Sent", title_justify="left")
    for name in "topic", "market type":
        table.add_column(name, no_wrap=True)
    for name in "messages", "bytes", "average":
        table.add_column(name, justify="right")
    for row in figures.traffic:
        average = f"{row.bytes / row.messages:.1f}"
        table.add_row(row.topic, row.market_type, f"{row.messages:,}", f"{row.bytes:,}", average)
    console.print(table)
    latency = ", ".join(f"{name.upper()} {value:.1f}" for name, value in figures.latency_ms.items())
    rows = {
        "average message": f"{figures.average_message_bytes:,.1f} bytes",
        "average batch": f"{figures.average_batch_messages:,.1f} messages, {figures.average_batch_bytes:,.1f} bytes",
        "throughput": f"{figures.messages_per_second:,.0f} messages/s",
        "end-to-end latency": f"{latency} ms",
        "perpetuals consumed": f"{figures.consumed:,}",
        "skipped without decoding": f"{figures.skipped_without_decoding:,}",
        "not confirmed": f"{figures.not_confirmed:,}",
    }
    summary = Table(title="Measured", title_justify="left", show_header=False)
    for name, value in rows.items():
        summary.add_row(name, value)
    console.print(summary)
