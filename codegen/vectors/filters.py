"""Vectors of filters, with the feeds that they accept."""

from typing import Any

from pragma_contracts import Feed, FeedFilter, feeds

_FILTER_FEEDS = [
    *("perp-unknown-paradex-BTC", "perp-unknown-bybit-BTC", "spot-unknown-bybit-BTC", "spot-ethereum-ekubo-ETH"),
    *("options-unknown-deribit-BTC", "prediction-unknown-polymarket-X"),
]
_FILTERS: list[Any] = [
    {},
    {"market_type": ["perpetual"]},
    {"market_type": ["spot", "options"]},
    {"network_id": ["unknown"], "token_ticker": ["BTC"]},
    {"source_id": ["paradex", "bybit"]},
    {"and": [{"market_type": ["perpetual"]}, {"source_id": ["bybit"]}]},
    {"or": [{"market_type": ["options"]}, {"network_id": ["ethereum"]}]},
    {"not": {"market_type": ["spot"]}},
    {"and": [{"not": {"source_id": ["bybit"]}}, {"or": [{"token_ticker": ["BTC"]}, {"token_ticker": ["X"]}]}]},
]


def filters() -> Any:
    """Filters as trees, with the keys of the feeds that each accepts."""
    read = [(key, Feed.parse(key)) for key in _FILTER_FEEDS]
    return [
        {"filter": tree, "accepts": [key for key, feed in read if condition(tree)(feed)], "feeds": _FILTER_FEEDS}
        for tree in _FILTERS
    ]


def condition(tree: Any) -> FeedFilter:
    """The filter that a tree of and, or, not and identifiers says."""
    if "and" in tree:
        return condition(tree["and"][0]) & condition(tree["and"][1])
    if "or" in tree:
        return condition(tree["or"][0]) | condition(tree["or"][1])
    return ~condition(tree["not"]) if "not" in tree else feeds(**tree)
