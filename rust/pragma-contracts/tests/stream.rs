//! Streams: filtered before anything is decoded, and going on after a bad record.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used)]

use futures::executor::block_on;
use futures::stream::{self, StreamExt};
use pragma_contracts::{Contract, Error, FeedStreamExt, MarketType, Price, Record, encode, feeds};

fn price(market_type: i32, token_ticker: &str) -> Price {
    let mut price = Price {
        market_type,
        network_id: "unknown".into(),
        source_id: "paradex".into(),
        token_ticker: token_ticker.into(),
        price: "1.5".into(),
        ..Price::default()
    };
    let envelope = price.envelope.get_or_insert_default();
    envelope.version = "1.1".into();
    envelope.event_timestamp = Some(Default::default());
    price
}

fn record(market_type: MarketType, token_ticker: &str) -> Record {
    let price = price(market_type.into(), token_ticker);
    Record {
        topic: Price::TOPIC.into(),
        key: Some(price.key().unwrap().into_bytes()),
        value: Some(encode(&price, 1).unwrap()),
    }
}

#[test]
fn one_market_type_comes_through() {
    let records = || {
        stream::iter([
            record(MarketType::Spot, "A"),
            record(MarketType::Perpetual, "B"),
            record(MarketType::Options, "C"),
        ])
    };
    let tickers = |found: Vec<pragma_contracts::Result<Record>>| -> Vec<String> {
        found
            .into_iter()
            .map(|record| record.unwrap().decode::<Price>().unwrap().token_ticker)
            .collect()
    };
    assert_eq!(tickers(block_on(records().spot().collect())), ["A"]);
    assert_eq!(tickers(block_on(records().perpetual().collect())), ["B"]);
    assert_eq!(tickers(block_on(records().options().collect())), ["C"]);
    let two = records()
        .market_type([MarketType::Spot, MarketType::Options])
        .unwrap();
    assert_eq!(tickers(block_on(two.collect())), ["A", "C"]);
    let chained = records()
        .feeds(feeds().source_id("paradex").unwrap())
        .perpetual();
    assert_eq!(tickers(block_on(chained.collect())), ["B"]);
}

#[test]
fn what_is_not_wanted_is_never_looked_at() {
    let broken = Record {
        value: Some(b"no frame".to_vec()),
        ..record(MarketType::Spot, "A")
    };
    let found: Vec<_> = block_on(
        stream::iter([broken, record(MarketType::Perpetual, "B")])
            .perpetual()
            .collect(),
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].is_ok());
}

#[test]
fn a_bad_record_is_an_error_and_the_stream_goes_on() {
    let foreign = Record {
        key: Some(b"BTC".to_vec()),
        ..record(MarketType::Spot, "A")
    };
    let bad = Record {
        key: None,
        value: Some(b"\x01".to_vec()),
        ..Record::default()
    };
    let tombstone = Record {
        key: None,
        value: None,
        ..Record::default()
    };
    let records = [bad, foreign, tombstone, record(MarketType::Spot, "B")];
    let found: Vec<_> = block_on(stream::iter(records).spot().collect());
    let kinds: Vec<_> = found
        .iter()
        .map(|item| item.as_ref().err().map(Error::kind))
        .collect();
    assert_eq!(kinds, [Some("frame"), None, Some("frame"), None]);
}

#[test]
fn messages_and_results_are_filtered_too() {
    let messages = [price(1, "A"), price(2, "B"), price(7, "C"), price(0, "D")];
    let found: Vec<_> = block_on(stream::iter(messages.clone()).spot().collect());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].as_ref().unwrap().token_ticker, "A");
    assert_eq!(found[1].as_ref().unwrap_err().kind(), "key");
    let results = messages.map(Ok::<_, Error>);
    let not_spot = !feeds().market_type(MarketType::Spot).unwrap();
    let found: Vec<_> = block_on(
        stream::iter(results)
            .feeds(not_spot)
            .filter_map(async |item| item.ok())
            .collect(),
    );
    assert_eq!(
        found
            .iter()
            .map(|price| price.token_ticker.as_str())
            .collect::<Vec<_>>(),
        ["B", "C"]
    );
}

#[test]
fn a_key_that_names_another_feed_is_a_mismatch() {
    let record = Record {
        key: Some(b"spot-unknown-paradex-B".to_vec()),
        ..record(MarketType::Spot, "A")
    };
    let error = record.decode::<Price>().unwrap_err();
    assert_eq!(error.kind(), "key_mismatch");
    assert!(record.decode_any().is_err());
}
