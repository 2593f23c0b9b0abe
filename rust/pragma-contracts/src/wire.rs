//! Reads protobuf's wire format field by field, without copying; whoever reads it knows the message.

use crate::{Error, Result};

/// What protobuf's own decoders stop at.
const DEEPEST: u8 = 100;

/// What a field holds, by its wire type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// The wire type of a kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Bytes,
    Fixed32,
}

/// The fields of a message that is part of a frame.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    frame_size: usize,
    depth: u8,
}

impl<'a> Fields<'a> {
    /// The fields of the message at the end of a frame of `frame_size` bytes, which errors count from.
    pub(crate) fn new(message: &'a [u8], frame_size: usize) -> Self {
        Self {
            rest: message,
            frame_size,
            depth: 0,
        }
    }

    /// The fields of a message that is the last field which was read.
    pub(crate) fn nested(&self, message: &'a [u8]) -> Result<Self> {
        if self.depth >= DEEPEST {
            return Err(self.error(format!("nests messages more than {DEEPEST} deep")));
        }
        Ok(Self {
            rest: message,
            frame_size: self.frame_size.saturating_sub(self.rest.len()),
            depth: self.depth + 1,
        })
    }

    /// All that has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Number and value of the next field; None at the end of the message.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3)
            .ok()
            .filter(|number| (1..=0x1FFF_FFFF).contains(number))
            .ok_or_else(|| self.error("has a field number that protobuf does not allow"))?;
        let wire_type = match tag & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Bytes,
            5 => WireType::Fixed32,
            other => {
                return Err(self.error(format!(
                    "has a field of wire type {other}, which no contract uses"
                )));
            }
        };
        let value = take(&mut self.rest, wire_type).ok_or_else(|| self.cut_short(wire_type))?;
        Ok(Some((number, value)))
    }

    #[cold]
    pub(crate) fn error(&self, problem: impl Into<String>) -> Error {
        let at = self.frame_size.saturating_sub(self.rest.len());
        Error::frame(problem, at, self.frame_size)
    }

    fn varint(&mut self) -> Result<u64> {
        varint(&mut self.rest).ok_or_else(|| self.cut_short(WireType::Varint))
    }

    #[cold]
    fn cut_short(&self, wire_type: WireType) -> Error {
        match wire_type {
            WireType::Varint => self.error("ends inside a varint, or has one that is too long"),
            _ => self.error("ends inside a field"),
        }
    }
}

/// Takes one value off the front of `bytes`; None when it is cut short.
pub(crate) fn take<'a>(bytes: &mut &'a [u8], wire_type: WireType) -> Option<Value<'a>> {
    match wire_type {
        WireType::Varint => varint(bytes).map(Value::Varint),
        WireType::Fixed64 => {
            let (taken, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            Some(Value::Fixed64(u64::from_le_bytes(*taken)))
        }
        WireType::Fixed32 => {
            let (taken, rest) = bytes.split_first_chunk::<4>()?;
            *bytes = rest;
            Some(Value::Fixed32(u32::from_le_bytes(*taken)))
        }
        WireType::Bytes => {
            let size = varint(bytes)?;
            let (taken, rest) = bytes.split_at_checked(usize::try_from(size).ok()?)?;
            *bytes = rest;
            Some(Value::Bytes(taken))
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = rest;
        return Some(u64::from(first));
    }
    let mut value = u64::from(first & 0x7F);
    let mut rest = rest;
    for shift in (7..70).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        // The tenth byte has room for one bit.
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            *bytes = rest;
            return Some(value);
        }
    }
    None
}
