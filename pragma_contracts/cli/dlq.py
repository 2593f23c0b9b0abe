"""The commands `pragma-contracts dlq show` and `pragma-contracts dlq replay`."""

import heapq
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

from pragma_contracts.cli import dlq_lines as lines
from pragma_contracts.cli.exit_codes import ExitCode
from pragma_contracts.cli.registry_options import registry_options
from pragma_contracts.registry import RegistrySettings
from pragma_contracts.stream.dead_letter_topic import DeadLetterTopic, Found
from pragma_contracts.stream.replay import OUTCOMES, REFUSED, Replay

_F = TypeVar("_F", bound=Callable[..., Any])

_AGO = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _settings(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    if any("=" not in value for value in values):
        # What was given may be a secret.
        raise click.BadParameter("write NAME=VALUE, such as security.protocol=SSL")
    return dict(value.split("=", 1) for value in values)


def _since(_: click.Context, __: click.Parameter, value: str | None) -> int:
    """A point in time in ms since the epoch."""
    if value is None:
        return 0
    if ago := _AGO.fullmatch(value):
        return int((time.time() - int(ago[1]) * _SECONDS[ago[2]]) * 1000)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise click.BadParameter("write 30m, 2h or 7d, or a time with its zone such as 2026-01-31T12:00:00Z")
    return int(at.timestamp() * 1000)


def _options(command: _F) -> _F:
    """Gives a command what both need: where the letters are, and which of them are meant."""
    for option in (
        registry_options(required=False),
        click.option("--kind", metavar="KIND", help="Only letters of this kind of error, such as frame or content."),
        click.option(
            "--config",
            multiple=True,
            callback=_settings,
            metavar="NAME=VALUE",
            help="librdkafka setting, such as security.protocol=SSL; several times for several.",
        ),
        click.option("--topic", required=True, metavar="TOPIC", help="Such as pragma-prices-v1-dlq."),
        click.option("--bootstrap", required=True, metavar="HOST:PORT", help="A broker."),
    ):
        command = option(command)
    return command


@click.group()
def dlq() -> None:
    """Look at dead letters, and replay them.

    A consumer with on_error="dead_letter" writes what it cannot use to `<topic>-dlq`. Letters of the kind schema_id are
    judged with --registry only.
    """


@dlq.command()
@_options
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Print the newest N only; the summary is of all.")
@click.option(
    "--since",
    callback=_since,
    metavar="TIME",
    help="Only letters written since then: 30m, 2h, 7d, or 2026-01-31T12:00:00Z.",
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(
    bootstrap: str,
    topic: str,
    config: dict[str, str],
    kind: str | None,
    limit: int | None,
    since: int,
    output: str,
    registry: str | None,
    **credentials: Any,
) -> ExitCode:
    """Print letters, and which can be read now.

    Each is judged with the installed contracts. Reads the topic to its end, joins no consumer group and commits
    nothing. With --output json it prints one object a line, the summary last.

    Exit codes: 0 done, 2 could not run.
    """
    asked = RegistrySettings(registry, **credentials) if registry else None
    counts: Counter[tuple[str, str]] = Counter()
    line = lines.as_json if output == "json" else lines.text
    with DeadLetterTopic(bootstrap, topic, registry=asked, config=config) as letters:
        chosen = _counted(letters.records(), kind, since, counts)
        if output == "text":
            click.echo(lines.HEADER)
        for shown in (line(found) for found in chosen) if limit is None else _newest(chosen, line, limit):
            click.echo(shown)
    click.echo("\n".join(lines.summary_json(counts) if output == "json" else ["", *lines.table(counts, lines.STATES)]))
    return ExitCode.DONE


@dlq.command()
@_options
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Replay at most N.")
@click.option("--dry-run", is_flag=True, help="Count what would be replayed, and stop.")
def replay(
    bootstrap: str,
    topic: str,
    config: dict[str, str],
    kind: str | None,
    limit: int | None,
    dry_run: bool,
    registry: str | None,
    **credentials: Any,
) -> ExitCode:
    """Write what can be read now back, once.

    The records that the installed contracts read now go to the topic that they came from, with their key, value,
    headers and timestamp, and a header dlq.replays. A receipt in the dead letter topic says what was replayed, so that
    running it again goes on where it stopped; run it once at a time. Replayed records stand behind newer ones of their
    feed.

    Exit codes: 0 done, or nothing to do; 1 some letters cannot be replayed; 2 could not run; 3 would replay
    (--dry-run).
    """
    asked = RegistrySettings(registry, **credentials) if registry else None
    with DeadLetterTopic(bootstrap, topic, registry=asked, config=config) as letters:
        replaying = Replay(letters)
        try:
            replaying.run(kind, limit, dry_run=dry_run)
        finally:
            # Also when it fails or is interrupted: so much has been done.
            click.echo("\n".join(lines.table(replaying.counts, OUTCOMES)))
            replaying.close()
    if any(outcome == "still bad" for _, outcome in replaying.counts):
        click.echo("`pragma-contracts dlq show` says why letters are still bad")
    outcomes = {outcome for _, outcome in replaying.counts}
    if outcomes & REFUSED:
        return ExitCode.REFUSED
    return ExitCode.WOULD_CHANGE if "would replay" in outcomes else ExitCode.DONE


def _counted(
    records: Iterable[Found], kind: str | None, since: int, counts: Counter[tuple[str, str]]
) -> Iterator[Found]:
    for found in records:
        if found.ms >= since and kind in (None, found.kind):
            counts[found.kind, found.state] += 1
            yield found


def _newest(records: Iterator[Found], line: Callable[[Found], str], limit: int) -> list[str]:
    """The lines of the newest records, oldest first. Lines are short, and records may not be."""
    dated = ((found.ms, found.partition, found.offset, line(found)) for found in records)
    return [shown for *_, shown in sorted(heapq.nlargest(limit, dated))]
