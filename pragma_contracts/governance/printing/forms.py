"""The forms of a verdict by name."""

from collections.abc import Callable, Iterator, Mapping

from pragma_contracts.governance.printing.machine import as_json, junit, sarif
from pragma_contracts.governance.printing.pull_request import github, markdown
from pragma_contracts.governance.printing.text import text
from pragma_contracts.governance.verdict import Verdict


def _plain_text(verdict: Verdict) -> Iterator[str]:
    return (line.text for line in text(verdict))


FORMS: Mapping[str, Callable[[Verdict], Iterator[str]]] = {
    "text": _plain_text,
    "json": as_json,
    "github": github,
    "junit": junit,
    "sarif": sarif,
    "markdown": markdown,
}
