//! What must be true of any bytes and any text: nothing panics, and all ways to read say the same.
//!
//! The property tests and the fuzz targets both call these.

use pragma_contracts::view::View;
use pragma_contracts::views::pragma::market::v1::BookSideView;
use pragma_contracts::{
    AnyMessage, BookSide, Contract, ContractEnum, ContractView, Decimal, Envelope, Feed,
    FeedFilter, Frame, Level, MarketDepth, MarketType, Price, Record, encode, feeds, murmur2, peek,
};

/// Of a frame, or anything that is taken for one: owned and borrowed forms are what prost decodes.
pub fn frame(bytes: &[u8]) {
    contract::<Price>(bytes);
    contract::<MarketDepth>(bytes);
    sides(bytes);
    for topic in [Price::TOPIC, MarketDepth::TOPIC, "another"] {
        let record = Record {
            topic: topic.into(),
            key: Some(bytes.to_vec()),
            value: Some(bytes.to_vec()),
        };
        let _ = (record.feed(), record.view::<Price>(), record.decode_any());
    }
}

/// Of a frame's feed, read without the rest: it is that of the message, as serializers write it.
pub fn peeked(bytes: &[u8]) {
    let _ = peek(bytes);
    if let Ok(price) = pragma_contracts::decode::<Price>(bytes) {
        if let Ok(again) = encode(&price, 1) {
            assert_eq!(peek(&again), price.feed());
        }
    }
}

/// Of a frame's JSON form: it is an object that says which data type it is.
pub fn json(bytes: &[u8]) {
    for topic in AnyMessage::TOPICS {
        if let Ok(message) = AnyMessage::decode(topic, bytes) {
            if let Ok(json) = message.to_json() {
                let text = serde_json::to_string(&json).unwrap_or_default();
                let again: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                assert!(again.get("data_type").is_some(), "{text}");
            }
        }
    }
}

fn contract<C: Contract + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(frame) = Frame::parse(bytes) else {
        return;
    };
    let by_prost = C::decode(frame.payload).ok();
    assert_eq!(frame.decode_unchecked::<C>().ok(), by_prost);
    if let Ok(view) = frame.view_unchecked::<C>() {
        assert_eq!(view.into_message().ok(), by_prost);
        assert_eq!(
            view.validate().map_err(|error| error.to_string()).err(),
            by_prost
                .as_ref()
                .and_then(|message| message.validate().err())
                .map(|error| error.to_string())
        );
        let (view, owned) = (frame.view::<C>(), frame.decode::<C>());
        assert_eq!(
            view.as_ref().err().map(ToString::to_string),
            owned.as_ref().err().map(ToString::to_string)
        );
        if let (Ok(view), Ok(owned)) = (view, owned) {
            assert_eq!(view.feed(), owned.feed());
            assert_eq!(view.market(), owned.market());
            keys(&view, bytes);
        }
    }
    let Some(message) = by_prost else {
        return;
    };
    let _ = message.check();
    if let Ok(again) = encode(&message, frame.schema_id.max(1)) {
        assert_eq!(pragma_contracts::decode::<C>(&again).as_ref(), Ok(&message));
        let key = message.key().unwrap_or_default();
        assert_eq!(Feed::parse(&key), message.feed());
    }
}

/// A message has its own key, and no other that looks like it.
fn keys<'a>(view: &impl ContractView<'a>, other: &[u8]) {
    let own = view.key().ok();
    let key = own.clone().unwrap_or_default();
    let (head, tail) = key.split_at_checked(key.len() / 2).unwrap_or_default();
    for near in [
        key.clone(),
        key.replace('%', "%25"),
        key.replace("%2D", "-"),
        key.replace("perp-", "perpetual-"),
        key.to_uppercase(),
        format!("{key}-"),
        format!("-{key}"),
        format!("{head}-{tail}"),
        head.to_owned(),
        tail.to_owned(),
    ] {
        assert_eq!(
            view.has_key(near.as_bytes()),
            own.as_ref() == Some(&near),
            "{near}"
        );
    }
    assert!(!view.has_key(other));
}

