//! Prints the mid price of every order book as it is published, without copying any of it: `mid_price localhost:9092`.

use futures::StreamExt;
use pragma_contracts::kafka::Consumer;
use pragma_contracts::{ContractView, MarketDepth, Record};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bootstrap = std::env::args().nth(1).ok_or("give the broker's address")?;
    // Undecoded records, whose borrowed form costs a fraction of decoding.
    let mut books = Consumer::builder(bootstrap, "mid-price")
        .contract::<MarketDepth>()
        .stream::<Record>()
        .await?;
    while let Some(record) = books.next().await {
        let record = record?;
        let book = record.message.view::<MarketDepth>()?;
        let (Some(bids), Some(asks)) = (book.bids, book.asks) else {
            continue;
        };
        let (bid, ask) = (bids.floats()?.next(), asks.floats()?.next());
        if let (Some((bid, _)), Some((ask, _))) = (bid, ask) {
            println!("{} {}", book.key()?, (bid + ask) / 2.0);
        }
    }
    Ok(())
}
