//! Frames: the Confluent wire format of a message, byte for byte.
//!
//! Byte 0 is zero, then the schema id as four bytes big-endian, the message indexes, and the protobuf message. A contract
//! is the first message of its file, so its indexes are `[0]`, which is written as one zero byte. Source: Confluent's
//! documentation of the Schema Registry wire format.

use crate::view::{ContractView, Part, View};
use crate::wire::Fields;
use crate::{Contract, Error, Result};

const HEADER: usize = 6;
const MAX_ID: u32 = 0x7FFF_FFFF;

/// A frame taken apart; nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The schema id, as the registry gave it.
    pub schema_id: u32,
    /// The protobuf message.
    pub payload: &'a [u8],
    size: usize,
}

impl<'a> Frame<'a> {
    /// Takes a frame apart.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: the bytes are no frame, or its message index is not `[0]`.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        if let [0, a, b, c, d, 0, payload @ ..] = bytes {
            return Ok(Self {
                schema_id: u32::from_be_bytes([*a, *b, *c, *d]),
                payload,
                size: bytes.len(),
            });
        }
        Self::parse_in_full(bytes)
    }

    /// A frame whose message indexes are written in full, or what is wrong with it.
    #[inline(never)]
    fn parse_in_full(bytes: &'a [u8]) -> Result<Self> {
        let size = bytes.len();
        let (&magic, rest) = bytes
            .split_first()
            .ok_or_else(|| Error::frame("is empty", 0, 0))?;
        if magic != 0 {
            let problem = format!("begins with {magic:#04x}, not with the magic byte 0x00");
            return Err(Error::frame(problem, 0, size));
        }
        let Some((id, rest)) = rest.split_first_chunk::<4>() else {
            return Err(Self::short(size));
        };
        let payload = match rest {
            [] => return Err(Self::short(size)),
            [0, payload @ ..] => payload,
            // [0] may also be written in full, as a count of one and the index zero.
            [2, 0, payload @ ..] => payload,
            indexes => return Err(wrong_indexes(indexes, size)),
        };
        Ok(Self {
            schema_id: u32::from_be_bytes(*id),
            payload,
            size,
        })
    }

    /// The message of a contract in this frame, checked.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: it holds no such message. [`Error::InvalidMessage`]: the message breaks its contract.
    pub fn decode<C: Contract>(&self) -> Result<C> {
        let message = self.decode_unchecked::<C>()?;
        message.check()?;
        Ok(message)
    }

    /// The message of a contract in this frame, whatever it holds.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: the bytes are no such message.
    pub fn decode_unchecked<C: Contract>(&self) -> Result<C> {
        // The borrowed form knows every length before anything is allocated; prost is slower, but takes what has to be
        // merged, and has the word on what is no message.
        let borrowed = self.view_unchecked::<C>().and_then(View::into_message);
        borrowed.or_else(|_| self.decode_by_prost())
    }

    fn decode_by_prost<C: Contract>(&self) -> Result<C> {
        C::decode(self.payload).map_err(|error| {
            let start = self.size.saturating_sub(self.payload.len());
            Error::frame(format!("holds no {}: {error}", C::NAME), start, self.size)
        })
    }

    /// The message of a contract in this frame in its borrowed form, checked.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: it holds no such message, or one that only the owned form can hold: a message whose parts
    /// would have to be merged. [`Error::InvalidMessage`]: the message breaks its contract.
    #[inline]
    pub fn view<C: Contract>(&self) -> Result<C::View<'a>> {
        let view = self.view_unchecked::<C>()?;
        view.check()?;
        Ok(view)
    }

    /// The message of a contract in this frame in its borrowed form, whatever it holds.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: as for [`Frame::view`].
    #[inline]
    pub fn view_unchecked<C: Contract>(&self) -> Result<C::View<'a>> {
        let mut view = C::View::new();
        view.fill(Part(Fields::new(self.payload)))
            .map_err(|fault| fault.in_frame(self.size))?;
        Ok(view)
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    fn short(size: usize) -> Error {
        Error::frame(format!("ends inside its {HEADER}-byte header"), size, size)
    }
}

/// The frame of a stamped message; the same message always gives the same bytes.
///
/// # Errors
/// [`Error::InvalidMessage`]: the message breaks its contract, or has no version. [`Error::Configuration`]: the schema id
/// is not 1 to 2,147,483,647.
pub fn encode<C: Contract>(message: &C, schema_id: u32) -> Result<Vec<u8>> {
    check_id(schema_id)?;
    message.validate()?;
    if message
        .envelope()
        .is_none_or(|envelope| envelope.version.is_empty())
    {
        let problem = "is missing, and it is mandatory; stamp the message";
        return Err(C::invalid("envelope.version", "", problem));
    }
    Ok(write(message, schema_id))
}

/// A schema id that a registry can give.
pub(crate) fn check_id(schema_id: u32) -> Result<u32> {
    if (1..=MAX_ID).contains(&schema_id) {
        return Ok(schema_id);
    }
    Err(Error::Configuration {
        option: "schema_id",
        problem: format!("must be 1 to {MAX_ID}, not {schema_id}"),
    })
}

/// The frame of a message that is known to be valid and stamped.
pub(crate) fn write<C: Contract>(message: &C, schema_id: u32) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER.saturating_add(message.encoded_len()));
    frame.push(0);
    frame.extend_from_slice(&schema_id.to_be_bytes());
    frame.push(0);
    // A Vec grows as it is written to, so there is always room.
    message.encode_raw(&mut frame);
    frame
}

/// The message of a contract in a frame, checked.
///
/// # Errors
/// [`Error::InvalidFrame`]: the bytes are no frame, or hold no such message. [`Error::InvalidMessage`]: the message breaks
/// its contract.
pub fn decode<C: Contract>(frame: &[u8]) -> Result<C> {
    Frame::parse(frame)?.decode()
}

fn wrong_indexes(indexes: &[u8], size: usize) -> Error {
    let mut at = indexes;
    let Some(count) = zigzag(&mut at) else {
        return Error::frame(
            "has message indexes that are no varints",
            size - indexes.len(),
            size,
        );
    };
    let mut shown = Vec::new();
    for _ in 0..count.clamp(0, 8) {
        let Some(index) = zigzag(&mut at) else {
            return Error::frame(
                "has message indexes that are no varints",
                size - at.len(),
                size,
            );
        };
        shown.push(index.to_string());
    }
    if count > 8 {
        shown.push("…".to_owned());
    }
    let problem = format!(
        "has message index [{}]; a contract is the first message of its file, [0]",
        shown.join(", ")
    );
    Error::frame(problem, HEADER - 1, size)
}

fn zigzag(bytes: &mut &[u8]) -> Option<i64> {
    let mut value: u64 = 0;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}
