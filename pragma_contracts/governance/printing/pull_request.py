"""A verdict for a pull request: annotations beside its lines, and markdown for its page."""

from collections.abc import Iterator

from pragma_contracts.governance.finding import Finding, Level
from pragma_contracts.governance.printing.text import bases, compared, count, said, summary
from pragma_contracts.governance.verdict import Verdict


def github(verdict: Verdict) -> Iterator[str]:
    """Workflow commands, which GitHub shows as annotations beside the lines of a pull request."""
    for finding in verdict.breaks:
        yield _annotation("error", finding, finding.rule)
    for finding, waiver in verdict.waived:
        yield _annotation("notice", finding, f"{finding.rule} (waived until {waiver.expires}: {waiver.reason})")
    for finding in verdict.of(Level.CONSUMERS_FIRST):
        yield _annotation("warning", finding, finding.rule)
    for problem in verdict.problems:
        yield f"::error title=gate-waivers.toml::{_escaped(problem)}"
    for sentence in verdict.unseen:
        yield f"::warning title=not compared::{_escaped(sentence)}"
    for opinion in verdict.opinions:
        if opinion.disagrees:
            yield f"::warning title=second opinion::{_escaped(said(opinion))}"
    yield summary(verdict)


def markdown(verdict: Verdict) -> Iterator[str]:
    """For the summary of a step and for a comment: the verdict as a heading, the findings below it."""
    yield f"### `{verdict.command}`: {summary(verdict)}"
    for finding in verdict.breaks:
        yield from _section(finding, finding.rule)
        yield from (f"- {_plain(line)}" for line in bases(verdict, finding))
    for finding, waiver in verdict.waived:
        yield from _section(finding, f"{finding.rule} (waived until {waiver.expires}: {_plain(waiver.reason)})")
    if verdict.problems:
        yield ""
        yield from (f"- `gate-waivers.toml`: {_plain(problem)}" for problem in verdict.problems)
    for finding in verdict.of(Level.CONSUMERS_FIRST):
        yield from _section(finding, f"{finding.rule} (passes: upgrade consumers first)")
    compatible = verdict.of(Level.COMPATIBLE)
    if compatible:
        yield ""
        yield f"<details><summary>{count(len(compatible), 'compatible change')}</summary>"
        yield ""
        yield from (f"- {_code(finding.change)}" for finding in compatible)
        yield ""
        yield "</details>"
    told = list(compared(verdict))
    if told or verdict.opinions:
        yield ""
        yield from (f"- {_plain(line)}" for line in told)
        yield from (f"- Second opinion: {_plain(said(opinion))}" for opinion in verdict.opinions)


def _section(finding: Finding, title: str) -> Iterator[str]:
    yield ""
    on = f" on {_code(finding.symbol)}" if finding.can_be_waived else ""
    yield f"**{title}**{on} at {_code(finding.place)}"
    yield ""
    yield f"- {_plain(finding.change)}"
    if finding.harm:
        yield f"- {_plain(finding.harm)}"
    if finding.fix:
        yield f"- instead: {_plain(finding.fix)}"


def _plain(text: str) -> str:
    """Text in which nothing is markup, whatever a schema or a waiver says."""
    escaped = "".join(f"\\{sign}" if sign in r"\`*_[]<>|~#+" else sign for sign in text)
    # A mention would send mail; a comment in between is not shown.
    return " ".join(escaped.split()).replace("@", "@<!-- -->")


def _code(text: str) -> str:
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def _annotation(kind: str, finding: Finding, title: str) -> str:
    place = f"file={_escaped_property(finding.file)}"
    if finding.line:
        place += f",line={finding.line},col={finding.column}"
    instead = f"instead: {finding.fix}" if finding.fix else ""
    message = "\n".join(part for part in (finding.change, finding.harm, instead) if part)
    return f"::{kind} {place},title={_escaped_property(title)}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
