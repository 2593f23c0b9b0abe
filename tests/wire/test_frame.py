"""Frames and peeking: literal bytes, and one clear error for everything else."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings, strategies as st

from pragma_contracts import ContractError, Feed, MarketDepth, MarketType, Price, decode, encode, peek
from pragma_contracts.errors import ConfigurationError, InvalidFeed, InvalidFrame, InvalidMessage, NotAContract
from pragma_contracts.wire.frame import header, split


@pytest.mark.parametrize(
    ("schema_id", "expected"),
    [(1, "00 00000001 00"), (258, "00 00000102 00"), (0x7FFFFFFF, "00 7fffffff 00")],
)
def test_header_bytes(schema_id: int, expected: str) -> None:
    assert header(schema_id) == bytes.fromhex(expected)
    assert split(header(schema_id)) == (schema_id, 6)


@pytest.mark.parametrize("schema_id", [0, -1, 1 << 31, 1.0, True, "1", None])
def test_an_impossible_schema_id_is_refused(price: Price, schema_id: Any) -> None:
    acts: list[Callable[[], bytes]] = [lambda: header(schema_id), lambda: encode(price, schema_id)]
    for act in acts:
        with pytest.raises(ConfigurationError) as caught:
            act()
        assert str(caught.value) == f"schema_id: must be an int from 1 to 2147483647, not {schema_id!r}"


def test_a_frame_may_be_any_buffer(price: Price) -> None:
    frame = encode(price, 3)
    for buffer in frame, bytearray(frame), memoryview(frame), memoryview(b"x" + frame)[1:]:
        assert decode(buffer, Price) == price
        assert decode(buffer, ids={3: Price}) == price
        assert peek(buffer) == Feed(MarketType.SPOT, "unknown", "binance", "BTC")


def test_decode_needs_a_class(price: Price) -> None:
    with pytest.raises(ConfigurationError, match="name the message class to decode, or give ids="):
        decode(encode(price, 1))  # type: ignore[call-overload]


def test_messages_survive_the_frame(price: Price, depth: MarketDepth) -> None:
    assert decode(encode(price, 3), Price) == price
    assert decode(encode(depth, 3), MarketDepth) == depth
    assert decode(encode(depth, 9), ids={3: Price, 9: MarketDepth}) == depth


def test_the_same_message_always_gives_the_same_bytes(price: Price) -> None:
    other = Price.FromString(price.SerializeToString())
    for name in "zebra", "ant", "mole":
        price.metadata[name] = name
    for name in "mole", "zebra", "ant":
        other.metadata[name] = name
    assert encode(price, 1) == encode(other, 1)


def test_the_long_form_of_message_index_zero_is_read(price: Price) -> None:
    frame = bytes.fromhex("00 00000005 02 00") + price.SerializeToString()
    assert decode(frame, Price) == price
    assert peek(frame) == Feed(MarketType.SPOT, "unknown", "binance", "BTC")


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ("", "frame of 0 bytes, at byte 0: is empty"),
        ("00", "frame of 1 bytes, at byte 1: ends inside its 6-byte header"),
        ("00 0000", "frame of 3 bytes, at byte 3: ends inside its 6-byte header"),
        ("00 00000001", "frame of 5 bytes, at byte 5: ends inside its 6-byte header"),
        ("7b 00000001 00", "frame of 6 bytes, at byte 0: begins with 0x7b, not with the magic byte 0x00"),
        (
            "00 00000001 02 02",
            "frame of 7 bytes, at byte 5: has message index [1]; a contract is the first message of its file, [0]",
        ),
        (
            "00 00000001 04 02 00",
            "frame of 8 bytes, at byte 5: has message index [1, 0]; a contract is the first message of its file, [0]",
        ),
        ("00 00000001 ffffffffff", "frame of 10 bytes, at byte 10: has message indexes that are no varints"),
    ],
)
def test_what_is_no_frame_says_why(frame: str, sentence: str) -> None:
    for read in (lambda data: decode(data, Price), peek):
        with pytest.raises(InvalidFrame) as caught:
            read(bytes.fromhex(frame))
        assert str(caught.value) == sentence


def test_a_payload_of_something_else_says_so() -> None:
    with pytest.raises(InvalidFrame, match=r"at byte 6: holds no Price"):
        decode(b"\0\0\0\0\1\0\xff\xff\xff", Price)


def test_an_empty_payload_is_an_invalid_message() -> None:
    with pytest.raises(InvalidMessage, match=r"Price \(pragma-prices-v1\): envelope = None: is missing"):
        decode(header(1), Price)
    with pytest.raises(InvalidFeed, match="network_id"):
        peek(header(1))


def test_an_unknown_schema_id_without_a_contract_names_the_known_ones(price: Price) -> None:
    with pytest.raises(NotAContract, match="schema id 4 belongs to no contract; known: 3, 9"):
        decode(encode(price, 4), ids={9: Price, 3: Price})


def test_an_unstamped_message_is_not_encoded(price: Price) -> None:
    price.envelope.version = ""
    with pytest.raises(InvalidMessage, match=r"envelope\.version"):
        encode(price, 1)


def test_peek_needs_no_order_and_no_type(depth: MarketDepth) -> None:
    expected = Feed(MarketType.PERPETUAL, "unknown", "paradex", "BTC")
    assert peek(encode(depth, 1)) == expected
    shuffled = b""
    for part in (
        MarketDepth(token_ticker="BTC"),
        MarketDepth(asks=depth.asks, metadata={"a": "b"}),
        MarketDepth(source_id="paradex"),
        MarketDepth(bids=depth.bids),
        MarketDepth(network_id="unknown"),
        MarketDepth(market_type=MarketType.PERPETUAL),
    ):
        shuffled += part.SerializeToString()
    assert peek(header(1) + shuffled) == expected


_FEED = Feed(MarketType.SPOT, "n", "s", "t")
_REST = "1a016e 220173 2a0174"  # network_id "n", source_id "s", token_ticker "t"


@pytest.mark.parametrize(
    "payload",
    [
        f"1001 {_REST}",
        f"1001 1002 {_REST}",  # two market types: the first counts
        f"1000 1001 {_REST}",  # zero is no market type at all
        f"1001 1a00 {_REST}",  # and an empty text is none
        f"1001 1a016e 1a016f {_REST}",
        f"1001 {_REST} 2a0175 07 ff",  # what follows the four is not looked at
        f"0801 0d00000000 390000000000000000 {_REST} 1001",  # fields of every wire type
        f"1d00000000 1801 1201ff 1001 {_REST}",  # even under our numbers
        f"f304 f404 1001 {_REST}",  # an empty group
        f"f304 0801 1a03616263 1d00000000 190000000000000000 fb04 1001 fc04 f404 1001 {_REST}",  # a group in a group
    ],
)
def test_peek_skips_what_is_no_identifier(payload: str) -> None:
    assert peek(header(1) + bytes.fromhex(payload.replace(" ", ""))) == _FEED


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (f"0001 1001 {_REST}", "has a field with the number 0, which no field can have"),
        (f"0200 1001 {_REST}", "has a field with the number 0, which no field can have"),
        (f"808080801001 1001 {_REST}", "has a field with the number 536870912, which no field can have"),
        (f"0c 1001 {_REST}", "has wire type 4 where no field can have it"),
        (f"0e 1001 {_REST}", "has wire type 6 where no field can have it"),
        (f"0f 1001 {_REST}", "has wire type 7 where no field can have it"),
        ("f304 0801", "ends inside a group"),
        ("f304 1a7f", "ends inside a group"),
        ("f304 fc04", "ends a group 79 that was not the last to begin"),
        (f"{'f304' * 101} {'f404' * 101} 1001 {_REST}", "nests groups more than 100 deep"),
        ("1a7f6e", "ends inside a field"),
        ("3a7f6e", "ends inside a field"),
        ("0d00", "ends inside a field"),
        ("1a02c328", "has text that is not UTF-8: invalid continuation byte"),
        ("ff", "ends inside a varint, or has one that is too long"),
    ],
)
def test_peek_and_decode_refuse_what_is_no_protobuf(payload: str, sentence: str) -> None:
    frame = header(1) + bytes.fromhex(payload)
    with pytest.raises(InvalidFrame) as caught:
        peek(frame)
    assert sentence in str(caught.value)
    with pytest.raises(InvalidFrame, match="holds no Price"):
        decode(frame, Price)


@pytest.mark.parametrize("payload", ["", "1000", f"1000 {_REST}", "1001 1a00 220173 2a0174"])
def test_peek_misses_an_identifier(payload: str) -> None:
    with pytest.raises(InvalidFeed, match="= None: is missing"):
        peek(header(1) + bytes.fromhex(payload))


def test_text_that_is_not_utf8_is_no_frame_to_pure_python_protobuf(root: Path) -> None:
    script = """
