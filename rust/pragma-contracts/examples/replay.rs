//! Publishes a number of messages again, to another broker: `replay FROM TO LOCK COUNT`.

use futures::StreamExt;
use pragma_contracts::kafka::{Consumer, Producer, Start};
use pragma_contracts::{AnyMessage, MarketDepth, Price};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, lock, count] = <[String; 4]>::try_from(arguments)
        .map_err(|_| "give two brokers, the lock of the second one's registry, and a count")?;
    let producer = Producer::builder(to)
        .contract::<Price>()
        .contract::<MarketDepth>()
        .lock(lock)
        .name("replay")
        // A copy has time, and should be whole.
        .property("message.timeout.ms", "60000")
        .connect()
        .await?;
    let mut messages = Consumer::builder(from, "replay")
        .start(Start::Earliest)
        .stream::<AnyMessage>()
        .await?;
    for _ in 0..count.parse()? {
        let Some(record) = messages.next().await else {
            break;
        };
        match record?.message {
            AnyMessage::Price(mut price) => producer.send(&mut price)?,
            AnyMessage::MarketDepth(mut depth) => producer.send(&mut depth)?,
            _ => {}
        }
    }
    messages.close().await?;
    println!("{:?}", producer.close().await?);
    Ok(())
}
