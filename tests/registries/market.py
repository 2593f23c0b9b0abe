"""A registry, and a market on it: the schemas under names of a test's own, and the commands on them."""

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import httpx
import pytest

from pragma_contracts.cli.main import main
from pragma_contracts.testing import Behaviour


class Done(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """A registry; behaviour: None of a real one, whose kind a test does not know."""

    url: str
    behaviour: Behaviour | None

    def versions(self, subject: str) -> list[int]:
        """The live versions of a subject."""
        found = httpx.get(f"{self.url}/subjects/{quote(subject, safe='')}/versions")
        return list(found.json()) if found.is_success else []

    def put(self, subject: str, schema: str, schema_type: str) -> None:
        """Registers what somebody else has."""
        body = {"schema": schema, "schemaType": schema_type}
        httpx.post(f"{self.url}/subjects/{quote(subject, safe='')}/versions", json=body).raise_for_status()


@dataclass(frozen=True)
class Market:
    """A copy of the schemas under names of its own, and the commands on them."""

    place: Place
    folder: Path
    name: str

    @property
    def schemas(self) -> Path:
        """The folder of the .proto files."""
        return self.folder / "schemas"

    @property
    def prices(self) -> str:
        """The subject of the prices."""
        return f"pragma-{self.name}-v1-value"

    @property
    def subjects(self) -> list[str]:
        """The subjects of the prices and of what they import."""
        files = "contracts/v1/options", "market/v1/envelope", "market/v1/market_type"
        return [self.prices, *(f"pragma/{file}.proto" for file in files)]

    def versions(self) -> dict[str, list[int]]:
        """The live versions of each subject."""
        return {subject: self.place.versions(subject) for subject in self.subjects}

    def edit(self, *changes: tuple[str, str]) -> None:
        """Changes the schema of the prices."""
        path = self.schemas / f"pragma/{self.name}/v1/price.proto"
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def register(self, *arguments: str) -> Done:
        """Runs `pragma-contracts register` on the market."""
        lock = ("--lock", str(self.folder / "contracts.lock"))
        return run("register", "--schemas", str(self.schemas), "--registry", self.place.url, *lock, *arguments)

    def gate(self, *arguments: str) -> Done:
        """Runs `pragma-contracts gate` on the market, against all that is live."""
        changelog = self.folder / "CHANGELOG.md"
        changelog.write_text("Price 1.2\n", encoding="utf-8")
        where = ("--schemas", str(self.schemas), "--changelog", str(changelog), "--registry", self.place.url)
        return run("gate", "--against", "registry", *where, *arguments)

    def passed(self, gated: Done) -> bool:
        """Whether the gate has nothing against the market, whatever it has against those of others on a real one."""
        own = f"beside: {self.prices}", f"pragma/{self.name}/v1/price.proto:"
        return gated.code == 0 or (self.place.behaviour is None and not any(each in gated.out for each in own))


def run(*arguments: str) -> Done:
    """Runs a command in this process, as its entry point does."""
    out, err = io.StringIO(), io.StringIO()
    given, sys.argv = sys.argv, ["pragma-contracts", *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = given
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())
