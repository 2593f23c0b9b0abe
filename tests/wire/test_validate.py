"""What a producer refuses and what a consumer refuses, each with the whole sentence."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pragma_contracts import MarketDepth, Price, decode, encode, rules, stamp, validate
from pragma_contracts.errors import ConfigurationError, InvalidMessage

DECIMAL = (
    "is not a plain decimal of at most 38 digits; write digits with an optional minus and point, such as '65432.10'"
)
COMPONENT = "must be text without control characters, and not empty: it is part of the record key"


def _set(**values: Any) -> Callable[[Any], None]:
    def change(message: Any) -> None:
        for name, value in values.items():
            setattr(message, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_set(market_type=0), "market_type = 'UNSPECIFIED': is mandatory: one of spot, perpetual, options"),
        (_set(market_type=9), "market_type = 9: is no known number: one of spot, perpetual, options"),
        (_set(network_id=""), f"network_id = '': {COMPONENT}"),
        (_set(source_id="bin\nance"), f"source_id = 'bin\\nance': {COMPONENT}"),
        (_set(token_ticker="\x7f"), f"token_ticker = '\\x7f': {COMPONENT}"),
        *(
            (_set(price=text), f"price = {text!r}: {DECIMAL}")
            for text in ("", "1e5", "NaN", "1_000", "１２", "01", "1.")
        ),
        *(
            (_set(price=text), f"price = {text!r}: {DECIMAL}")
            for text in ("+1", " 1", "1\n", ".5", "Infinity", "1" * 39)
        ),
        (
            lambda m: m.envelope.ClearField("event_timestamp"),
            "envelope.event_timestamp = None: is missing, and it is mandatory",
        ),
        (lambda m: m.ClearField("envelope"), "envelope = None: is missing, and it is mandatory"),
        (
            lambda m: setattr(m.envelope, "version", "2.0"),
            "envelope.version = '2.0': is no version 1.x, and this package reads no other; "
            "upgrade it if the producer is newer",
        ),
    ],
)
def test_a_producer_refuses_a_bad_price(price: Price, change: Callable[[Any], None], sentence: str) -> None:
    change(price)
    with pytest.raises(InvalidMessage) as caught:
        validate(price)
    assert str(caught.value) == f"Price (pragma-prices-v1): {sentence}"


@pytest.mark.parametrize("text", ["0", "-0.00", "1" * 38, "0." + "1" * 38, "-65432.10", "0.00000001"])
def test_a_producer_takes_every_plain_decimal(price: Price, text: str) -> None:
    price.price = text
    assert decode(encode(price, 1), Price).price == text


def _order(side: str, *unscaled: int) -> Callable[[MarketDepth], None]:
    def change(message: MarketDepth) -> None:
        target = getattr(message, side)
        target.Clear()
        target.prices.scale = 2
        target.prices.unscaled.extend(unscaled)
        target.quantities.unscaled.extend(1 for _ in unscaled)

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_order("bids", 3, 2, 4), "bids.prices = 4: level 2 after 2 (scale 2) is not strictly descending"),
        (_order("asks", 1, 1), "asks.prices = 1: level 1 after 1 (scale 2) is not strictly ascending"),
    ],
)
def test_a_producer_refuses_an_unordered_book(
    depth: MarketDepth, change: Callable[[MarketDepth], None], sentence: str
) -> None:
    change(depth)
    with pytest.raises(InvalidMessage) as caught:
        validate(depth)
    assert str(caught.value) == f"MarketDepth (pragma-orderbook-v1): {sentence}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda m: m.bids.quantities.unscaled.append(1),
            "bids.quantities = 3: values, but prices has 2; every row needs one of each",
        ),
        (lambda m: setattr(m.asks.prices, "scale", 4_294_967_295), "asks.prices.scale = 4294967295: is above 38"),
        (
            lambda m: m.asks.prices.wide.append(b"\1"),
            "asks.prices = None: sets both unscaled and wide; a column has one of them",
        ),
        (lambda m: _wide(m, b""), "bids.prices.wide = b'': is not 1 to 16 bytes long"),
        (lambda m: _wide(m, b"\0" * 17), f"bids.prices.wide = {bytes(17)!r}: is not 1 to 16 bytes long"),
        (lambda m: _wide(m, (10**38).to_bytes(16, "big")), "has more than 38 digits"),
        (
            lambda m: setattr(m, "market_type", 0),
            "market_type = 'UNSPECIFIED': is mandatory: one of spot, perpetual, options",
        ),
        (lambda m: setattr(m, "source_id", ""), f"source_id = '': {COMPONENT}"),
        (lambda m: setattr(m.envelope, "version", ""), "envelope.version = '': is no version 1.x"),
        (lambda m: setattr(m.envelope, "version", "2.1"), "envelope.version = '2.1': is no version 1.x"),
    ],
)
def test_a_consumer_refuses_a_bad_book(
    depth: MarketDepth, change: Callable[[MarketDepth], None], sentence: str
) -> None:
    change(depth)
    with pytest.raises(InvalidMessage) as caught:
        decode(encode(depth, 1, validate=False), MarketDepth)
    assert str(caught.value).startswith("MarketDepth (pragma-orderbook-v1): ")
    assert sentence in str(caught.value)


def _wide(message: MarketDepth, value: bytes) -> None:
    message.bids.Clear()
    message.bids.prices.wide.append(value)
    message.bids.quantities.unscaled.append(1)


def test_a_consumer_takes_a_newer_minor_version(price: Price) -> None:
    price.envelope.version = "1.27"
    assert decode(encode(price, 1), Price) == price


def test_absent_sides_and_crossed_books_are_carried(depth: MarketDepth) -> None:
    _order("bids", 900, 800)(depth)
    _order("asks", 1, 2)(depth)
    validate(depth)
    depth.ClearField("bids")
    depth.asks.Clear()
    validate(depth)


@pytest.mark.parametrize(
    ("seconds", "nanos", "expected"),
    [
        (0, 0, True),
        (-62_135_596_800, 0, True),
        (253_402_300_799, 999_999_999, True),
        (-62_135_596_801, 999_999_999, False),
        (253_402_300_800, 0, False),
        (2**63 - 1, 0, False),
        (0, -1, False),
        (0, 1_000_000_000, False),
    ],
)
def test_a_point_in_time_is_within_the_years_of_four_digits(seconds: int, nanos: int, expected: bool) -> None:
    assert rules.is_timestamp(Timestamp(seconds=seconds, nanos=nanos)) is expected


@pytest.mark.parametrize("producer", ["\ud800", "a\udfffb", b"pulse", 5, None])
def test_a_producer_that_is_no_text_is_not_stamped(price: Price, producer: object) -> None:
    before = price.SerializeToString()
    with pytest.raises(ConfigurationError) as caught:
        stamp(price, event_time=1, producer=producer)  # type: ignore[arg-type]
    assert str(caught.value) == f"producer: {producer!r} is no text, or has a lone surrogate"
    assert price.SerializeToString() == before
