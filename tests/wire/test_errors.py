"""The text of an error: one printable line of bounded length, whatever was put into the error."""

import inspect
import pickle
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, cast, get_type_hints

import pytest

from pragma_contracts import ContractError, DecimalColumn, Feed, Price, encode, errors, from_json, stamp
from pragma_contracts.errors import BadRecord, InvalidDecimal, InvalidMessage, StackError
from pragma_contracts.wire import column
from pragma_contracts.wire.frame import header

from .test_json import DEPTH, PRICE

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
    float: [float("nan"), float("-inf"), 1e308],
    Sequence[str]: [["a\nb", "\ud800"], ["x" * 100] * 1000, []],
    Exception: [KeyError("a\nb" * 1000), ValueError(HUGE)],
    ContractError: [InvalidDecimal("a\nb" * 1000, "\n" * 5000)],
    BadRecord: [BadRecord("a\nb", 0, HUGE, InvalidDecimal("a\nb" * 1000, "\n" * 5000))],
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


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: from_json(PRICE | {"price": HUGE}), "price = <int of 16610 bits>: must be text, not int"),
        (lambda: from_json(PRICE | {"price": DEEP}), "price = [[[[[...]]]]]: must be text, not list"),
        (lambda: from_json(DEPTH | {"bids": [DEEP]}), "bids[0] = [[[[[...]]]]]: must be [prices, quantities]"),
        (lambda: from_json(PRICE | {"metadata": DEEP}), "metadata = [[[[[...]]]]]: must be an object"),
        (lambda: from_json(PRICE | {"a\nb": 1}), "a\\nb = 1: is no field of this contract"),
        (lambda: from_json(PRICE | {"\ud800": 1}), "\\ud800 = 1: is no field of this contract"),
        (lambda: from_json(PRICE | {"k" * 5000: 1}), "k … k"),
        (lambda: from_json(PRICE | cast(Any, {HUGE: 1})), "<int of 16610 bits> = 1: is no field of this contract"),
        (lambda: from_json(PRICE | {"metadata": {"a\nb": 1}}), "metadata.a\\nb = 1: must be text, not int"),
        (lambda: from_json(PRICE | {"market_type": HUGE}), "market_type = <int of 16610 bits>: "),
        (lambda: from_json(PRICE | {"data_type": HUGE}), "data_type <int of 16610 bits> belongs to no contract"),
        (lambda: Feed(HUGE, "a", "b", "c"), "market_type = <int of 16610 bits>: "),
        (lambda: Feed("spot", "a", "b", "c").partition(-HUGE), "not <int of 16610 bits>"),
        (lambda: header(HUGE), "schema_id: must be an int from 1 to 2147483647, not <int of 16610 bits>"),
        (lambda: encode(Price(), HUGE, validate=False), "schema_id: must be an int from 1 to 2147483647"),
        (lambda: stamp(Price(), event_time=HUGE), "event_time: <int of 16610 bits> is outside the years"),
        (lambda: column.write_column(DecimalColumn(), [HUGE]), "<int of 16610 bits> needs more than 38 digits"),
    ],
)
def test_hostile_values_give_an_error_that_can_be_printed(act: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ContractError) as caught:
        act()
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 600
    _check_line(str(caught.value))
