//! Typed contracts for Pragma's market data on Kafka: prices and order books, of spot and derivatives markets.
//!
//! What is on the wire is the Confluent frame of a protobuf message ([`Frame`]); the record key is the text of the
//! message's [`Feed`], such as `perp-unknown-paradex-BTC`. The messages and their checks are generated from the same
//! `.proto` files as the Python package, and both write the same bytes.
#![deny(missing_docs)]

#[allow(dead_code, reason = "which rules are called follows from the schemas")]
mod check;
mod column;
mod contract;
mod decimal;
mod enum_value;
mod error;
mod feed;
mod filter;
mod frame;
#[rustfmt::skip]
#[allow(clippy::large_enum_variant, reason = "a schema decides what a oneof holds")]
mod generated;
#[cfg(feature = "serde")]
#[allow(dead_code, reason = "which forms are written follows from the schemas")]
mod json;
#[cfg(feature = "kafka")]
pub mod kafka;
mod peek;
mod record;
#[cfg(feature = "stream")]
mod stream;
#[allow(
    dead_code,
    reason = "which kinds of fields are read follows from the schemas"
)]
pub mod view;
mod wire;

#[cfg(doc)]
#[doc = include_str!("../BENCHMARKS.md")]
pub mod benchmarks {}

pub use column::Level;
pub use contract::Contract;
pub use decimal::Decimal;
pub use enum_value::{ContractEnum, EnumValue};
pub use error::Error;
pub use feed::{Feed, Market, murmur2};
pub use filter::{FeedFilter, Several, feeds};
pub use frame::{Frame, decode, encode};
pub use generated::*;
#[cfg(feature = "serde")]
pub use json::Json;
pub use peek::peek;
pub use record::Record;
#[cfg(feature = "stream")]
pub use stream::{FeedStreamExt, Filtered, InFeed, Item};
pub use view::ContractView;

#[cfg(all(doctest, feature = "kafka"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
