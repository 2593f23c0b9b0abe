"""Runs the rules: those without which no code can be made, our conventions, and buf's."""

from collections.abc import Iterator

from pragma_contracts.errors import SchemaError, printable
from pragma_contracts.governance.buf import buf
from pragma_contracts.governance.finding import Finding, Level, merged
from pragma_contracts.governance.lint.contracts import contracts
from pragma_contracts.governance.lint.conventions import conventions
from pragma_contracts.governance.lint.elements import elements, known
from pragma_contracts.governance.model import Schemas
from pragma_contracts.governance.verdict import Verdict

_COMMENTS = ["COMMENT_ENUM", "COMMENT_ENUM_VALUE", "COMMENT_FIELD", "COMMENT_MESSAGE", "COMMENT_ONEOF"]


def check(schemas: Schemas) -> None:
    """Raises SchemaError, with file and line, for the first option that makes no sense: no code can be made of it."""
    for finding in _senseless(schemas):
        raise SchemaError(finding.file, finding.line, finding.change)


def lint(schemas: Schemas, about: str) -> Verdict:
    """Everything that is wrong with schemas: what `check` raises, our conventions, and buf's STANDARD rules.

    about: what the verdict calls them. Comments are asked for where the schemas come from .proto files; compiled ones
    have none.

    Raises:
        ConfigurationError: buf cannot be run, so that there is no verdict.
    """
    found = merged([*_senseless(schemas), *conventions(schemas), *_buf(schemas)])
    return Verdict("lint", about, tuple(found))


def _senseless(schemas: Schemas) -> Iterator[Finding]:
    for file in schemas.files:
        yield from known(file)
    yield from contracts(schemas)
    yield from elements(schemas)


def _buf(schemas: Schemas) -> Iterator[Finding]:
    from_files = any(message.place.line for message in schemas.messages.values())
    for found in buf("lint", ["STANDARD", *(_COMMENTS if from_files else [])], schemas):
        if not found["path"].startswith("google/"):
            yield Finding(
                file=found["path"],
                line=found.get("start_line", 0),
                column=found.get("start_column", 0),
                rule=found["type"],
                symbol=found["path"],
                change=printable(found["message"]),
                level=Level.WRONG,
            )
