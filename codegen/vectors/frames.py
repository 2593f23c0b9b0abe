"""Vectors of frames: good ones, bad ones, and those that only a consumer takes."""

from typing import Any

from codegen.vectors.kinds import kind
from pragma_contracts import MarketDepth, MarketType, Price, decode, encode, from_json, peek, to_json
from pragma_contracts.contract import Contract
from pragma_contracts.errors import ContractError
from pragma_contracts.messages import CONTRACTS

_COMMON: dict[str, Any] = {
    "message_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    "event_timestamp": "2026-01-31T12:00:00.123456Z",
    "publish_timestamp": "2026-01-31T12:00:00.223456789Z",
    "producer": "pulse",
    "version": "1.1",
}
_PARADEX: dict[str, Any] = {
    "market_type": "perpetual",
    "token_ticker": "BTC",
    "source_id": "paradex",
    "network_id": "unknown",
}
_EKUBO: dict[str, Any] = {"market_type": "spot", "token_ticker": "ETH", "source_id": "ekubo", "network_id": "ethereum"}
_PRICE: dict[str, Any] = {"data_type": "price", "price": "65432.10"}
_DEPTH: dict[str, Any] = {
    "data_type": "market_depth",
    "bids": [["65432.10", "0.5"], ["65432.0", "12"]],
    "asks": [["65432.2", "1.25"], ["65433", "0.001"]],
}
_WIDE: dict[str, Any] = {
    "data_type": "market_depth",
    "bids": [["1.5", "12345678901234567890.123456789012345678"], ["1.4", "-1"]],
}


def frames() -> Any:
    """Good frames, with their JSON and keys."""
    objects = [
        (_PARADEX | _PRICE, 1),
        (_EKUBO | _PRICE | {"price": "0.00000001", "metadata": {"b": "2", "a": "1", "ü": "größe"}}, 2147483647),
        (_PARADEX | _PRICE | {"market_type": "options", "token_ticker": "BTC-27DEC24"}, 258),
        (_PARADEX | _DEPTH, 7),
        (_EKUBO | _DEPTH | {"bids": [], "metadata": {"depth": "2"}}, 8),
        (_EKUBO | _WIDE | {"asks": []}, 9),
    ]
    return [_frame(_COMMON | obj, schema_id) for obj, schema_id in objects]


def _frame(obj: dict[str, Any], schema_id: int) -> Any:
    message: Any = from_json(obj)
    frame = encode(message, schema_id)
    contract = _contract(message)
    return {
        "contract": contract.name,
        "schema_id": schema_id,
        "frame": frame.hex(),
        "key": contract.key(message).decode(),
        "json": to_json(message),
    }


def _contract(message: Any) -> Contract[Any]:
    return next(contract for contract in CONTRACTS if isinstance(message, contract.message))


