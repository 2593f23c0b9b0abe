//! What promises not to allocate does not.
#![allow(clippy::unwrap_used)]

use allocation_counter::measure;
use pragma_contracts::{
    BookSide, Contract, Decimal, Envelope, Feed, Frame, Level, MarketDepth, MarketType, Price,
    encode, feeds, peek,
};

fn envelope(version: &str) -> Option<Envelope> {
    Some(Envelope {
        message_id: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".to_owned(),
        event_timestamp: Some(Default::default()),
        version: version.to_owned(),
        ..Envelope::default()
    })
}

fn price() -> Vec<u8> {
    let price = Price {
        envelope: envelope(Price::VERSION),
        market_type: MarketType::Perpetual.into(),
        network_id: "unknown".to_owned(),
        source_id: "paradex".to_owned(),
        token_ticker: "BTC".to_owned(),
        price: "65432.10".to_owned(),
        ..Price::default()
    };
    encode(&price, 1).unwrap()
}

fn depth() -> Vec<u8> {
    let level = |at: i128| Level {
        price: Decimal::new(at, 2).unwrap(),
        quantity: Decimal::new(10_i128.pow(20) + at, 18).unwrap(),
    };
    let depth = MarketDepth {
        envelope: envelope(MarketDepth::VERSION),
        market_type: MarketType::Spot.into(),
        network_id: "ethereum".to_owned(),
        source_id: "ekubo".to_owned(),
        token_ticker: "ETH".to_owned(),
        asks: Some(BookSide::from_levels((1..60).map(level)).unwrap()),
        ..MarketDepth::default()
    };
    encode(&depth, 1).unwrap()
}

#[track_caller]
fn assert_none<T>(work: impl FnOnce() -> T) {
    assert_eq!(measure(|| drop(work())).count_total, 0);
}

#[test]
fn borrowed_forms_and_peek_allocate_nothing() {
    let (price, depth) = (price(), depth());
    assert_none(|| Frame::parse(&price).unwrap().view::<Price>().unwrap());
    assert_none(|| peek(&price).unwrap());
    assert_none(|| {
        let view = Frame::parse(&depth).unwrap().view::<MarketDepth>().unwrap();
        let asks = view.asks.unwrap();
        assert_eq!(asks.levels().unwrap().count(), 59);
        assert!(asks.floats().unwrap().all(|(price, _)| price > 0.0));
    });
}

#[test]
fn filtering_by_key_allocates_nothing() {
    let filter = feeds().market_type(MarketType::Perpetual).unwrap()
        & feeds().source_id(["paradex", "bybit"]).unwrap();
    let key = b"spot-ethereum-ekubo-ETH".as_slice();
    assert_none(|| assert_eq!(filter.wants(Some(key), &[]), Ok(false)));
    assert_none(|| Feed::parse(key).unwrap());
}
