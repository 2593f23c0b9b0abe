//! The contender that a book has in its own schema: every level a message of two texts.

use std::hint::black_box;

use pragma_contracts::{BookSide, Envelope, Level, MarketDepth};
use prost_014::Message;

use crate::contender::Contender;

#[derive(Clone, PartialEq, Message)]
#[prost(prost_path = "::prost_014")]
struct TextBook {
    #[prost(message, optional, tag = "1")]
    envelope: Option<Envelope>,
    #[prost(int32, tag = "2")]
    market_type: i32,
    #[prost(string, tag = "3")]
    network_id: String,
    #[prost(string, tag = "4")]
    source_id: String,
    #[prost(string, tag = "5")]
    token_ticker: String,
    #[prost(message, repeated, tag = "6")]
    bids: Vec<TextLevel>,
    #[prost(message, repeated, tag = "7")]
    asks: Vec<TextLevel>,
}

#[derive(Clone, PartialEq, Message)]
#[prost(prost_path = "::prost_014")]
struct TextLevel {
    #[prost(string, tag = "1")]
    price: String,
    #[prost(string, tag = "2")]
    quantity: String,
}

/// Decodes what the book would be with levels of texts.
pub(crate) fn contender(book: &MarketDepth) -> Contender {
    let texts = text_book(book);
    let payload: &[u8] = texts.encode_to_vec().leak();
    assert_eq!(TextBook::decode(payload).unwrap(), texts);
    Contender::new(
        "bare prost, decode the book as levels of two texts",
        move || TextBook::decode(black_box(payload)).unwrap(),
    )
}

fn text_book(book: &MarketDepth) -> TextBook {
    let side = |side: &Option<BookSide>| {
        let text = |level: Level| TextLevel {
            price: level.price.to_string(),
            quantity: level.quantity.to_string(),
        };
        let levels = side.as_ref().unwrap().levels().unwrap();
        levels.map(text).collect()
    };
    TextBook {
        envelope: book.envelope.clone(),
        market_type: book.market_type,
        network_id: book.network_id.clone(),
        source_id: book.source_id.clone(),
        token_ticker: book.token_ticker.clone(),
        bids: side(&book.bids),
        asks: side(&book.asks),
    }
}
