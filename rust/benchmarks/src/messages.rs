//! The messages whose frames are read: a price and an order book of 50 levels a side.

use pragma_contracts::{BookSide, Contract, Decimal, Level, MarketDepth, MarketType, Price};
use prost_types_014::Timestamp;

const LEVELS: i128 = 50;

pub(crate) fn price() -> Price {
    let mut price = Price {
        market_type: MarketType::Perpetual.into(),
        network_id: "unknown".into(),
        source_id: "paradex".into(),
        token_ticker: "BTC".into(),
        price: "65432.10".into(),
        ..Price::default()
    };
    let envelope = price.envelope.get_or_insert_default();
    let time = Timestamp {
        seconds: 1_769_860_800,
        nanos: 123_456_000,
    };
    envelope.message_id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".into();
    (envelope.event_timestamp, envelope.publish_timestamp) = (Some(time), Some(time));
    envelope.producer = "pulse".into();
    envelope.version = Price::VERSION.into();
    price
}

pub(crate) fn book() -> MarketDepth {
    let side = |sign: i128| {
        let level = |at: i128| Level {
            price: Decimal::new(6_543_210 + sign * (at + 1) * 7, 2).unwrap(),
            quantity: Decimal::new(12_345 * (at + 1), 5).unwrap(),
        };
        BookSide::from_levels((0..LEVELS).map(level)).unwrap()
    };
    let price = price();
    MarketDepth {
        envelope: price.envelope,
        market_type: price.market_type,
        network_id: price.network_id,
        source_id: price.source_id,
        token_ticker: price.token_ticker,
        bids: Some(side(-1)),
        asks: Some(side(1)),
        ..MarketDepth::default()
    }
}