def bad_frames() -> Any:
    """Frames that a consumer refuses, with the kind of error."""
    price, depth = _price(), _depth()
    good = encode(price, 1)
    no_envelope, no_time, no_market, newer = _price(), _price(), _price(), _price()
    no_envelope.ClearField("envelope")
    no_time.envelope.ClearField("event_timestamp")
    no_market.market_type = 0
    newer.envelope.version = "2.0"
    bad_time, control, bad_price = _price(), _price(), _price()
    bad_time.envelope.event_timestamp.nanos = -1
    control.source_id = "para\ndex"
    bad_price.price = "1e5"
    uneven, scale, both, long = _depth(), _depth(), _depth(), _depth()
    uneven.bids.quantities.unscaled.append(1)
    scale.asks.prices.scale = 4294967295
    both.bids.prices.wide.append(b"\1")
    long.bids.prices.ClearField("unscaled")
    long.bids.prices.wide.extend([b"\x7f" * 17, b"\1"])
    cases: list[tuple[str, type[Any], bytes]] = [
        *((f"{size} bytes", Price, good[:size]) for size in range(6)),
        ("another magic byte", Price, b"\1" + good[1:]),
        ("message index [1]", Price, good[:5] + b"\2\2" + good[6:]),
        ("message index [0, 1]", Price, good[:5] + b"\4\0\2" + good[6:]),
        ("message indexes without end", Price, good[:5] + b"\xff" * 9),
        ("a message cut short", Price, good[:-1]),
        ("text that is not UTF-8", Price, good.replace(b"paradex", b"para\xffex")),
        ("an order book as a price", Price, encode(depth, 1)),
        ("nothing but a header", Price, good[:6]),
        ("no envelope", Price, good[:6] + no_envelope.SerializeToString()),
        ("no event time", Price, good[:6] + no_time.SerializeToString()),
        ("an impossible event time", Price, good[:6] + bad_time.SerializeToString()),
        ("no market type", Price, good[:6] + no_market.SerializeToString()),
        ("a newer major version", Price, good[:6] + newer.SerializeToString()),
        ("a control character", Price, good[:6] + control.SerializeToString()),
        ("a price with an exponent", Price, good[:6] + bad_price.SerializeToString()),
        ("columns of different lengths", MarketDepth, good[:6] + uneven.SerializeToString()),
        ("a scale without bounds", MarketDepth, good[:6] + scale.SerializeToString()),
        ("unscaled and wide", MarketDepth, good[:6] + both.SerializeToString()),
        ("a value of 17 bytes", MarketDepth, good[:6] + long.SerializeToString()),
        ("groups nested 101 deep", Price, good[:6] + _groups(101) + good[6:]),
    ]
    return [
        {
            "name": name,
            "contract": contract.__name__,
            "frame": frame.hex(),
            **_refusal(frame, contract),
            "peek": _peeked(frame),
        }
        for name, contract, frame in cases
    ]


def accepted_frames() -> Any:
    """What a producer may not send, or sends otherwise, and a consumer takes all the same."""
    price, depth = _price(), _depth()
    full = encode(price, 1)
    later, unordered, minor = _price(), _depth(), _price()
    later.market_type = 7
    minor.envelope.version = "1.42"
    unordered.bids.prices.unscaled[:] = unordered.bids.prices.unscaled[::-1]
    cases: list[tuple[str, type[Any], bytes]] = [
        ("a market type that is not known yet", Price, full[:6] + later.SerializeToString()),
        ("a newer minor version", Price, full[:6] + minor.SerializeToString()),
        ("an unordered book", MarketDepth, full[:6] + unordered.SerializeToString()),
        ("message index [0] in full", Price, full[:5] + b"\2\0" + full[6:]),
        ("a field that is not known yet", Price, full + b"\xa2\x06\1x"),
        ("an order book", MarketDepth, encode(depth, 1)),
        ("a group that is not known", Price, full[:6] + b"\xa3\x06\x08\x01\x13\x14\xa4\x06" + full[6:]),
        ("groups nested 99 deep", Price, full[:6] + _groups(99) + full[6:]),
        ("an identifier twice", Price, full + b"\x2a\x03ETH"),
        ("an identifier that is empty first", Price, full[:6] + b"\x10\0\x2a\0" + full[6:]),
    ]
    return [
        {
            "name": name,
            "contract": contract.__name__,
            "frame": frame.hex(),
            "market_type": decode(frame, contract).market_type,
            "ticker": decode(frame, contract).token_ticker,
            "peek": _peeked(frame),
            "producer": kind(_validate, decode(frame, contract)),
        }
        for name, contract, frame in cases
    ]


def _groups(depth: int) -> bytes:
    """Groups that are not known, one in the other."""
    return b"\xa3\x06" + b"\x0b" * (depth - 1) + b"\x0c" * (depth - 1) + b"\xa4\x06"


def _validate(message: Any) -> None:
    _contract(message).validate(message)


def _price() -> Any:
    return from_json(_COMMON | _PARADEX | _PRICE, Price)


def _depth() -> Any:
    return from_json(_COMMON | _PARADEX | _DEPTH, MarketDepth)


def _refusal(frame: bytes, contract: type[Any]) -> dict[str, Any]:
    try:
        decode(frame, contract)
    except ContractError as error:
        return {"kind": error.kind, "field": getattr(error, "field", None)}
    raise AssertionError(f"{frame.hex()} was accepted")


def _peeked(frame: bytes) -> Any:
    try:
        feed = peek(frame)
    except ContractError as error:
        return {"kind": error.kind}
    return {"key": feed.key if isinstance(feed.market_type, MarketType | str) else None}
