//! The contender buffa: another protobuf runtime, with owned and borrowed messages.

use std::hint::black_box;

use buffa::{Message, MessageView};

use crate::contender::Contender;
use crate::fields::{Exact, Header, sum_exact, sum_floats};
use crate::ours::{self, HEADER};
use generated::pragma::market::v1 as messages;
use messages::{BookSideView, DecimalColumnView, EnvelopeView, MarketDepthView, PriceView};

#[allow(clippy::all, missing_docs)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/buffa.rs"));
}

pub(crate) fn price(frame: &'static [u8]) -> Vec<Contender> {
    let payload = &frame[HEADER..];
    assert_eq!(read_price(payload), ours::read_price(frame));
    vec![
        owned::<messages::Price>(payload),
        Contender::new("buffa, view with all fields read", move || {
            ours::sum_of_price(read_price(black_box(payload)))
        }),
    ]
}

pub(crate) fn book(frame: &'static [u8]) -> Vec<Contender> {
    let payload = &frame[HEADER..];
    assert_eq!(read_exact(payload), ours::read_exact(frame));
    assert_eq!(read_floats(payload), ours::read_floats(frame));
    vec![
        owned::<messages::MarketDepth>(payload),
        Contender::new(
            "buffa, view with all fields and exact levels read",
            move || ours::sum_of_book(read_exact(black_box(payload))),
        ),
        Contender::new(
            "buffa, view with all fields and levels read as floats",
            move || ours::sum_of_book(read_floats(black_box(payload))),
        ),
    ]
}

fn owned<M: Message>(payload: &'static [u8]) -> Contender {
    assert_eq!(
        M::decode_from_slice(payload).unwrap().encode_to_vec(),
        payload
    );
    Contender::new("buffa, decode the payload", move || {
        M::decode_from_slice(black_box(payload)).unwrap()
    })
}

#[inline(always)]
fn read_price(payload: &[u8]) -> (Header<'_>, &str) {
    let view = PriceView::decode_view(payload).unwrap();
    let feed = [view.network_id, view.source_id, view.token_ticker];
    let market_type = view.market_type.to_i32();
    let header = header(&view.envelope, market_type, feed, view.metadata.len());
    (header, view.price)
}

#[inline(always)]
fn read_exact(payload: &[u8]) -> (Header<'_>, i128) {
    read_book(payload, |side| {
        sum_exact(exact(&side.prices).zip(exact(&side.quantities)))
    })
}

fn exact(column: &DecimalColumnView<'_>) -> impl Iterator<Item = Exact> {
    let scale = column.scale;
    let exact = move |number: &i64| (i128::from(*number), scale);
    column.unscaled.iter().map(exact)
}

#[inline(always)]
fn read_floats(payload: &[u8]) -> (Header<'_>, f64) {
    read_book(payload, |side| {
        sum_floats(floats(&side.prices).zip(floats(&side.quantities)))
    })
}

fn floats(column: &DecimalColumnView<'_>) -> impl Iterator<Item = f64> {
    let power = 10_f64.powi(column.scale as i32);
    column
        .unscaled
        .iter()
        .map(move |number| *number as f64 / power)
}

#[inline(always)]
fn read_book<T: std::ops::Add<Output = T>>(
    payload: &[u8],
    sum: impl Fn(&BookSideView<'_>) -> T,
) -> (Header<'_>, T) {
    let view = MarketDepthView::decode_view(payload).unwrap();
    let feed = [view.network_id, view.source_id, view.token_ticker];
    let market_type = view.market_type.to_i32();
    let header = header(&view.envelope, market_type, feed, view.metadata.len());
    (header, sum(&view.bids) + sum(&view.asks))
}

#[inline(always)]
fn header<'a>(
    envelope: &EnvelopeView<'a>,
    market_type: i32,
    [network_id, source_id, token_ticker]: [&'a str; 3],
    metadata: usize,
) -> Header<'a> {
    let (event, publish) = (&envelope.event_timestamp, &envelope.publish_timestamp);
    Header {
        texts: [
            envelope.message_id,
            envelope.producer,
            envelope.version,
            network_id,
            source_id,
            token_ticker,
        ],
        market_type,
        times: [
            (event.seconds, event.nanos),
            (publish.seconds, publish.nanos),
        ],
        metadata,
    }
}
