"""Records that cannot be used, amid good ones: one clear error each, and nothing good is lost."""

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from pragma_contracts import BookSide, Consumer, DecimalColumn, MarketDepth, Price, Record, encode, stamp
from pragma_contracts.errors import BadRecord, ContractError
from pragma_contracts.messages import CONTRACTS
from pragma_contracts.stream.ids import producer_ids
from pragma_contracts.testing import Stack
from tests.stream.poison import KEY, poison

Read = Callable[[Consumer, int], list[Record]]
Write = Callable[..., None]


def consumer(stack: Stack, **options: Any) -> Consumer:
    given = {"group": str(uuid.uuid4()), "contracts": [Price], "start": "earliest", **options}
    return Consumer(stack.bootstrap, registry=stack.registry_url, **given)


def schema_id(stack: Stack, message: type[Any]) -> int:
    ids = producer_ids(CONTRACTS, registry=stack.registry_url)
    return next(ids[contract] for contract in CONTRACTS if contract.message is message)


def amid_good(frame_of: Any, stack: Stack) -> tuple[list[tuple[bytes | None, bytes | None]], list[type[ContractError]]]:
    """A good record before each bad one and after the last."""
    good, foreign = schema_id(stack, Price), schema_id(stack, MarketDepth)
    pairs: list[tuple[bytes | None, bytes | None]] = [(KEY, frame_of(good))]
    errors = []
    for key, value, error in poison(good, foreign):
        pairs += [(key, value), (KEY, frame_of(good))]
        errors.append(error)
    return pairs, errors


def test_skipped_records_are_counted_and_logged_once_per_kind(
    kafka: Stack, write: Write, read: Read, frame_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pairs, errors = amid_good(frame_of, kafka)
    write(kafka, *pairs)
    with caplog.at_level(logging.WARNING), consumer(kafka, on_error="skip") as stream:
        records = read(stream, len(errors) + 1)
        stats = stream.stats
    assert [record.offset for record in records] == list(range(0, len(pairs), 2))
    expected = Counter(error.kind for error in errors)
    assert stats.bad == expected
    assert (stats.consumed, stats.decoded) == (len(pairs), len(records))
    told = [text for text in caplog.messages if "skipped" in text]
    assert len(told) == len(expected)
    assert "pragma-prices-v1 [0] at offset 1: frame of 0 bytes" in told[0]


@pytest.mark.parametrize("max_messages", [1, 3, 500])
def test_each_bad_record_is_raised_in_its_turn_and_nothing_good_is_lost(
    kafka: Stack, write: Write, frame_of: Any, max_messages: int
) -> None:
    pairs, errors = amid_good(frame_of, kafka)
    write(kafka, *pairs)
    seen: list[tuple[int, type[ContractError] | None]] = []
    with consumer(kafka) as stream:
        while len(seen) < len(pairs):
            try:
                records = stream.consume(max_messages, timeout=30.0)
            except BadRecord as bad:
                assert (bad.topic, bad.partition) == ("pragma-prices-v1", 0)
                assert bad.__cause__ is bad.error
                seen.append((bad.offset, type(bad.error)))
            else:
                assert records, "nothing came within 30 s"
                seen += [(record.offset, None) for record in records]
        assert stream.stats.bad == Counter(error.kind for error in errors)
    wanted = [None if at % 2 == 0 else errors[at // 2] for at in range(len(pairs))]
    assert seen == list(enumerate(wanted))


def test_an_iteration_goes_on_after_the_bad_record(kafka: Stack, write: Write, frame_of: Any) -> None:
    good = schema_id(kafka, Price)
    write(kafka, (KEY, frame_of(good)), (KEY, b""), (KEY, frame_of(good)))
    with consumer(kafka) as stream:
        assert next(stream).offset == 0
        with pytest.raises(BadRecord, match=r"pragma-prices-v1 \[0\] at offset 1: frame of 0 bytes"):
            next(stream)
        assert next(stream).offset == 2


def test_bad_books_are_bad_records(kafka: Stack, write: Write, read: Read) -> None:
    def frame(bids: BookSide) -> bytes:
        message = MarketDepth(market_type=2, network_id="unknown", source_id="paradex", token_ticker="BTC", bids=bids)
        stamp(message, event_time=1)
        return encode(message, schema_id(kafka, MarketDepth), validate=False)

    one = DecimalColumn(unscaled=[1])
    bad = [
        BookSide(prices=DecimalColumn(scale=4_294_967_295, unscaled=[1]), quantities=one),
        BookSide(prices=DecimalColumn(unscaled=[2, 1]), quantities=one),
        BookSide(prices=DecimalColumn(unscaled=[1], wide=[b"\x01"]), quantities=one),
        BookSide(prices=DecimalColumn(wide=[b"\x7f" * 17]), quantities=one),
    ]
    pairs = [(KEY, frame(side)) for side in [*bad, BookSide(prices=one, quantities=one)]]
    write(kafka, *pairs, topic="pragma-orderbook-v1")
    with consumer(kafka, contracts=[MarketDepth], on_error="skip") as stream:
        read(stream, 1)
        assert stream.stats.bad == {"content": len(bad)}


def test_without_validation_contents_are_not_checked_but_keys_and_frames_are(
    kafka: Stack, write: Write, read: Read, frame_of: Any
) -> None:
    good = schema_id(kafka, Price)
    write(
        kafka,
        (KEY, frame_of(good, price="1e5")),
        (KEY, b""),
        (KEY, frame_of(good, token_ticker="ETH")),
        (KEY, frame_of(good)),
    )
    with consumer(kafka, validate=False, on_error="skip") as stream:
        records: list[Any] = read(stream, 2)
        assert stream.stats.bad == {"frame": 1, "key_mismatch": 1}
    assert [record.message.price for record in records] == ["1e5", "65432.10"]


def test_a_key_mismatch_names_both_feeds(kafka: Stack, write: Write, frame_of: Any) -> None:
    write(kafka, (KEY, frame_of(schema_id(kafka, Price), market_type=1, network_id="a-b")))
    with consumer(kafka) as stream, pytest.raises(BadRecord) as caught:
        stream.consume(timeout=30.0)
    assert str(caught.value.error) == (
        "the record key is 'perp-unknown-paradex-BTC' but the payload is of 'spot-a%2Db-paradex-BTC'"
    )
