"""Filters of feeds: what they match, how they combine, and which ones are refused."""

import pickle

import pytest
from hypothesis import given, strategies as st

from pragma_contracts.errors import ConfigurationError
from pragma_contracts.messages import MarketType
from pragma_contracts.stream.filter import FeedFilter, feeds
from pragma_contracts.wire.feed import Feed

PERP = Feed(MarketType.PERPETUAL, "unknown", "paradex", "BTC")
SPOT = Feed(MarketType.SPOT, "ethereum", "ekubo", "ETH")
NEWER_TOKEN = Feed("lending", "unknown", "paradex", "BTC")
NEWER_NUMBER = Feed(77, "unknown", "paradex", "BTC")

FEEDS = st.builds(
    Feed,
    st.sampled_from([MarketType.SPOT, MarketType.PERPETUAL, MarketType.OPTIONS, 77, "lending"]),
    st.sampled_from(["unknown", "ethereum"]),
    st.sampled_from(["paradex", "bybit", "ekubo"]),
    st.sampled_from(["BTC", "ETH", "SKL-GBP"]),
)
LEAVES = st.builds(
    feeds,
    market_type=st.none() | st.sets(st.sampled_from(["spot", "perp", "options"]), min_size=1),
    network_id=st.none() | st.sampled_from(["unknown", "ethereum"]),
    source_id=st.none() | st.sets(st.sampled_from(["paradex", "bybit", "ekubo"]), min_size=1),
    token_ticker=st.none() | st.sampled_from(["BTC", "ETH", "SKL-GBP"]),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda a, b: a & b, inner, inner)
        | st.builds(lambda a, b: a | b, inner, inner)
        | st.builds(lambda a: ~a, inner)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("perpetual", [MarketType.PERPETUAL, "perp", "perpetual", {"perp"}, [MarketType.PERPETUAL]])
def test_a_market_type_is_named_by_its_member_its_text_or_its_token(perpetual: MarketType | str) -> None:
    assert feeds(market_type=perpetual)(PERP)
    assert not feeds(market_type=perpetual)(SPOT)


def test_every_identifier_must_be_among_the_given_ones() -> None:
    wanted = feeds(network_id="unknown", source_id={"paradex", "bybit"}, token_ticker=("BTC", "ETH"))
    assert wanted(PERP)
    assert not wanted(SPOT)
    assert not wanted(Feed(MarketType.PERPETUAL, "unknown", "paradex", "SOL"))


def test_no_identifier_takes_every_feed() -> None:
    assert all(map(feeds(), [PERP, SPOT, NEWER_TOKEN, NEWER_NUMBER]))


@pytest.mark.parametrize("newer", [NEWER_TOKEN, NEWER_NUMBER])
def test_an_unknown_market_type_matches_no_filter_that_names_one(newer: Feed) -> None:
    every = feeds(market_type={"spot", "perpetual", "options"})
    assert not every(newer)
    assert (~every)(newer)
    assert feeds(source_id="paradex")(newer)


@given(FILTERS, FILTERS, FEEDS)
def test_filters_combine_as_logic_does(a: FeedFilter, b: FeedFilter, feed: Feed) -> None:
    assert (a & b)(feed) == (a(feed) and b(feed))
    assert (a | b)(feed) == (a(feed) or b(feed))
    assert (~a)(feed) == (not a(feed))
    assert (~(a & b))(feed) == (~a | ~b)(feed)


@given(FILTERS, FEEDS)
def test_the_repr_of_a_filter_makes_it_again(a: FeedFilter, feed: Feed) -> None:
    again = eval(repr(a), {"feeds": feeds})
    assert again == a
    assert hash(again) == hash(a)
    assert pickle.loads(pickle.dumps(a)) == a


def test_a_filter_reads_as_it_was_written() -> None:
    perps = feeds(market_type="perp") & ~feeds(source_id={"paradex", "bybit"})
    assert repr(perps) == "(feeds(market_type='perpetual') & ~feeds(source_id={'bybit', 'paradex'}))"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"market_type": "swap"}, "market_type: 'swap' is no market type; write a MarketType or one of spot"),
        ({"market_type": ""}, "market_type: '' is no market type"),
        ({"market_type": MarketType.UNSPECIFIED}, "is no market type"),
        ({"market_type": 2}, "market_type: 2 is no market type"),
        ({"source_id": set()}, "source_id: names no value, so no feed would ever match; leave it out"),
        ({"network_id": ""}, "network_id: '' must be text"),
        ({"token_ticker": ["BTC", None]}, "token_ticker: None must be text"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(options: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        feeds(**options)  # type: ignore[arg-type]  # that is the point
    assert problem in str(caught.value)


def test_a_filter_combines_with_filters_only() -> None:
    with pytest.raises(TypeError):
        feeds() & (lambda feed: True)  # type: ignore[operator]  # that is the point
