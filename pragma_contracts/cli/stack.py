"""The command `pragma-contracts stack`."""

import signal
import threading

import click

from pragma_contracts.testing import stack as running_stack


@click.command()
def stack() -> None:
    """Keep a real broker and registry running, without Docker, until Ctrl-C.

    Topics of every contract are created; data is gone at the end. The first start downloads about 200 MB.
    """
    stopped = threading.Event()
    for name in signal.SIGINT, signal.SIGTERM:
        signal.signal(name, lambda *_: stopped.set())
    click.echo("starting Kafka and the registry …", err=True)
    with running_stack() as running:
        click.echo(f"bootstrap  {running.bootstrap}\nregistry   {running.registry_url}")
        click.echo("Ctrl-C stops both", err=True)
        stopped.wait()
    click.echo("stopped", err=True)
