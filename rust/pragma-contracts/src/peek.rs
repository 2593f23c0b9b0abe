//! Reads the feed of a frame without decoding the rest: every contract has its identifiers in fields 2 to 5.

use std::borrow::Cow;

use crate::feed::MISSING;
use crate::wire::{Fault, Fields, Problem, Value};
use crate::{Error, Feed, Frame, Market, Result};

/// The feed of a frame of any contract. It stops reading when it has all four identifiers.
///
/// # Errors
/// [`Error::InvalidFrame`]: the bytes are no frame, or no protobuf message. [`Error::InvalidFeed`]: an identifier is
/// absent or not allowed.
pub fn peek(frame: &[u8]) -> Result<Feed<'_>> {
    let frame = Frame::parse(frame)?;
    let mut fields = Fields::new(frame.payload);
    let fault = |fault: Fault| fault.in_frame(frame.size());
    let mut market_type = None;
    let (mut network_id, mut source_id, mut token_ticker) = (None, None, None);
    while market_type.is_none()
        || network_id.is_none()
        || source_id.is_none()
        || token_ticker.is_none()
    {
        match fields.next().map_err(fault)? {
            None => break,
            // protobuf sign-extends a negative enum number to 64 bits and keeps the low 32 of what it reads.
            Some((2, Value::Varint(number))) => market_type = Some(number as i32),
            Some((3, Value::Bytes(bytes))) => {
                network_id = Some(text(&fields, 3, bytes).map_err(fault)?)
            }
            Some((4, Value::Bytes(bytes))) => {
                source_id = Some(text(&fields, 4, bytes).map_err(fault)?)
            }
            Some((5, Value::Bytes(bytes))) => {
                token_ticker = Some(text(&fields, 5, bytes).map_err(fault)?)
            }
            Some(_) => {}
        }
    }
    Feed::new(
        Market::from_number(market_type.ok_or_else(|| missing("market_type"))?),
        network_id.ok_or_else(|| missing("network_id"))?,
        source_id.ok_or_else(|| missing("source_id"))?,
        token_ticker.ok_or_else(|| missing("token_ticker"))?,
    )
}

fn text<'a>(
    fields: &Fields<'a>,
    number: u32,
    bytes: &'a [u8],
) -> std::result::Result<Cow<'a, str>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| fields.fault(Problem::Unfit(number)))?;
    Ok(Cow::Borrowed(text))
}

fn missing(field: &'static str) -> Error {
    Error::InvalidFeed {
        field,
        value: String::new(),
        problem: MISSING,
    }
}
