//! Everything that is timed: ways to read and write the frames of a price and of an order book. Each was seen to give
//! the same values as the others before it is handed out.

mod buffa_views;
mod contender;
mod converter;
mod fields;
mod messages;
mod ours;
mod registry;
mod registry_client;
mod text_levels;

use std::rc::Rc;

use pragma_contracts::{MarketDepth, Price};
use tokio::runtime::{Builder, Runtime};

pub use contender::{Contender, Group};
use registry::Registry;
use registry_client::Typed;

/// All contenders.
pub fn groups() -> [Group; 2] {
    let registry = Registry::start();
    let runtime = Rc::new(Builder::new_current_thread().enable_all().build().unwrap());
    [price(&registry, &runtime), book(&registry, &runtime)]
}

fn price(registry: &Registry, runtime: &Rc<Runtime>) -> Group {
    let frame = registry.frame(&messages::price());
    let contenders = [
        ours::decoding::<Price>(frame),
        ours::price_views(frame),
        ours::feed::<Price>(frame),
        ours::encoding::<Price>(frame),
        buffa_views::price(frame),
        with_registry::<Price>(frame, registry, runtime),
    ];
    Group {
        name: "Price",
        bytes: frame.len(),
        contenders: contenders.into_iter().flatten().collect(),
    }
}

fn book(registry: &Registry, runtime: &Rc<Runtime>) -> Group {
    let book = messages::book();
    let frame = registry.frame(&book);
    let contenders = [
        ours::decoding::<MarketDepth>(frame),
        ours::book_views(frame),
        ours::feed::<MarketDepth>(frame),
        ours::encoding::<MarketDepth>(frame),
        buffa_views::book(frame),
        with_registry::<MarketDepth>(frame, registry, runtime),
        vec![text_levels::contender(&book)],
    ];
    Group {
        name: "MarketDepth of 50+50 levels",
        bytes: frame.len(),
        contenders: contenders.into_iter().flatten().collect(),
    }
}

fn with_registry<C: Typed>(
    frame: &'static [u8],
    registry: &Registry,
    runtime: &Rc<Runtime>,
) -> Vec<Contender> {
    let mut contenders = converter::contenders::<C>(frame, &registry.url, runtime);
    contenders.push(registry_client::contender::<C>(
        frame,
        &registry.url,
        runtime,
    ));
    contenders
}
