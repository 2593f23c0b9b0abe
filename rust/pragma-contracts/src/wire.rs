//! Reads protobuf's wire format field by field, without copying; whoever reads it knows the message.
//!
//! Source: protobuf's documentation of its encoding, whose names the wire types have here.

use crate::Error;

/// The wire type of numbers of one to ten bytes.
pub const VARINT: u8 = 0;
/// The wire type of numbers of eight bytes.
pub const I64: u8 = 1;
/// The wire type of text, bytes, messages and packed lists: a length, and as many bytes.
pub const LEN: u8 = 2;
/// The wire type of numbers of four bytes.
pub const I32: u8 = 5;
const GROUP: u8 = 3;
const END_GROUP: u8 = 4;

/// What protobuf's own decoders stop at.
const DEEPEST: u8 = 100;
/// The bit of each of eight bytes that says that a varint goes on.
const GOES_ON: u64 = 0x8080_8080_8080_8080;

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

/// The fields of a message that is part of a frame.
///
/// What is rare is done out of line, and by value: a reference to the fields would keep them in memory, and each step of
/// the loop that reads a message would have to wait for what the one before it has stored.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    /// Bytes of the frame after this message.
    after: usize,
    depth: u8,
}

// What is inlined at all costs here is the loop that reads a message: a call for each field would double its price.
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
    #[inline(always)]
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

    /// Number and wire type of the next field, whose value has to be taken or skipped then; None at the end.
    #[inline(always)]
    pub(crate) fn field(&mut self) -> Result<Option<(u32, u8)>> {
        match self.rest {
            [] => Ok(None),
            // Numbers 1 to 15, which is what messages are made of.
            [tag @ 0x08..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(Some((u32::from(tag >> 3), tag & 7)))
            }
            _ => {
                let (found, fields) = self.long_field()?;
                *self = fields;
                Ok(Some(found))
            }
        }
    }

    #[inline(never)]
    fn long_field(mut self) -> Result<((u32, u8), Self)> {
        let tag = self.varint()?;
        let number = (tag >> 3) as u32;
        if number == 0 || tag > 0xFFFF_FFFF {
            return Err(self.fault(Problem::FieldNumber));
        }
        Ok(((number, (tag & 7) as u8), self))
    }

    /// A varint that is nearly always of one byte, such as a length.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u64> {
        match self.rest {
            [byte @ ..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.take(slow_varint(self.rest)),
        }
    }

    /// A varint that is nearly always of up to five bytes, such as a price at its scale, or the seconds of a time.
    #[inline(always)]
    pub(crate) fn number(&mut self) -> Result<u64> {
        // The values of a column are of one size, mostly, so that these branches are foreseen.
        let (value, rest) = match self.rest {
            [a @ ..0x80, rest @ ..] => (u64::from(*a), rest),
            [a, b @ ..0x80, rest @ ..] => (low(*a) | u64::from(*b) << 7, rest),
            [a, b, c @ ..0x80, rest @ ..] => (low(*a) | low(*b) << 7 | u64::from(*c) << 14, rest),
            [a, b, c, d @ ..0x80, rest @ ..] => (
                low(*a) | low(*b) << 7 | low(*c) << 14 | u64::from(*d) << 21,
                rest,
            ),
            [a, b, c, d, e @ ..0x80, rest @ ..] => (
                low(*a) | low(*b) << 7 | low(*c) << 14 | low(*d) << 21 | u64::from(*e) << 28,
                rest,
            ),
            _ => return self.take(long_number(self.rest)),
        };
        self.rest = rest;
        Ok(value)
    }

    #[inline(always)]
    fn take(&mut self, found: Option<(u64, &'a [u8])>) -> Result<u64> {
        let Some((value, rest)) = found else {
            return Err(self.fault(Problem::CutInVarint));
        };
        self.rest = rest;
        Ok(value)
    }

    /// Eight bytes.
    #[inline(always)]
    pub(crate) fn fixed64(&mut self) -> Result<u64> {
        self.chunk().map(u64::from_le_bytes)
    }

    /// Four bytes.
    #[inline(always)]
    pub(crate) fn fixed32(&mut self) -> Result<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    #[inline(always)]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((taken, rest)) = self.rest.split_first_chunk() else {
            return Err(self.fault(Problem::CutInField));
        };
        self.rest = rest;
        Ok(*taken)
    }

    /// A length, and as many bytes.
    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let size = self.varint()?;
        let split = usize::try_from(size).map(|size| self.rest.split_at_checked(size));
        let Ok(Some((taken, rest))) = split else {
            return Err(self.fault(Problem::CutInField));
        };
        self.rest = rest;
        Ok(taken)
    }

    /// What is left after the value of a field.
    #[inline(never)]
    pub(crate) fn skipped(self, number: u32, wire_type: u8) -> Result<Self> {
        self.skipped_in(number, wire_type, self.depth)
    }

    fn skipped_in(mut self, number: u32, wire_type: u8, depth: u8) -> Result<Self> {
        match wire_type {
            VARINT => self.varint().map(drop)?,
            I64 => self.fixed64().map(drop)?,
            LEN => self.bytes().map(drop)?,
            I32 => self.fixed32().map(drop)?,
            GROUP => return self.skipped_group(number, depth),
            other => return Err(self.fault(Problem::WireType(other))),
        }
        Ok(self)
    }

    /// A group is an unknown field of proto2, which every protobuf parser keeps or skips.
    #[cold]
    fn skipped_group(mut self, started: u32, depth: u8) -> Result<Self> {
        if depth >= DEEPEST {
            return Err(self.fault(Problem::TooDeep));
        }
        loop {
            let ((number, wire_type), fields) = self.long_field()?;
            if (number, wire_type) == (started, END_GROUP) {
                return Ok(fields);
            }
            // Whatever is in the deepest group is too deep.
            if depth + 1 >= DEEPEST {
                return Err(fields.fault(Problem::TooDeep));
            }
            self = fields.skipped_in(number, wire_type, depth + 1)?;
        }
    }

    #[inline(always)]
    pub(crate) fn fault(&self, problem: Problem) -> Fault {
        Fault {
            left: self.after + self.rest.len(),
            problem,
        }
    }
}

