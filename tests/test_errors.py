"""Errors: whatever they hold, what they say is one printable line that fits on a screen."""

from decimal import Decimal
from typing import Any

import pytest

from pragma_contracts import BookSide, Feed, Price, book, encode, from_json, stamp
from pragma_contracts.errors import ContractError, InvalidMessage

HUGE = 10**5000
PRICE: dict[str, Any] = {
    "event_timestamp": "2026-01-31T12:00:00Z",
    "data_type": "price",
    "market_type": "spot",
    "token_ticker": "BTC",
    "source_id": "binance",
    "network_id": "unknown",
    "price": "1",
}


def _deep() -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"price": HUGE}, id="an-integer-that-python-does-not-write"),
        pytest.param({"price": _deep()}, id="a-deep-list"),
        pytest.param({"metadata": _deep()}, id="a-deep-list-as-metadata"),
        pytest.param({"a\nb": 1}, id="a-name-of-two-lines"),
        pytest.param({"metadata": {"a\nb": 1}}, id="a-key-of-two-lines"),
        pytest.param({"x" * 5000: 1}, id="a-long-name"),
        pytest.param({"\ud800": 1}, id="a-name-without-utf-8"),
        pytest.param({"price": "\ud800\x1b[31m"}, id="a-value-that-would-colour-the-screen"),
        pytest.param({"data_type": []}, id="a-data-type-that-cannot-be-hashed"),
        pytest.param({"data_type": {}}, id="a-data-type-that-is-an-object"),
    ],
)
def test_what_from_json_says(change: dict[str, Any]) -> None:
    with pytest.raises(ContractError) as caught:
        from_json(PRICE | change)
    _check(caught.value)


def _stamp(**options: Any) -> None:
    stamp(from_json(PRICE), **options)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: Feed(HUGE, "a", "b", "c").key, id="market-type"),
        pytest.param(lambda: encode(Price(), HUGE, validate=False), id="schema-id"),
        pytest.param(lambda: encode(Price(), 1.0, validate=False), id="schema-id-of-another-type"),  # type: ignore[arg-type]
        pytest.param(lambda: _stamp(event_time=HUGE), id="event-time"),
        pytest.param(lambda: _stamp(event_time="now" * 100), id="event-time-of-another-type"),
        pytest.param(lambda: _stamp(producer="\ud800"), id="producer"),
        pytest.param(lambda: book.write(BookSide(), [("1", "2", "3")]), id="a-level-of-three"),  # type: ignore[list-item]
        pytest.param(lambda: book.write(BookSide(), [("1",)]), id="a-level-of-one"),  # type: ignore[list-item]
        pytest.param(lambda: book.write(BookSide(), [(Decimal("1" * 5000), "1")]), id="a-long-decimal"),
        pytest.param(lambda: book.write(BookSide(), [(HUGE, "1")]), id="a-long-integer"),
        pytest.param(lambda: Feed("spot", "a", "b", "c").partition(1.5), id="count"),  # type: ignore[arg-type]
        pytest.param(lambda: Feed("spot", "a", "b", "c").partition(0), id="no-count"),
    ],
)
def test_what_other_calls_say(call: Any) -> None:
    with pytest.raises(ContractError) as caught:
        call()
    _check(caught.value)


def test_a_value_whose_repr_has_lines() -> None:
    _check(InvalidMessage("Price", "t", "f", Price(price="1"), "is wrong"))


def _check(error: ContractError) -> None:
    text = str(error)
    assert text.isprintable()
    assert text.encode()
    assert len(text) < 700
