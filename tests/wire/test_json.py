"""The user's flat JSON form, both ways."""

from decimal import Decimal
from typing import Any

import pytest

from pragma_contracts import Feed, MarketDepth, Price, decode, encode, from_json, peek, stamp, to_json
from pragma_contracts.errors import ContractError, InvalidMessage, NotAContract
from pragma_contracts.wire.lookup import contract_of

PRICE: dict[str, Any] = {
    "message_id": "0199f2c4-0000-7000-8000-000000000000",
    "event_timestamp": "2026-01-31T12:00:00.000001Z",
    "publish_timestamp": "2026-01-31T12:00:00.000001500Z",
    "producer": "pulse",
    "version": "1.1",
    "data_type": "price",
    "market_type": "perpetual",
    "token_ticker": "BTC",
    "source_id": "binance",
    "network_id": "unknown",
    "price": "65432.10",
    "metadata": {"a": "1", "b": "2"},
}
DEPTH: dict[str, Any] = {name: value for name, value in PRICE.items() if name not in ("price", "metadata")} | {
    "data_type": "market_depth",
    "bids": [["2.50", "1"], ["2.25", "3"]],
    "asks": [],
}


FORM = "is no time of the form '2026-01-31T12:00:00.000000Z': with seconds"
IMPOSSIBLE = [
    *("2026-01-31T12:00Z", "2026-01-31T12:00:00+0000", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00.0000000000Z", ""),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59.999999999-00:01",
        "２026-01-31T12:00:00Z",
    ),
]


@pytest.mark.parametrize("obj", [PRICE, DEPTH], ids=["price", "market_depth"])
def test_the_users_shape_and_field_order_come_back(obj: dict[str, Any]) -> None:
    assert list(to_json(from_json(obj)).items()) == list(obj.items())


def test_other_spellings_are_taken() -> None:
    message = from_json(PRICE | {"market_type": "perp", "event_timestamp": "2026-01-31T14:00:00.000001+02:00"}, Price)
    assert to_json(message) == PRICE


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("0001-01-01T14:00:00+14:00", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T11:59:59.999999999-12:00", "9999-12-31T23:59:59.999999999Z"),
        ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900000Z"),
    ],
)
def test_every_time_that_is_read_can_be_written(text: str, utc: str) -> None:
    assert to_json(from_json(PRICE | {"event_timestamp": text}))["event_timestamp"] == utc


def test_what_the_producer_stamps_may_be_left_out() -> None:
    stamped = ("message_id", "publish_timestamp", "producer", "version")
    obj = {name: value for name, value in PRICE.items() if name not in stamped}
    assert to_json(from_json(obj)) == {"message_id": "", "producer": "", "version": ""} | obj


def test_an_unknown_market_type_is_its_number(price: Price) -> None:
    price.market_type = 7
    assert to_json(price)["market_type"] == 7
    with pytest.raises(InvalidMessage, match="market_type = 7: is no known number"):
        from_json(to_json(price))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pirce": "1"}, "pirce = '1': is no field of this contract"),
        ({"price": 65432.1}, "price = 65432.1: must be text, not float"),
        ({"price": "1e5"}, "price = '1e5': is not a plain decimal"),
        ({"market_type": "futures"}, "market_type = 'futures': must be one of spot, perpetual, options"),
        ({"market_type": ""}, "market_type = '': must be one of spot, perpetual, options"),
        ({"market_type": True}, "market_type = True: must be one of spot, perpetual, options"),
        (
            {"event_timestamp": "2026-01-31T12:00:00"},
            "event_timestamp = '2026-01-31T12:00:00': is no time of the form '2026-01-31T12:00:00.000000Z'",
        ),
        ({"event_timestamp": "2026-02-30T12:00:00Z"}, "is no time of the form '2026-01-31T12:00:00.000000Z'"),
        *(({"event_timestamp": text}, f"event_timestamp = {text!r}: {FORM}") for text in IMPOSSIBLE),
        ({"event_timestamp": 5}, "event_timestamp = 5: is no time of the form '2026-01-31T12:00:00.000000Z'"),
        ({"metadata": {"a": 1}}, "metadata.a = 1: must be text, not int"),
        ({"metadata": []}, "metadata = []: must be an object"),
        ({"token_ticker": None}, "token_ticker = None: must be text, not NoneType"),
        ({"data_type": "market_depth"}, "price = '65432.10': is no field of this contract"),
    ],
)
def test_a_bad_price_object_names_the_field(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        from_json(PRICE | change)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("bids", "sentence"),
    [
        ([["2", "1"], ["1e5", "1"]], "bids[1][0] = '1e5': is not a plain decimal"),
        ([["2", "1"], ["1"]], "bids[1] = ['1']: must be [prices, quantities], each as decimal text"),
        ([["2", 1]], "bids[0][1] = 1: must be decimal text, not int"),
        ("2", "bids = '2': must be a list of [prices, quantities]"),
        ([["2", "1"], ["2", "1"]], "bids.prices = 2: level 1 after 2 (scale 0) is not strictly descending"),
    ],
)
def test_a_bad_book_names_the_level(bids: object, sentence: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        from_json(DEPTH | {"bids": bids})
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", ["market_type", "token_ticker", "event_timestamp", "price"])
def test_a_mandatory_field_cannot_be_left_out(name: str) -> None:
    with pytest.raises(InvalidMessage, match=name):
        from_json({key: value for key, value in PRICE.items() if key != name})


@pytest.mark.parametrize("data_type", [[], {}, None, 1, b"price", "", ("price",)])
def test_a_data_type_that_is_no_text_belongs_to_no_contract(data_type: object) -> None:
    with pytest.raises(NotAContract) as caught:
        from_json(PRICE | {"data_type": data_type})
    assert str(caught.value) == f"data_type {data_type!r} belongs to no contract; known: market_depth, price"


def test_another_data_type_is_named() -> None:
    with pytest.raises(NotAContract, match="data_type 'trade' belongs to no contract; known: market_depth, price"):
        from_json(PRICE | {"data_type": "trade"})
    with pytest.raises(InvalidMessage, match=r"data_type = \[\]: is not 'price'"):
        from_json(PRICE | {"data_type": []}, Price)
    with pytest.raises(InvalidMessage, match="data_type = 'price': is not 'market_depth'"):
        from_json(PRICE, MarketDepth)
    with pytest.raises(ContractError, match="must be a JSON object"):
        from_json([])  # type: ignore[arg-type]


def test_a_time_that_came_over_the_wire_may_be_none(price: Price) -> None:
    price.envelope.event_timestamp.nanos = -1
    with pytest.raises(InvalidMessage, match="event_timestamp"):
        to_json(price)


def _as_decimals(obj: dict[str, Any]) -> dict[str, Any]:
    sides = {side: [[Decimal(text) for text in row] for row in obj[side]] for side in ("bids", "asks") if side in obj}
    return obj | sides


def test_the_whole_sample_goes_through_frame_and_json(recorded: list[dict[str, Any]]) -> None:
    assert len(recorded) == 16_537
    for obj in recorded:
        message: Any = from_json(obj)
        stamp(message)
        frame = encode(message, 1)
        assert decode(frame, type(message)) == message
        assert Feed.parse(contract_of(message).key(message)) == peek(frame)
        again = to_json(message)
        assert {name: value for name, value in _as_decimals(again).items() if name in obj} == _as_decimals(obj)
