//! Reads protobuf's wire format field by field, without copying; whoever reads it knows the message.

use crate::Error;

/// What protobuf's own decoders stop at.
const DEEPEST: u8 = 100;
const GROUP: u8 = 3;
const END_GROUP: u8 = 4;

/// What is wrong with a message, and how many bytes before its end. Small, because every field that is read may bring one.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Fault {
    left: usize,
    problem: Problem,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Problem {
    CutInVarint,
    CutInField,
    FieldNumber,
    WireType(u8),
    TooDeep,
    Unfit(u32),
    Twice(u32),
}

impl Fault {
    /// The error of a frame of this many bytes, which ends with the message.
    #[cold]
    pub(crate) fn in_frame(self, size: usize) -> Error {
        let problem = match self.problem {
            Problem::CutInVarint => "ends inside a varint, or has one that is too long".to_owned(),
            Problem::CutInField => "ends inside a field".to_owned(),
            Problem::FieldNumber => "has a field number that protobuf does not allow".to_owned(),
            Problem::WireType(wire_type) => {
                format!("has wire type {wire_type} where no field can have it")
            }
            Problem::TooDeep => format!("nests messages more than {DEEPEST} deep"),
            Problem::Unfit(number) => {
                format!("has field {number} of another type, or text that is not UTF-8")
            }
            Problem::Twice(number) => {
                format!("has field {number} twice, which the borrowed form cannot merge")
            }
        };
        Error::frame(problem, size.saturating_sub(self.left), size)
    }
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

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
    /// Bytes of the frame after this message.
    after: usize,
    depth: u8,
}

impl<'a> Fields<'a> {
    /// The fields of the message that a frame ends with.
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            after: 0,
            depth: 0,
        }
    }

    /// The fields of a message that is the last field which was read.
    #[inline]
    pub(crate) fn nested(&self, message: &'a [u8]) -> Result<Self> {
        if self.depth >= DEEPEST {
            return Err(self.fault(Problem::TooDeep));
        }
        Ok(Self {
            rest: message,
            after: self.after + self.rest.len(),
            depth: self.depth + 1,
        })
    }

    /// All that has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Number and value of the next field; None at the end of the message.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>> {
        let (number, wire_type) = loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            match self.tag()? {
                (number, GROUP) => self.skip_group(number, self.depth)?,
                found => break found,
            }
        };
        let value = match wire_type {
            0 => take(&mut self.rest, WireType::Varint)
                .ok_or_else(|| self.fault(Problem::CutInVarint)),
            1 => take(&mut self.rest, WireType::Fixed64)
                .ok_or_else(|| self.fault(Problem::CutInField)),
            2 => {
                take(&mut self.rest, WireType::Bytes).ok_or_else(|| self.fault(Problem::CutInField))
            }
            5 => take(&mut self.rest, WireType::Fixed32)
                .ok_or_else(|| self.fault(Problem::CutInField)),
            other => Err(self.fault(Problem::WireType(other))),
        };
        Ok(Some((number, value?)))
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u8)> {
        let tag = varint(&mut self.rest).ok_or_else(|| self.fault(Problem::CutInVarint))?;
        let number = (tag >> 3) as u32;
        if number == 0 || tag > 0xFFFF_FFFF {
            return Err(self.fault(Problem::FieldNumber));
        }
        Ok((number, (tag & 7) as u8))
    }

    /// A group is an unknown field of proto2, which every protobuf parser keeps or skips.
    #[cold]
    fn skip_group(&mut self, started: u32, depth: u8) -> Result<()> {
        if depth >= DEEPEST {
            return Err(self.fault(Problem::TooDeep));
        }
        loop {
            let (number, wire_type) = self.tag()?;
            let skipped = match wire_type {
                0 => take(&mut self.rest, WireType::Varint),
                1 => take(&mut self.rest, WireType::Fixed64),
                2 => take(&mut self.rest, WireType::Bytes),
                GROUP => {
                    self.skip_group(number, depth + 1)?;
                    continue;
                }
                END_GROUP if number == started => return Ok(()),
                5 => take(&mut self.rest, WireType::Fixed32),
                other => return Err(self.fault(Problem::WireType(other))),
            };
            skipped.ok_or_else(|| self.fault(Problem::CutInField))?;
        }
    }

    #[cold]
    pub(crate) fn fault(&self, problem: Problem) -> Fault {
        Fault {
            left: self.after + self.rest.len(),
            problem,
        }
    }
}

/// Takes one value off the front of `bytes`; None when it is cut short.
#[inline]
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

#[inline]
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
