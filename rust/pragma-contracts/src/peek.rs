//! Reads the feed of a frame without decoding the rest: every contract has its identifiers in fields 2 to 5.

use crate::feed::MISSING;
use crate::view::text;
use crate::wire::{self, Fault, Fields, LEN, Problem, VARINT};
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
            Some((2, VARINT)) => {
                let number = fields.varint().map_err(fault)? as i32;
                market_type = if market_type == 0 {
                    number
                } else {
                    market_type
                };
            }
            Some((3, LEN)) => network_id = first(network_id, &mut fields, 3).map_err(fault)?,
            Some((4, LEN)) => source_id = first(source_id, &mut fields, 4).map_err(fault)?,
            Some((5, LEN)) => token_ticker = first(token_ticker, &mut fields, 5).map_err(fault)?,
            Some((_, LEN)) => fields.bytes().map(drop).map_err(fault)?,
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

/// Text that was there before, unless it is empty; or else that of this field.
#[inline(always)]
fn first<'a>(before: &'a str, fields: &mut Fields<'a>, number: u32) -> wire::Result<&'a str> {
    let bytes = fields.bytes()?;
    let text = text(bytes).ok_or_else(|| fields.fault(Problem::Unfit(number)))?;
    Ok(if before.is_empty() { text } else { before })
}

fn missing(field: &'static str) -> Error {
    Error::InvalidFeed {
        field,
        value: String::new(),
        problem: MISSING,
    }
}
