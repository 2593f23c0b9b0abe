"""A valid message of each of today's contracts."""

import pytest

from pragma_contracts import MarketDepth, MarketType, Price, book, stamp

TIME = 1_766_000_000_123_456_789


@pytest.fixture
def price() -> Price:
    """A stamped price."""
    message = Price(
        market_type=MarketType.SPOT, network_id="unknown", source_id="binance", token_ticker="BTC", price="65432.10"
    )
    stamp(message, event_time=TIME)
    return message


@pytest.fixture
def depth() -> MarketDepth:
    """A stamped book with two levels a side."""
    message = MarketDepth(
        market_type=MarketType.PERPETUAL, network_id="unknown", source_id="paradex", token_ticker="BTC"
    )
    book.write(message.bids, [("398.7", "1"), ("398.65", "0.25")])
    book.write(message.asks, [("398.70001", "2"), ("399", "10")])
    stamp(message, event_time=TIME)
    return message