from google.protobuf.internal import api_implementation
from pragma_contracts import Price, decode
from pragma_contracts.errors import InvalidFrame
assert api_implementation.Type() == "python"
try:
    decode(bytes.fromhex("000000000100" "3202c328"), Price)
except InvalidFrame as error:
    print(error)
"""
    env = os.environ | {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("frame of 10 bytes, at byte 6: holds no Price: ")


def test_an_unknown_market_type_is_kept(price: Price) -> None:
    price.market_type = 7
    frame = encode(price, 1, validate=False)
    assert decode(frame, Price).market_type == 7
    assert peek(frame).market_type == 7
    price.market_type = -1
    assert peek(encode(price, 1, validate=False)).market_type == -1


@pytest.mark.parametrize("cls", [Price, MarketDepth])
@settings(max_examples=3_000, deadline=None)
@given(data=st.data())
def test_random_bytes_give_only_errors_of_the_tree(cls: type[Message], data: st.DataObject) -> None:
    frame = data.draw(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: header(1) + tail))
    for read in (lambda: decode(frame, cls), lambda: peek(frame)):
        try:
            read()
        except ContractError as error:
            assert "\n" not in str(error)


@settings(max_examples=2_000, deadline=None)
@given(st.data())
def test_damaged_frames_give_only_errors_of_the_tree(data: st.DataObject) -> None:
    whole = bytearray(_DEPTH)
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    frame = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    for read in (
        lambda: decode(frame, MarketDepth),
        lambda: decode(frame, MarketDepth, validate=False),
        lambda: peek(frame),
    ):
        try:
            read()
        except ContractError as error:
            assert "\n" not in str(error)


def _frame_of_a_book() -> bytes:
    message = MarketDepth(market_type=1, network_id="unknown", source_id="binance", token_ticker="BTC-EUR")
    message.envelope.event_timestamp.seconds = 1
    message.envelope.version = "1.1"
    message.bids.prices.unscaled.extend(range(40, 0, -1))
    message.bids.quantities.unscaled.extend(range(40))
    message.metadata["a"] = "b"
    return encode(message, 1)


_DEPTH = _frame_of_a_book()


def test_messages_pickle(price: Price, depth: MarketDepth) -> None:
    assert pickle.loads(pickle.dumps([price, depth])) == [price, depth]
