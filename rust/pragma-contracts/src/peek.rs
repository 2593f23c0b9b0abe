//! Reads the feed of a frame without decoding the rest: every contract has its identifiers in fields 2 to 5.

use crate::feed::MISSING;
use crate::view::text;
use crate::wire::{Fault, Fields, LEN, Problem, VARINT};
use crate::{Error, Feed, Frame, Market, Result};

/// The feed of a frame of any contract, from its bytes alone.
///
/// It stops reading when it has all four identifiers: what follows them is not looked at, and may be damaged. Of an
/// identifier that is written more than once, which no serializer does, the first that is not empty counts; decoding
/// takes the last.
///
/// # Errors
/// [`Error::InvalidFrame`]: the bytes are no frame, or no protobuf message. [`Error::InvalidFeed`]: an identifier is
/// absent or not allowed.
pub fn peek(frame: &[u8]) -> Result<Feed<'_>> {
    let frame = Frame::parse(frame)?;
    let mut fields = Fields::new(frame.payload);
    let fault = |fault: Fault| fault.in_frame(frame.size());
    let mut market_type = 0;
    let (mut network_id, mut source_id, mut token_ticker) = ("", "", "");
    while market_type == 0
        || network_id.is_empty()
        || source_id.is_empty()
        || token_ticker.is_empty()
    {
        match fields.field().map_err(fault)? {
            None => break,
            // protobuf sign-extends a negative enum number to 64 bits and keeps the low 32 of what it reads.
            Some((2, VARINT)) if market_type == 0 => {
                market_type = fields.varint().map_err(fault)? as i32;
            }
            Some((number @ 3..=5, LEN)) => {
                let bytes = fields.bytes().map_err(fault)?;
                let text =
                    text(bytes).ok_or_else(|| fault(fields.fault(Problem::Unfit(number))))?;
                let held = match number {
                    3 => &mut network_id,
                    4 => &mut source_id,
                    _ => &mut token_ticker,
                };
                if held.is_empty() {
                    *held = text;
                }
            }
            Some((number, wire_type)) => {
                fields = fields.skipped(number, wire_type).map_err(fault)?;
            }
        }
    }
    for (field, value) in [
        ("network_id", network_id),
        ("source_id", source_id),
        ("token_ticker", token_ticker),
    ] {
        if value.is_empty() {
            return Err(missing(field));
        }
    }
    if market_type == 0 {
        return Err(missing("market_type"));
    }
    Feed::new(
        Market::from_number(market_type),
        network_id,
        source_id,
        token_ticker,
    )
}

fn missing(field: &'static str) -> Error {
    Error::InvalidFeed {
        field,
        value: String::new(),
        problem: MISSING,
    }
}
