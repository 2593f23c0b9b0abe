"""Feeds and record keys: the user's layout, its exact inverse, and Java's partitions."""

import math
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from pragma_contracts import Feed, MarketType
from pragma_contracts.errors import ConfigurationError, InvalidFeed
from pragma_contracts.wire.feed import murmur2

component = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
known = [member for member in MarketType if member]
market_types = st.sampled_from(known) | component


@pytest.mark.parametrize(
    ("feed", "key"),
    [
        (Feed(MarketType.PERPETUAL, "unknown", "paradex", "BTC"), "perp-unknown-paradex-BTC"),
        (Feed(MarketType.SPOT, "ethereum", "ekubo", "ETH"), "spot-ethereum-ekubo-ETH"),
        (Feed(MarketType.OPTIONS, "unknown", "deribit", "BTC-27MAR26-C"), "options-unknown-deribit-BTC-27MAR26-C"),
        (Feed(MarketType.SPOT, "base-sepolia", "50%off", "A-B%"), "spot-base%2Dsepolia-50%25off-A-B%"),
        (Feed("futures", "unknown", "cme", "BTC"), "futures-unknown-cme-BTC"),
    ],
)
def test_a_feed_and_its_key_are_each_other(feed: Feed, key: str) -> None:
    assert feed.key == key
    assert Feed.parse(key) == feed
    assert Feed.parse(key.encode()) == feed


def test_the_payload_spelling_of_a_market_type_is_taken_in_a_key() -> None:
    assert Feed.parse("perpetual-unknown-paradex-BTC") == Feed(MarketType.PERPETUAL, "unknown", "paradex", "BTC")
    assert Feed("perp", "unknown", "x", "BTC") == Feed("perpetual", "unknown", "x", "BTC")


@settings(max_examples=1_000, deadline=None)
@given(st.integers(0, 2**64))
def test_a_hundred_thousand_feeds_parse_back_to_themselves(seed: int) -> None:
    random = Random(seed)
    for _ in range(100):
        market_type, *rest = ("".join(random.choices("-%25DaZ €\u00a0😀", k=random.randint(1, 9))) for _ in range(4))
        feed = Feed(random.choice((*known, market_type)), *rest)  # type: ignore[arg-type]
        assert Feed.parse(feed.key) == feed


@settings(max_examples=2_000, deadline=None)
@given(market_types, component, component, component)
def test_every_feed_parses_back_to_itself(
    market_type: MarketType | str, network: str, source: str, ticker: str
) -> None:
    feed = Feed(market_type, network, source, ticker)
    assert Feed.parse(feed.key) == feed


@settings(max_examples=2_000, deadline=None)
@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_other_key_is_foreign_or_canonical(key: str | bytes) -> None:
    try:
        feed = Feed.parse(key)
    except InvalidFeed:
        return
    text = key.decode() if isinstance(key, bytes) else key
    assert feed.key == text.replace("perpetual-", "perp-", 1)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "BTC",
        "spot-unknown-BTC",
        "spot--binance-BTC",
        "spot-unknown-binance-",
        "spot-un%known-binance-BTC",
        "spot-un%2dknown-binance-BTC",
        "spot-unknown-binance-B\nTC",
        "spot-unknown-bin\x85ance-BTC",
        b"spot-\xff-a-b",
    ],
)
def test_a_key_that_breaks_the_layout_is_foreign(key: str | bytes) -> None:
    with pytest.raises(InvalidFeed):
        Feed.parse(key)


def test_an_unknown_market_type_stays_unknown() -> None:
    feed = Feed(7, "unknown", "cme", "BTC")
    assert feed.market_type == 7
    assert feed.market_type not in list(MarketType)
    with pytest.raises(InvalidFeed, match="no key token"):
        _ = feed.key


@pytest.mark.parametrize("market_type", [0, MarketType.UNSPECIFIED, True, None, "", 1 << 31, -(1 << 31) - 1])
def test_no_feed_without_a_market_type(market_type: object) -> None:
    with pytest.raises(InvalidFeed, match="market_type"):
        Feed(market_type, "unknown", "binance", "BTC")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "signed"),
    [  # from Kafka's own UtilsTest.testMurmur2
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_javas(data: bytes, signed: int) -> None:
    assert murmur2(data) == signed & 0xFFFFFFFF


@settings(max_examples=500, deadline=None)
@given(component, st.integers(1, 1000))
def test_partitions_are_those_of_librdkafka(ticker: str, count: int) -> None:
    import confluent_kafka

    feed = Feed(MarketType.SPOT, "unknown", "binance", ticker)
    assert feed.partition(count) == confluent_kafka.murmur2(feed.key.encode(), count)


@pytest.mark.parametrize("count", [0, -1, 1.5, 4.0, math.nan, math.inf, True, "4", None])
def test_a_topic_without_whole_partitions_is_refused(count: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Feed(MarketType.SPOT, "a", "b", "c").partition(count)  # type: ignore[arg-type]
    assert str(caught.value) == f"count: a topic has at least one partition, an int, not {count!r}"


def test_a_feed_without_a_key_has_no_partition() -> None:
    with pytest.raises(InvalidFeed, match="no key token"):
        Feed(7, "a", "b", "c").partition(1)
