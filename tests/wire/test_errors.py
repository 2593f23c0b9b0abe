"""The text of an error: one printable line of bounded length, whatever was put into the error."""

import inspect
import pickle
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, get_type_hints

import pytest

from pragma_contracts import ContractError, Price, errors
from pragma_contracts.errors import InvalidDecimal, InvalidMessage, StackError

HUGE = 10**5000  # more digits than Python writes of an int
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]

HOSTILE: dict[object, list[Any]] = {
    object: [
        *(HUGE, -HUGE, [HUGE], DEEP, {"a": DEEP}, "a\nb", "\ud800", "x" * 5000, b"\n" * 5000, Decimal("1" * 5000)),
        *(Price(network_id="a\nb"), {"k" * 500: list(range(5000))}, {"a": {"b": "\u2028" * 500}}, float("nan"), None),
    ],
    str: ["a\nb\r\u2028\x1b[31m", "\ud800", "x" * 100_000, "\U000e0001" * 100_000],
    int: [HUGE, -HUGE],
    Sequence[str]: [["a\nb", "\ud800"], ["x" * 100] * 1000, []],
    ContractError: [InvalidDecimal("a\nb" * 1000, "\n" * 5000)],
}
ERRORS = [cls for cls in vars(errors).values() if inspect.isclass(cls) and issubclass(cls, ContractError)]


def _hostile(cls: type[ContractError]) -> Iterator[ContractError]:
    kinds = [kind for name, kind in get_type_hints(cls.__init__).items() if name != "return"]
    for at in range(max(len(HOSTILE[kind]) for kind in kinds)):
        yield cls(*(HOSTILE[kind][at % len(HOSTILE[kind])] for kind in kinds))


def _check_line(text: str) -> None:
    assert text.isprintable()
    assert len(text.encode()) < 25_000


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_every_error_is_one_printable_line_whatever_it_holds(cls: type[ContractError]) -> None:
    for error in [cls(*HOSTILE[object])] if cls is ContractError else _hostile(cls):
        _check_line(str(error).replace("\n", "") if isinstance(error, StackError) else str(error))
        _check_line(repr(error))


def test_a_server_log_keeps_its_lines() -> None:
    assert str(StackError("Kafka", "ended\n  | \x1b[31mred\n  | end")) == "Kafka: ended\n  | \\x1b[31mred\n  | end"


def test_an_error_says_its_name_and_pickles() -> None:
    error = InvalidMessage("Price", "pragma-prices-v1", "price", "1e5", "is bad")
    assert repr(error) == "InvalidMessage(\"Price (pragma-prices-v1): price = '1e5': is bad\")"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
