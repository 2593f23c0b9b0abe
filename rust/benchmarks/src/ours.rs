//! What this crate offers, and bare prost on the same payload.

use std::hint::black_box;

use pragma_contracts::views::pragma::market::v1::BookSideView;
use pragma_contracts::{
    Contract, ContractView, Feed, Frame, Level, MarketDepth, MarketType, Price, decode, encode,
    feeds, peek,
};

use crate::contender::Contender;
use crate::fields::{Exact, Header, sum_exact, sum_floats};

/// Size of a frame's header.
pub(crate) const HEADER: usize = 6;

/// Decoding into messages that own what they hold; bare prost, the unit, comes first.
pub(crate) fn decoding<C: Contract>(frame: &'static [u8]) -> Vec<Contender> {
    let payload = &frame[HEADER..];
    assert!(decode::<C>(frame).unwrap() == C::decode(payload).unwrap());
    vec![
        Contender::new("bare prost, decode the payload", move || {
            C::decode(black_box(payload)).unwrap()
        }),
        Contender::new("`Frame::parse`", move || {
            Frame::parse(black_box(frame)).unwrap()
        }),
        Contender::new("`decode`: owned, checked", move || {
            decode::<C>(black_box(frame)).unwrap()
        }),
        Contender::new("`Frame::decode_unchecked`: owned", move || {
            let frame = Frame::parse(black_box(frame)).unwrap();
            frame.decode_unchecked::<C>().unwrap()
        }),
    ]
}

/// Finding out which feed a record belongs to.
pub(crate) fn feed<C: Contract>(frame: &'static [u8]) -> Vec<Contender> {
    let message = decode::<C>(frame).unwrap();
    let key: &[u8] = message.key().unwrap().into_bytes().leak();
    assert_eq!(peek(frame).unwrap(), message.feed().unwrap());
    assert_eq!(Feed::parse(key).unwrap(), message.feed().unwrap());
    let perps = feeds().market_type(MarketType::Perpetual).unwrap()
        & feeds().source_id(["paradex", "bybit"]).unwrap();
    assert!(perps.wants(Some(key), frame).unwrap());
    vec![
        Contender::new("`peek`: the feed of a frame", move || {
            peek(black_box(frame)).unwrap()
        }),
        Contender::new("`Feed::parse`: the feed of a key", move || {
            Feed::parse(black_box(key)).unwrap()
        }),
        Contender::new("`FeedFilter::wants`: by the key", move || {
            perps.wants(Some(black_box(key)), frame).unwrap()
        }),
    ]
}

/// Encoding, and what bare prost takes for it.
pub(crate) fn encoding<C: Contract>(frame: &'static [u8]) -> Vec<Contender> {
    let Frame {
        schema_id, payload, ..
    } = Frame::parse(frame).unwrap();
    let message = C::decode(payload).unwrap();
    assert_eq!(encode(&message, schema_id).unwrap(), frame);
    assert_eq!(message.encode_to_vec(), payload);
    let again = message.clone();
    vec![
        Contender::new("`encode`: checked", move || {
            encode(black_box(&message), schema_id).unwrap()
        }),
        Contender::new("bare prost, encode the payload", move || {
            black_box(&again).encode_to_vec()
        }),
    ]
}

/// Reading a price without copying it.
pub(crate) fn price_views(frame: &'static [u8]) -> Vec<Contender> {
    vec![Contender::new(
        "`Frame::view`: checked, all fields read",
        move || sum_of_price(read_price(black_box(frame))),
    )]
}

/// Reading a book without copying it.
pub(crate) fn book_views(frame: &'static [u8]) -> Vec<Contender> {
    vec![
        Contender::new(
            "`Frame::view`: checked, all fields and exact levels read",
            move || sum_of_book(read_exact(black_box(frame))),
        ),
        Contender::new(
            "`Frame::view`: checked, all fields and levels read as floats",
            move || sum_of_book(read_floats(black_box(frame))),
        ),
    ]
}

/// A price of which every field is read.
#[inline(always)]
pub(crate) fn sum_of_price((header, price): (Header<'_>, &str)) -> usize {
    header.sum() + price.len()
}

/// A book of which every field is read, beside the sum of its levels.
#[inline(always)]
pub(crate) fn sum_of_book<T>((header, levels): (Header<'_>, T)) -> (usize, T) {
    (header.sum(), levels)
}

#[inline(always)]
pub(crate) fn read_price(frame: &[u8]) -> (Header<'_>, &str) {
    let view = Frame::parse(frame).unwrap().view::<Price>().unwrap();
    (header(&view, view.metadata.len()), view.price)
}

#[inline(always)]
pub(crate) fn read_exact(frame: &[u8]) -> (Header<'_>, i128) {
    let exact = |level: Level| -> (Exact, Exact) {
        (
            (level.price.unscaled(), level.price.scale()),
            (level.quantity.unscaled(), level.quantity.scale()),
        )
    };
    read_book(frame, |side| sum_exact(side.levels().unwrap().map(exact)))
}

#[inline(always)]
pub(crate) fn read_floats(frame: &[u8]) -> (Header<'_>, f64) {
    read_book(frame, |side| sum_floats(side.floats().unwrap()))
}

#[inline(always)]
fn read_book<T: std::ops::Add<Output = T>>(
    frame: &[u8],
    sum: impl Fn(&BookSideView<'_>) -> T,
) -> (Header<'_>, T) {
    let view = Frame::parse(frame).unwrap().view::<MarketDepth>().unwrap();
    let (bids, asks) = (view.bids.unwrap(), view.asks.unwrap());
    (header(&view, view.metadata.len()), sum(&bids) + sum(&asks))
}

#[inline(always)]
fn header<'a>(view: &impl ContractView<'a>, metadata: usize) -> Header<'a> {
    let envelope = view.envelope().unwrap();
    let (event, publish) = (
        envelope.event_timestamp.unwrap(),
        envelope.publish_timestamp.unwrap(),
    );
    Header {
        texts: [
            envelope.message_id,
            envelope.producer,
            envelope.version,
            view.network_id(),
            view.source_id(),
            view.token_ticker(),
        ],
        market_type: view.market_type_number(),
        times: [
            (event.seconds, event.nanos),
            (publish.seconds, publish.nanos),
        ],
        metadata,
    }
}
