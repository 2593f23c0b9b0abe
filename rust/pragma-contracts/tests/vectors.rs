//! The vectors in the repository's tests/vectors, which the Python package wrote and reads too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pragma_contracts::view::View;
use pragma_contracts::views::pragma::market::v1::BookSideView;
use pragma_contracts::{
    BookSide, Contract, ContractView, Decimal, DecimalColumn, Error, Feed, FeedFilter, Frame,
    Level, Market, MarketDepth, Price, decode, encode, feeds, murmur2, peek,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn vectors<T: DeserializeOwned>(name: &str) -> T {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn kind<T>(result: &Result<T, Error>) -> Option<&'static str> {
    result.as_ref().err().map(Error::kind)
}

#[derive(Deserialize)]
struct Keys {
    feeds: Vec<FeedVector>,
    also_read: Vec<AlsoRead>,
    foreign: Vec<Foreign>,
    hashes: Vec<Hash>,
}

#[derive(Deserialize)]
struct FeedVector {
    market_type: String,
    network_id: String,
    source_id: String,
    token_ticker: String,
    key: String,
    partitions: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
struct AlsoRead {
    key: String,
    canonical: String,
}

#[derive(Deserialize)]
struct Foreign {
    key: String,
    kind: String,
}

#[derive(Deserialize)]
struct Hash {
    data: String,
    murmur2: u32,
}

#[test]
fn feeds_and_keys() {
    let keys: Keys = vectors("keys");
    for vector in &keys.feeds {
        let market = Market::from_text(vector.market_type.as_str());
        let feed = Feed::new(
            market,
            &vector.network_id,
            &vector.source_id,
            &vector.token_ticker,
        )
        .unwrap();
        assert_eq!(feed.key().unwrap(), vector.key);
        assert_eq!(Feed::parse(&vector.key).unwrap(), feed);
        assert_eq!(feed.clone().into_owned(), feed);
        for (count, partition) in &vector.partitions {
            assert_eq!(
                feed.partition(count.parse().unwrap()).unwrap(),
                *partition,
                "{}",
                vector.key
            );
        }
    }
    for vector in &keys.also_read {
        assert_eq!(
            Feed::parse(&vector.key).unwrap().key().unwrap(),
            vector.canonical
        );
    }
    for vector in &keys.foreign {
        assert_eq!(
            kind(&Feed::parse(&bytes(&vector.key))),
            Some(vector.kind.as_str()),
            "{}",
            vector.key
        );
    }
    for vector in &keys.hashes {
        assert_eq!(
            murmur2(vector.data.as_bytes()),
            vector.murmur2,
            "{}",
            vector.data
        );
    }
}

#[derive(Deserialize)]
struct Decimals {
    valid: Vec<ValidDecimal>,
    invalid: Vec<InvalidDecimal>,
    columns: Vec<Column>,
    unreadable: Vec<Unreadable>,
}

#[derive(Deserialize)]
struct ValidDecimal {
    text: String,
    unscaled: String,
    scale: u32,
    float: f64,
}

#[derive(Deserialize)]
struct InvalidDecimal {
    text: String,
    kind: String,
}

#[derive(Deserialize)]
struct Column {
    values: Vec<String>,
    scale: u32,
    unscaled: Vec<String>,
    wide: Vec<String>,
    texts: Vec<String>,
    floats: Vec<f64>,
}

#[derive(Deserialize)]
struct Unreadable {
    scale: u32,
    #[serde(default)]
    unscaled: Vec<i64>,
    #[serde(default)]
    wide: Vec<String>,
    kind: String,
}

#[test]
fn decimals() {
    let decimals: Decimals = vectors("decimals");
    for vector in &decimals.valid {
        let decimal = Decimal::parse(&vector.text).unwrap();
        assert_eq!(
            (decimal.unscaled().to_string(), decimal.scale()),
            (vector.unscaled.clone(), vector.scale)
        );
        // A zero has no sign to keep.
        assert_eq!(
            decimal.to_string(),
            if vector.text == "-0" {
                "0"
            } else {
                &vector.text
            }
        );
        assert_eq!(decimal.to_f64(), vector.float, "{}", vector.text);
    }
    for vector in &decimals.invalid {
        assert_eq!(
            kind(&Decimal::parse(&vector.text)),
            Some(vector.kind.as_str()),
            "{:?}",
            vector.text
        );
    }
}

#[test]
fn columns() {
    let decimals: Decimals = vectors("decimals");
    for vector in &decimals.columns {
        let values: Vec<Decimal> = vector
            .values
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let column = DecimalColumn::from_decimals(values.clone()).unwrap();
        assert_eq!(column.scale, vector.scale);
        assert_eq!(
            column
                .unscaled
                .iter()
                .map(i64::to_string)
                .collect::<Vec<_>>(),
            vector.unscaled
        );
        assert_eq!(
            column.wide,
            vector.wide.iter().map(|hex| bytes(hex)).collect::<Vec<_>>()
        );
        let back: Vec<Decimal> = column.decimals().unwrap().collect();
        assert_eq!(back, values);
        assert_eq!(
            back.iter().map(Decimal::to_string).collect::<Vec<_>>(),
            vector.texts
        );
        assert_eq!(column.floats().unwrap().collect::<Vec<_>>(), vector.floats);
        assert_eq!(column.len(), vector.texts.len());
    }
    for vector in &decimals.unreadable {
        let (scale, unscaled) = (vector.scale, vector.unscaled.clone());
        let wide = vector.wide.iter().map(|hex| bytes(hex)).collect();
        let column = DecimalColumn {
            scale,
            unscaled,
            wide,
        };
        assert_eq!(
            column.decimals().err().map(|error| error.kind()),
            Some(vector.kind.as_str())
        );
    }
}

#[derive(Deserialize)]
struct GoodFrame {
    contract: String,
    schema_id: u32,
    frame: String,
    key: String,
    json: Value,
}

#[test]
fn frames() {
    for vector in vectors::<Vec<GoodFrame>>("frames") {
        match vector.contract.as_str() {
            "Price" => {
                let message = good::<Price>(&vector);
                assert_eq!(message.price, vector.json["price"].as_str().unwrap());
            }
            "MarketDepth" => {
                let message = good::<MarketDepth>(&vector);
                assert_eq!(texts(message.bids.as_ref()), levels(&vector.json["bids"]));
                assert_eq!(texts(message.asks.as_ref()), levels(&vector.json["asks"]));
                let bytes = bytes(&vector.frame);
                let view = Frame::parse(&bytes).unwrap().view::<MarketDepth>().unwrap();
                let levels = |side: Option<BookSideView<'_>>| -> Vec<Level> {
                    side.iter()
                        .flat_map(|side| side.levels().unwrap().collect::<Vec<_>>())
                        .collect()
                };
                assert_eq!(levels(view.bids).len(), texts(message.bids.as_ref()).len());
                let owned = message.bids.iter().flat_map(|side| side.levels().unwrap());
                assert_eq!(levels(view.bids), owned.collect::<Vec<_>>());
                let bids = message.bids.clone().unwrap_or_default();
                assert_eq!(
                    BookSide::from_levels(bids.levels().unwrap())
                        .unwrap()
                        .levels()
                        .unwrap()
                        .count(),
                    texts(Some(&bids)).len()
                );
            }
            other => panic!("{other} is no contract"),
        }
    }
}

fn good<C: Contract + std::fmt::Debug>(vector: &GoodFrame) -> C {
    let bytes = bytes(&vector.frame);
    let message: C = decode(&bytes).unwrap();
    message.validate().unwrap();
    assert_eq!(Frame::parse(&bytes).unwrap().schema_id, vector.schema_id);
    assert_eq!(encode(&message, vector.schema_id).unwrap(), bytes);
    let view = Frame::parse(&bytes).unwrap().view::<C>().unwrap();
    assert_eq!(view.into_message().unwrap(), message);
    assert_eq!(view.key().unwrap(), vector.key);
    assert_eq!(message.key().unwrap(), vector.key);
    assert_eq!(peek(&bytes).unwrap(), message.feed().unwrap());
    assert_eq!(
        message.token_ticker(),
        vector.json["token_ticker"].as_str().unwrap()
    );
    #[cfg(feature = "serde")]
    assert_eq!(
        message.to_json().unwrap().to_string(),
        vector.json.to_string()
    );
    assert_eq!(C::DATA_TYPE, vector.json["data_type"].as_str().unwrap());
    message
}

fn texts(side: Option<&BookSide>) -> Vec<[String; 2]> {
    let text = |level: Level| [level.price.to_string(), level.quantity.to_string()];
    side.map(|side| side.levels().unwrap().map(text).collect())
        .unwrap_or_default()
}

fn levels(json: &Value) -> Vec<[String; 2]> {
    serde_json::from_value(json.clone()).unwrap()
}

#[derive(Deserialize)]
struct BadFrame {
    name: String,
    contract: String,
    frame: String,
    kind: String,
    field: Option<String>,
    peek: Value,
}

#[test]
fn bad_frames() {
    for vector in vectors::<Vec<BadFrame>>("bad_frames") {
        let bytes = bytes(&vector.frame);
        let error = match vector.contract.as_str() {
            "Price" => decode::<Price>(&bytes).unwrap_err(),
            "MarketDepth" => decode::<MarketDepth>(&bytes).unwrap_err(),
            other => panic!("{other} is no contract"),
        };
        assert_eq!(error.kind(), vector.kind, "{}: {error}", vector.name);
        let borrowed = match vector.contract.as_str() {
            "Price" => viewed::<Price>(&bytes).unwrap_err(),
            _ => viewed::<MarketDepth>(&bytes).unwrap_err(),
        };
        match (&error, &borrowed) {
            // The borrowed form has words of its own for what is no message.
            (Error::InvalidFrame { .. }, _) => {
                assert_eq!(borrowed.kind(), "frame", "{}", vector.name)
            }
            _ => assert_eq!(borrowed, error, "{}", vector.name),
        }
        if let Error::InvalidMessage { field, .. } = &error {
            assert_eq!(
                Some(field),
                vector.field.as_ref(),
                "{}: {error}",
                vector.name
            );
        }
        let peeked = peek(&bytes);
        assert_eq!(
            kind(&peeked),
            vector.peek["kind"].as_str(),
            "{}: {peeked:?}",
            vector.name
        );
        if let Ok(feed) = peeked {
            assert_eq!(
                feed.key().ok().as_deref(),
                vector.peek["key"].as_str(),
                "{}",
                vector.name
            );
        }
    }
}

fn viewed<C: Contract>(bytes: &[u8]) -> pragma_contracts::Result<C> {
    Frame::parse(bytes)?.view::<C>()?.into_message()
}

#[derive(Deserialize)]
struct AcceptedFrame {
    name: String,
    contract: String,
    frame: String,
    market_type: i32,
    ticker: String,
    peek: Value,
    producer: Option<String>,
}

#[test]
fn accepted_frames() {
    for vector in vectors::<Vec<AcceptedFrame>>("accepted_frames") {
        match vector.contract.as_str() {
            "Price" => accepted::<Price>(&vector),
            "MarketDepth" => accepted::<MarketDepth>(&vector),
            other => panic!("{other} is no contract"),
        }
    }
}

fn accepted<C: Contract + std::fmt::Debug>(vector: &AcceptedFrame) {
    let message: C = decode(&bytes(&vector.frame)).unwrap();
    assert_eq!(message.token_ticker(), vector.ticker, "{}", vector.name);
    let frame = bytes(&vector.frame);
    let peeked = peek(&frame).unwrap().key().ok();
    assert_eq!(
        peeked.as_deref(),
        vector.peek["key"].as_str(),
        "{}",
        vector.name
    );
    assert_eq!(
        message.market().unwrap().number(),
        vector.market_type,
        "{}",
        vector.name
    );
    assert_eq!(
        kind(&message.validate()),
        vector.producer.as_deref(),
        "{}",
        vector.name
    );
}

#[derive(Deserialize)]
struct FilterVector {
    filter: Value,
    accepts: Vec<String>,
    feeds: Vec<String>,
}

#[test]
fn filters() {
    for vector in vectors::<Vec<FilterVector>>("filters") {
        let filter = filter(&vector.filter);
        let accepted: Vec<_> = vector
            .feeds
            .iter()
            .filter(|key| filter.wants(Some(key.as_bytes()), &[]).unwrap())
            .cloned()
            .collect();
        assert_eq!(accepted, vector.accepts, "{}", vector.filter);
    }
}

fn filter(tree: &Value) -> FeedFilter {
    if let Some(pair) = tree.get("and") {
        return filter(&pair[0]) & filter(&pair[1]);
    }
    if let Some(pair) = tree.get("or") {
        return filter(&pair[0]) | filter(&pair[1]);
    }
    if let Some(inner) = tree.get("not") {
        return !filter(inner);
    }
    let texts = |name: &str| {
        tree.get(name)
            .map(|values| serde_json::from_value::<Vec<String>>(values.clone()).unwrap())
    };
    let mut found = feeds();
    if let Some(values) = texts("market_type") {
        let known: Vec<_> = values
            .iter()
            .map(|text| Market::from_text(text.as_str()).known().unwrap())
            .collect();
        found = found.market_type(known).unwrap();
    }
    if let Some(values) = texts("network_id") {
        found = found.network_id(values).unwrap();
    }
    if let Some(values) = texts("source_id") {
        found = found.source_id(values).unwrap();
    }
    if let Some(values) = texts("token_ticker") {
        found = found.token_ticker(values).unwrap();
    }
    found
}
