"""What is known of a frame at a glance is what reading it field by field says: no bad frame is let through."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given, strategies as st

from pragma_contracts import MarketDepth, MarketType, Price, decode, encode, stamp
from pragma_contracts.contract import Contract
from pragma_contracts.errors import InvalidMessage
from pragma_contracts.rules import NS
from pragma_contracts.wire.glance import Glance
from pragma_contracts.wire.lookup import contract_of
from pragma_contracts.wire.native import Frames, native

CONTRACT: Contract[Any] = contract_of(Price)
GLANCE = Glance(CONTRACT, often=True)
# Whatever looks at frames here; without the compiled code there is but one.
LOOKS: list[Frames] = [GLANCE] if native is None else [GLANCE, native.Frames(CONTRACT.topic)]


def frame(price: str = "65432.10", event_ns: int = 1_700_000_000_123_456_789, **fields: Any) -> bytes:
    feed = {"network_id": "unknown", "source_id": "paradex", "token_ticker": "BTC"} | fields
    message = Price(market_type=MarketType.PERPETUAL, price=price, **feed)
    stamp(message, event_time=event_ns)
    return encode(message, 258)


GOOD = frame()
LATE = frame(event_ns=1_700_000_000_987_654_321)
KEY = b"perp-unknown-paradex-BTC"
NAME = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=24)
DECIMAL = st.decimals(-(10**20), 10**20, places=8).map(lambda value: f"{value:f}")
TIME = st.integers(10**18, 4 * 10**18)


def parsed(data: bytes) -> Price | None:
    """What protobuf reads, which is always asked first; None for what it refuses, such as text that is not UTF-8."""
    try:
        return Price.FromString(data[6:])
    except (DecodeError, UnicodeDecodeError):
        return None


@pytest.mark.parametrize("look", LOOKS)
def test_a_frame_that_the_producer_writes_is_known_at_a_glance(look: Frames) -> None:
    assert look.payload(GOOD) == GOOD[6:]
    assert look.payload_of(GOOD, KEY) == GOOD[6:]
    for key in (None, b"", b"perp-unknown-paradex-ETH", b"spot-unknown-paradex-BTC", KEY + b"C", KEY[:-1], b"\xff"):
        assert look.payload_of(GOOD, key) is None


def test_so_is_one_in_any_other_buffer() -> None:
    assert GLANCE.payload(memoryview(GOOD)) == GOOD[6:]
    assert decode(memoryview(GOOD), Price) == decode(bytearray(GOOD), Price) == decode(GOOD, Price)


@given(DECIMAL, TIME, NAME, NAME, NAME)
def test_so_is_nearly_every_other_one(price: str, event_ns: int, network: str, source: str, ticker: str) -> None:
    data = frame(price, event_ns, network_id=network, source_id=source, token_ticker=ticker)
    message = Price.FromString(data[6:])
    key = CONTRACT.key(message)
    for look in LOOKS[1:]:
        assert look.payload(data) == look.payload_of(data, key) == data[6:]
    parts = message.envelope
    nanos = parts.event_timestamp.nanos, parts.publish_timestamp.nanos
    found = GLANCE.payload(data), GLANCE.payload_of(data, key)
    # Those with a few nanoseconds, or close to a full second, are checked field by field.
    if all((1 << 21) <= each < 998_000_000 or not each for each in nanos):
        assert found == (data[6:], data[6:])
    else:
        assert found in ((data[6:], data[6:]), (None, None))


# What each change makes of a good frame; the places are anywhere in it.
CHANGES = {
    "replace": lambda data, at, some: data[:at] + some + data[at + len(some) :],
    "insert": lambda data, at, some: data[:at] + some + data[at:],
    "delete": lambda data, at, some: data[:at] + data[at + len(some) :],
    "repeat": lambda data, at, some: data[:at] + data[at - len(some) : at] + data[at:],
    "append": lambda data, at, some: data + some,
    "longer": lambda data, at, some: data[:at] + bytes(((data[at] + len(some)) % 256,)) + data[at + 1 :] + some,
}
SOME = st.binary(min_size=1, max_size=4) | st.sampled_from(
    [b"\x10\0", b"\x2a\0", b"\x0a\0", b"\x0a\2\x12\0", b"\x32\0", b"\x1a\1\n", b"\x32\3abc", b"\x7a\0", b'"*2']
)


@given(st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(6, len(GOOD) - 1), SOME), max_size=3))
@example([("append", 6, b"\x10\0")])
@example([("append", 6, b"\x32\0")])
def test_no_frame_that_is_bad_passes_at_a_glance(changes: list[tuple[str, int, bytes]]) -> None:
    data = GOOD
    for name, at, some in changes:
        data = CHANGES[name](data, min(at, len(data) - 1), some)
    for look in LOOKS:
        found = look.payload(data)
        message = None if found is None else parsed(data)
        if message is not None:
            assert found == data[6:]
            CONTRACT.check(message)
            key = CONTRACT.key(message) if message.market_type in set(MarketType) else b""
            assert look.payload_of(data, KEY) == (found if key == KEY else None)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("a price with a leading zero", GOOD.replace(b"65432.10", b"05432.10")),
        ("a price with an exponent", GOOD.replace(b"65432.10", b"654e2.10")),
        ("no market type", GOOD.replace(b"\x10\x02\x1a", b"\x10\x00\x1a")),
        ("another major version", GOOD.replace(b"\x2a\x031.1", b"\x2a\x032.1")),
        ("a control character", GOOD.replace(b"paradex", b"para\nex")),
        ("text that is not UTF-8", GOOD.replace(b"paradex", b"para\xffex")),
        ("a second and more of nanoseconds", LATE.replace(b"\xb1\xd1\xf9\xd6\x03", b"\xff\xff\xff\xff\x03")),
        ("a market type twice, the last time unspecified", GOOD + b"\x10\0"),
        ("another feed behind the price", GOOD + b"\x2a\1\n"),
    ],
)
def test_what_breaks_the_contract_is_not_known_at_a_glance(name: str, bad: bytes) -> None:
    assert bad not in (GOOD, LATE)
    assert [look.payload(bad) for look in LOOKS] == [None] * len(LOOKS), name
    message = parsed(bad)
    if message is not None:
        with pytest.raises(InvalidMessage):
            CONTRACT.check(message)


def test_metadata_and_other_contracts_are_not_known_by_an_expression() -> None:
    message = decode(GOOD, Price)
    message.metadata["depth"] = "2"
    assert GLANCE.payload(encode(message, 258)) is None
    depth = MarketDepth(market_type=2, network_id="unknown", source_id="paradex", token_ticker="BTC")
    stamp(depth, event_time=NS)
    assert Glance(contract_of(MarketDepth), often=True).payload(encode(depth, 258)) is None


def test_decode_refuses_bad_frames_however_many_it_has_seen() -> None:
    bad = GOOD.replace(b"65432.10", b"05432.10")
    for _ in range(300):
        assert decode(GOOD, Price).price == "65432.10"
        with pytest.raises(InvalidMessage, match=r"price = '05432\.10'"):
            decode(bad, Price)