#[inline(never)]
fn long_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes.first_chunk().and_then(varint_in) {
        Some((value, size)) => Some((value, bytes.get(size..)?)),
        None => slow_varint(bytes),
    }
}

#[inline(never)]
fn slow_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        // The tenth byte has room for one bit.
        if at == 9 && *byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7F) << (7 * at);
        if *byte < 0x80 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

/// The bits of a byte of a varint that goes on.
#[inline(always)]
fn low(byte: u8) -> u64 {
    u64::from(byte & 0x7F)
}

/// The varint that eight bytes begin with, and its size, when it ends within them. It takes no branch for each byte.
#[inline(always)]
fn varint_in(chunk: &[u8; 8]) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*chunk);
    let ends = !word & GOES_ON;
    if ends == 0 {
        return None;
    }
    // Everything up to the end, without the bits that say where that is; and then by pairs, fours and eights.
    let bits = word & (ends ^ (ends - 1)) & !GOES_ON;
    let bits = (bits & 0x007F_007F_007F_007F) | (bits & 0x7F00_7F00_7F00_7F00) >> 1;
    let bits = (bits & 0x0000_3FFF_0000_3FFF) | (bits & 0x3FFF_0000_3FFF_0000) >> 2;
    let bits = (bits & 0x0FFF_FFFF) | (bits & 0x0FFF_FFFF_0000_0000) >> 4;
    Some((bits, ends.trailing_zeros() as usize / 8 + 1))
}

/// Number of values in a packed list; None when it is cut short or one of them is too long.
pub(crate) fn count(packed: &[u8], wire_type: u8) -> Option<usize> {
    match wire_type {
        I64 => (packed.len() % 8 == 0).then_some(packed.len() / 8),
        I32 => (packed.len() % 4 == 0).then_some(packed.len() / 4),
        _ => count_varints(packed),
    }
}

fn count_varints(packed: &[u8]) -> Option<usize> {
    let (mut count, mut long) = (0, 0);
    // Each byte of a sum has room for 255 ends.
    for block in packed.chunks(255 * 8) {
        let chunks = block.chunks_exact(8);
        let rest = chunks.remainder();
        let mut sum = 0;
        for chunk in chunks {
            let word = u64::from_le_bytes(chunk.try_into().ok()?);
            sum += (!word & GOES_ON) >> 7;
            long |= five_in_a_row(word);
        }
        count += sum
            .to_le_bytes()
            .iter()
            .map(|ends| usize::from(*ends))
            .sum::<usize>();
        count += rest.iter().filter(|byte| **byte < 0x80).count();
        long |= five_in_a_row(
            rest.iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte)),
        );
    }
    let is_whole = packed.last().is_none_or(|byte| *byte < 0x80);
    // Without five bytes in a row that go on, no varint is too long, not even one that is in two chunks.
    match long & GOES_ON {
        0 => is_whole.then_some(count),
        _ => count_slowly(packed),
    }
}

/// The highest bit of a byte is set when it and four before it go on.
#[inline(always)]
fn five_in_a_row(word: u64) -> u64 {
    let two = word & word << 8;
    let four = two & two << 16;
    four & word << 32
}

#[cold]
fn count_slowly(mut packed: &[u8]) -> Option<usize> {
    let mut count = 0;
    while !packed.is_empty() {
        (_, packed) = slow_varint(packed)?;
        count += 1;
    }
    Some(count)
}
