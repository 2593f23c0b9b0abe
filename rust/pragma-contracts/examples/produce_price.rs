//! Publishes one price: `produce_price localhost:9092 contracts.lock spot ethereum ekubo ETH 3012.55`.

use std::time::SystemTime;

use pragma_contracts::kafka::Producer;
use pragma_contracts::{ContractEnum, MarketType, Price};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        bootstrap,
        lock,
        market_type,
        network_id,
        source_id,
        token_ticker,
        price,
    ] = <[String; 7]>::try_from(arguments)
        .map_err(|_| "give broker, lock, market type, network, source, ticker and price")?;
    let producer = Producer::builder(bootstrap)
        .contract::<Price>()
        .lock(lock)
        .name("example")
        .connect()
        .await?;
    let market_type = MarketType::from_text(&market_type).ok_or("there is no such market type")?;
    let mut message = Price {
        market_type: market_type.into(),
        network_id,
        source_id,
        token_ticker,
        price,
        ..Price::default()
    };
    message.envelope.get_or_insert_default().event_timestamp = Some(SystemTime::now().into());
    producer.send(&mut message)?;
    println!("{:?}", producer.close().await?);
    Ok(())
}