fn sides(bytes: &[u8]) {
    let Ok(frame) = Frame::parse(bytes) else {
        return;
    };
    let (view, owned) = (
        frame.view_unchecked::<MarketDepth>(),
        frame.decode_unchecked::<MarketDepth>(),
    );
    let (Ok(view), Ok(owned)) = (view, owned) else {
        return;
    };
    for (view, owned) in [(view.bids, &owned.bids), (view.asks, &owned.asks)] {
        assert_eq!(view.is_some(), owned.is_some());
        if let (Some(view), Some(owned)) = (view, owned) {
            side(&view, owned);
        }
    }
}

fn side(view: &BookSideView<'_>, owned: &BookSide) {
    let levels: Option<Vec<Level>> = view.levels().ok().map(Iterator::collect);
    assert_eq!(levels, owned.levels().ok().map(Iterator::collect));
    let floats: Option<Vec<(f64, f64)>> = view.floats().ok().map(Iterator::collect);
    assert_eq!(floats, owned.floats().ok().map(Iterator::collect));
    let Some(levels) = levels else {
        return;
    };
    for (level, (price, quantity)) in levels.iter().zip(floats.unwrap_or_default()) {
        assert_eq!(
            (level.price.to_f64(), level.quantity.to_f64()),
            (price, quantity)
        );
    }
    if let Ok(again) = BookSide::from_levels(levels.clone()) {
        assert_eq!(again.levels().ok().map(Iterator::collect), Some(levels));
    }
}

/// Of a record key, or anything that is taken for one.
pub fn key(bytes: &[u8]) {
    let _ = murmur2(bytes);
    let Ok(feed) = Feed::parse(bytes) else {
        return;
    };
    let key = feed.key();
    assert_eq!(key.as_ref().map(Feed::parse), Ok(Ok(feed.clone())));
    assert!(feed.partition(7).is_ok_and(|partition| partition < 7));
    for filter in filters() {
        // Decided on the bytes, and on the feed.
        assert_eq!(filter.wants(Some(bytes), &[]), Ok(filter.matches(&feed)));
    }
}

fn filters() -> Vec<FeedFilter> {
    let perps = feeds().market_type(MarketType::Perpetual);
    let sources = feeds().source_id(["paradex", "ekubo"]);
    let networks = feeds().network_id("unknown");
    let tickers = feeds().token_ticker(["BTC", "SKL-GBP"]);
    let mut all: Vec<_> = [perps, sources, networks, tickers]
        .into_iter()
        .flatten()
        .collect();
    for (one, other) in all.clone().into_iter().zip(all.clone().into_iter().skip(1)) {
        all.extend([one.clone() & other.clone(), one.clone() | other, !one]);
    }
    all
}

/// Of text that is taken for a decimal, an identifier or an enum value.
pub fn text(text: &str) {
    let _ = MarketType::from_text(text);
    let parsed = Decimal::parse(text);
    if let Ok(decimal) = parsed {
        assert_eq!(decimal.to_string().parse(), Ok(decimal));
        assert_eq!(
            Decimal::new(decimal.unscaled(), decimal.scale()),
            Ok(decimal)
        );
        assert_eq!(Ok(decimal.to_f64()), text.parse());
        assert!(decimal >= Decimal::default() || text.starts_with('-'));
    }
    let price = Price {
        price: text.to_owned(),
        token_ticker: text.to_owned(),
        ..valid_price()
    };
    let feed = Feed::new(MarketType::Spot, "unknown", "paradex", text);
    assert_eq!(price.validate().is_ok(), feed.is_ok() && parsed.is_ok());
    if let Ok(feed) = feed {
        key(feed.key().unwrap_or_default().as_bytes());
        let other = Feed::new(MarketType::Options, text, text, text);
        key(other
            .and_then(|feed| feed.key())
            .unwrap_or_default()
            .as_bytes());
    }
}

fn valid_price() -> Price {
    Price {
        envelope: Some(Envelope {
            event_timestamp: Some(Default::default()),
            version: Price::VERSION.to_owned(),
            ..Envelope::default()
        }),
        market_type: MarketType::Spot.into(),
        network_id: "unknown".to_owned(),
        source_id: "paradex".to_owned(),
        ..Price::default()
    }
}
