"""Frames of a feed that are laid out beforehand are byte for byte what protobuf makes of the whole message."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from pragma_contracts import MarketType, Price, stamp
from pragma_contracts.rules import FIRST_SECOND, LAST_SECOND, NS
from pragma_contracts.wire.feed_frame import frame_writer
from pragma_contracts.wire.frame import header

ID = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
NANOS = st.integers(0, NS - 1) | st.sampled_from([0, 1, (1 << 21) - 1, 1 << 21, (1 << 28) - 1, 1 << 28, NS - 1])
SECONDS = st.integers(FIRST_SECOND, LAST_SECOND) | st.sampled_from([-1, 0, 1, 1 << 28, 1 << 32, 1 << 35])


def price(producer: str = "pulse", **fields: Any) -> Price:
    message = Price(
        market_type=MarketType.PERPETUAL, network_id="unknown", source_id="paradex", token_ticker="BTC", **fields
    )
    stamp(message, event_time=1, producer=producer)
    return message


def whole(template: Price, event: tuple[int, int], publish_ns: int, payload: Price) -> bytes:
    message = Price()
    message.CopyFrom(template)
    message.MergeFrom(payload)
    envelope = message.envelope
    envelope.message_id = ID
    envelope.event_timestamp.seconds, envelope.event_timestamp.nanos = event
    envelope.publish_timestamp.seconds, envelope.publish_timestamp.nanos = divmod(publish_ns, NS)
    return header(7) + message.SerializeToString(deterministic=True)


@given(st.lists(st.tuples(SECONDS, NANOS, SECONDS, NANOS), min_size=1, max_size=4), st.text(max_size=200))
def test_a_frame_of_any_times_and_producer_is_what_protobuf_writes(
    times: list[tuple[int, int, int, int]], producer: str
) -> None:
    template, payload = price(producer), Price(price="65432.10", metadata={"depth": "2"})
    write = frame_writer(header(7), template)
    for second, nanos, publish_second, publish_nanos in times:
        publish = publish_second * NS + publish_nanos
        frame = write(ID, (second, nanos), publish, payload.SerializeToString(deterministic=True))
        assert frame == whole(template, (second, nanos), publish, payload)


@pytest.mark.parametrize("size", [0, 30, 31, 32, 200])
def test_a_producer_of_any_length_has_the_right_length_before_it(size: int) -> None:
    template = price("p" * size)
    write = frame_writer(header(7), template)
    event, publish = (1_700_000_000, 123_456_789), 1_700_000_000_987_654_321
    assert write(ID, event, publish, b"") == whole(template, event, publish, Price())


def test_the_writers_of_two_feeds_do_not_share_what_they_remember() -> None:
    first, second = price(), price("demo")
    writers = [frame_writer(header(7), template) for template in (first, second)]
    for event in ((1, 5), (2, 1 << 28), (1, 1 << 28)):
        for write, template in zip(writers, (first, second), strict=True):
            assert write(ID, event, NS, b"") == whole(template, event, NS, Price())
