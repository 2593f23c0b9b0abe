//! Reads protobuf's wire format field by field, without copying; whoever reads it knows the message.

use crate::Error;

/// What a field holds, by its wire type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64,
    Bytes(&'a [u8]),
    Fixed32,
}

/// The fields of a message that is part of a frame.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    frame_size: usize,
}

impl<'a> Fields<'a> {
    /// The fields of the message at the end of a frame of `frame_size` bytes, which errors count from.
    pub(crate) fn new(message: &'a [u8], frame_size: usize) -> Self {
        Self {
            rest: message,
            frame_size,
        }
    }

    /// Number and value of the next field; None at the end of the message.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3)
            .ok()
            .filter(|number| (1..=0x1FFF_FFFF).contains(number))
            .ok_or_else(|| self.error("has a field number that protobuf does not allow"))?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let size = self.varint()?;
                Value::Bytes(self.take(usize::try_from(size).unwrap_or(usize::MAX))?)
            }
            5 => self.take(4).map(|_| Value::Fixed32)?,
            other => {
                return Err(self.error(format!(
                    "has a field of wire type {other}, which no contract uses"
                )));
            }
        };
        Ok(Some((number, value)))
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> Error {
        let at = self.frame_size.saturating_sub(self.rest.len());
        Error::frame(problem, at, self.frame_size)
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Error> {
        match self.rest.split_at_checked(size) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(self.error("ends inside a field")),
        }
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0;
        for (shift, byte) in (0..).step_by(7).zip(self.rest.iter().take(10)) {
            value |= u64::from(byte & 0x7F) << shift;
            if *byte < 0x80 {
                self.rest = self.rest.get(shift as usize / 7 + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(self.error("ends inside a varint, or has one that is too long"))
    }
}
