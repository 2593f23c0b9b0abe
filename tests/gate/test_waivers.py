"""Waivers that make no sense are refused when they are read."""

from pathlib import Path

import pytest

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.governance.gate.waivers import read_waivers

GOOD = {
    "rule": '"FIELD_NO_DELETE"',
    "path": '"test.v1.Trade.venue"',
    "reason": '"nobody writes it"',
    "expires": "2027-01-31",
}


def waiver(**changes: str | None) -> str:
    lines = (f"{name} = {value}" for name, value in (GOOD | changes).items() if value is not None)
    return "\n".join(("[[waiver]]", *lines))


def test_a_good_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gate-waivers.toml"
    path.write_text(waiver(), encoding="utf-8")
    (read,) = read_waivers(path)
    assert (read.rule, read.path, str(read.expires)) == ("FIELD_NO_DELETE", "test.v1.Trade.venue", "2027-01-31")
    assert read_waivers(tmp_path / "none.toml") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("waiver = 1 = 2", "cannot be read"),
        ("[[waivers]]", "waivers: it holds entries that begin with [[waiver]], and no more"),
        ("[waiver]", "it holds entries that begin with [[waiver]]"),
        ("waiver = 'FIELD_NO_DELETE'", "it holds entries that begin with [[waiver]]"),
        (waiver(rule='"FIELD_NO_DELET"'), "did you mean FIELD_NO_DELETE?"),
        (waiver(rule='["FIELD_NO_DELETE"]'), "rule is a text, and not empty"),
        (waiver(path="7"), "path is a text, and not empty"),
        (waiver(rule='"EVERYTHING"'), "'EVERYTHING' is no rule that the gate refuses by"),
        (waiver(rule='"FIELD_ADDED"'), "'FIELD_ADDED' is no rule that the gate refuses by"),
        (waiver(rule='"FIELD_NOT_RESERVED"'), "FIELD_NOT_RESERVED cannot be waived"),
        (waiver(expires=None), "needs exactly expires, path, reason, rule"),
        (waiver(until="1"), "needs exactly expires, path, reason, rule"),
        (waiver(expires='"2027-01-31"'), "expires is a day"),
        (waiver(expires="2027-01-31T00:00:00"), "expires is a day"),
        (waiver(reason='" "'), "reason is a text, and not empty"),
    ],
)
def test_a_bad_one_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "gate-waivers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_waivers(path)
    assert problem in str(caught.value)
