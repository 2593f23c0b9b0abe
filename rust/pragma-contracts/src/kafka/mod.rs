//! Kafka: a consumer that yields a stream of typed messages, and a producer that never waits (feature `kafka`).
//!
//! Both run on rdkafka, inside a tokio runtime. Any librdkafka property can be set, and wins over the defaults here; TLS
//! and SASL need the feature `ssl`, and Kerberos rdkafka's own feature `gssapi`.
//!
//! ```no_run
//! use futures::StreamExt;
//! use pragma_contracts::kafka::{Consumer, Start};
//! use pragma_contracts::{Contract, MarketType, Price, feeds};
//!
//! # async fn print() -> pragma_contracts::Result<()> {
//! let mut prices = Consumer::builder("localhost:9092", "ingestor")
//!     .filter(feeds().market_type(MarketType::Perpetual)?)
//!     .start(Start::Earliest)
//!     .stream::<Price>()
//!     .await?;
//! while let Some(record) = prices.next().await {
//!     match record {
//!         Ok(record) => println!("{} {}", record.message.key()?, record.message.price),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod broker;
mod consumer;
mod lock;
mod producer;
mod reading;
mod settings;

pub use consumer::{Commit, Consumer, ConsumerBuilder, ConsumerStats, Offsets, Start};
pub use producer::{Producer, ProducerBuilder, ProducerStats};
pub use reading::{Consumed, Readable};
