//! What it costs to read a frame: ours against bare prost on the same bytes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pragma_contracts::{
    BookSide, Contract, Decimal, Feed, Frame, Level, MarketDepth, MarketType, Price, encode, feeds,
    peek,
};
use prost_types::Timestamp;

const HEADER: usize = 6;
const LEVELS: i128 = 50;

fn price() -> Price {
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

fn depth() -> MarketDepth {
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

fn contract<C: Contract + std::fmt::Debug>(criterion: &mut Criterion, name: &str, message: &C) {
    let frame = encode(message, 1).unwrap();
    let payload = &frame[HEADER..];
    // Equal work, before anything is timed.
    assert_eq!(&C::decode(payload).unwrap(), message);
    assert_eq!(
        &Frame::parse(&frame).unwrap().decode::<C>().unwrap(),
        message
    );
    let mut group = criterion.benchmark_group(name);
    group.bench_function("bare prost", |bench| {
        bench.iter(|| C::decode(black_box(payload)).unwrap())
    });
    group.bench_function("decode, checked", |bench| {
        bench.iter(|| {
            Frame::parse(black_box(&frame))
                .unwrap()
                .decode::<C>()
                .unwrap()
        });
    });
    group.bench_function("view, checked", |bench| {
        bench.iter(|| {
            black_box(
                Frame::parse(black_box(&frame))
                    .unwrap()
                    .view::<C>()
                    .unwrap(),
            )
            .market_and_key()
        });
    });
    group.bench_function("peek", |bench| {
        bench.iter(|| peek(black_box(&frame)).unwrap().token_ticker().len())
    });
    group.finish();
}

/// Keeps the optimiser from dropping a view that nobody reads.
trait Read {
    fn market_and_key(&self) -> usize;
}

impl<'a, V: pragma_contracts::ContractView<'a>> Read for V {
    fn market_and_key(&self) -> usize {
        self.token_ticker().len() + self.market_type_number() as usize
    }
}

fn benches(criterion: &mut Criterion) {
    contract(criterion, "price", &price());
    contract(criterion, "depth of 50+50 levels", &depth());
    let (key, frame) = (b"spot-ethereum-ekubo-ETH", [0_u8; 6]);
    let perps = feeds().market_type(MarketType::Perpetual).unwrap()
        & feeds().source_id(["paradex", "bybit"]).unwrap();
    criterion.bench_function("filter by key", |bench| {
        bench.iter(|| perps.wants(Some(black_box(key)), &frame).unwrap());
    });
    criterion.bench_function("parse a key", |bench| {
        bench.iter(|| Feed::parse(black_box(key)).unwrap())
    });
    let depth = encode(&depth(), 1).unwrap();
    criterion.bench_function("view of 50+50 levels to floats", |bench| {
        bench.iter(|| {
            let view = Frame::parse(black_box(&depth))
                .unwrap()
                .view::<MarketDepth>()
                .unwrap();
            let sum = |side: Option<
                pragma_contracts::views::pragma::market::v1::BookSideView<'_>,
            >|
             -> f64 {
                side.iter()
                    .flat_map(|side| side.floats().unwrap())
                    .map(|(price, quantity)| price * quantity)
                    .sum()
            };
            sum(view.bids) + sum(view.asks)
        });
    });
}

criterion_group!(decode, benches);
criterion_main!(decode);
