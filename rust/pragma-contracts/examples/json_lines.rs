//! Writes every message as a line of JSON, from the oldest on: `json_lines localhost:9092 GROUP [perpetual]`.

use std::io::{BufWriter, Write};

use futures::StreamExt;
use pragma_contracts::kafka::{Consumer, Start};
use pragma_contracts::{AnyMessage, ContractEnum, MarketType, feeds};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let bootstrap = arguments.next().ok_or("give the broker's address")?;
    let group = arguments.next().ok_or("give the consumer group")?;
    let mut filter = feeds();
    if let Some(text) = arguments.next() {
        filter = filter.market_type(MarketType::from_text(&text).ok_or("no such market type")?)?;
    }
    let mut messages = Consumer::builder(bootstrap, group)
        .filter(filter)
        .start(Start::Earliest)
        .stream::<AnyMessage>()
        .await?;
    let mut output = BufWriter::new(std::io::stdout());
    loop {
        // Nothing is left to read at the moment, so let the reader have what there is.
        let next = match futures::poll!(messages.next()) {
            std::task::Poll::Ready(next) => next,
            std::task::Poll::Pending => {
                output.flush()?;
                messages.next().await
            }
        };
        let Some(record) = next else {
            return Ok(());
        };
        serde_json::to_writer(&mut output, &record?.message.to_json()?)?;
        output.write_all(b"\n")?;
    }
}
