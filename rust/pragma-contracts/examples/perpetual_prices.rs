//! Prints the perpetual prices as they are published, until Ctrl-C: `perpetual_prices localhost:9092`.

use futures::StreamExt;
use pragma_contracts::kafka::Consumer;
use pragma_contracts::{Contract, MarketType, Price, feeds};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bootstrap = std::env::args().nth(1).ok_or("give the broker's address")?;
    let mut prices = Consumer::builder(bootstrap, "perpetual-prices")
        .filter(feeds().market_type(MarketType::Perpetual)?)
        .stream::<Price>()
        .await?;
    let mut ctrl_c = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            _ = &mut ctrl_c => break,
            Some(record) = prices.next() => match record {
                Ok(record) => println!("{} {}", record.message.key()?, record.message.price),
                Err(error) => eprintln!("{error}"),
            },
        }
    }
    println!("{:?}", prices.close().await?);
    Ok(())
}
