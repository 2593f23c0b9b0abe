//! Borrowed forms of messages: text and bytes stay where they are, lists are read as they are iterated.

use std::fmt;
use std::marker::PhantomData;

use ascii::AsAsciiStr;

use crate::feed::escaped;
use crate::wire::{Fault, Fields, Problem, count};
#[doc(hidden)]
pub use crate::wire::{I32, I64, LEN, VARINT};
use crate::{ContractEnum, EnumValue, Envelope, Error, Feed, Market, MarketType, Result};

/// What reading gives, before it is known which frame it was about.
#[doc(hidden)]
pub type Read<T> = std::result::Result<T, Fault>;

/// A borrowed message; implemented by generated code.
pub trait View<'a>: Copy {
    /// The message that owns what it holds.
    type Owned;

    /// The message of which nothing is set.
    #[doc(hidden)]
    fn new() -> Self;

    /// Reads the message of a field; whoever has a frame takes [`Frame::view`](crate::Frame::view).
    #[doc(hidden)]
    fn fill(&mut self, part: Part<'a>) -> Read<()>;

    /// The message that owns what it holds.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: a part that is only read when it is asked for is no such message.
    fn into_message(self) -> Result<Self::Owned>;
}

/// A message that has a borrowed form; implemented by generated code.
pub trait HasView: 'static {
    /// The borrowed form.
    type View<'a>: View<'a, Owned = Self>;
}

/// A borrowed message of a contract; implemented by generated code.
pub trait ContractView<'a>: View<'a> {
    /// Identity and times of the message.
    fn envelope(&self) -> Option<<Envelope as HasView>::View<'a>>;

    /// The number of the market type; zero is unspecified.
    fn market_type_number(&self) -> i32;

    /// The network of the source.
    fn network_id(&self) -> &'a str;

    /// The source of the data.
    fn source_id(&self) -> &'a str;

    /// The asset or instrument.
    fn token_ticker(&self) -> &'a str;

    /// Whether a producer may send this message; see [`Contract::validate`](crate::Contract::validate).
    ///
    /// # Errors
    /// [`Error::InvalidMessage`]: it breaks its contract.
    fn validate(&self) -> Result<()>;

    /// Whether a consumer may use this message; see [`Contract::check`](crate::Contract::check).
    ///
    /// # Errors
    /// [`Error::InvalidMessage`]: it breaks its contract.
    fn check(&self) -> Result<()>;

    /// The market type: None when unspecified, `Unknown` when a newer producer's number is not known here.
    fn market(&self) -> Option<EnumValue<MarketType>> {
        EnumValue::from_number(self.market_type_number())
    }

    /// The feed that the message belongs to.
    ///
    /// # Errors
    /// [`Error::InvalidFeed`]: an identifier is empty or has control characters, or the market type is unspecified.
    fn feed(&self) -> Result<Feed<'a>> {
        let market_type = Market::from_number(self.market_type_number());
        Feed::new(
            market_type,
            self.network_id(),
            self.source_id(),
            self.token_ticker(),
        )
    }

    /// The record key, such as "perp-unknown-paradex-BTC".
    ///
    /// # Errors
    /// [`Error::InvalidFeed`]: there is no feed, or its market type is a number without a key token.
    fn key(&self) -> Result<String> {
        self.feed()?.key()
    }

    /// Whether this is what [`key`](Self::key) gives for the message, one that was checked. Ordinary identifiers are
    /// compared where they are.
    fn has_key(&self, key: &[u8]) -> bool {
        let Some(EnumValue::Known(market_type)) = self.market() else {
            return false;
        };
        key.strip_prefix(market_type.key_token().as_bytes())
            .and_then(|rest| rest.strip_prefix(b"-"))
            .and_then(|rest| rest.strip_prefix(escaped(self.network_id()).as_bytes()))
            .and_then(|rest| rest.strip_prefix(b"-"))
            .and_then(|rest| rest.strip_prefix(escaped(self.source_id()).as_bytes()))
            .and_then(|rest| rest.strip_prefix(b"-"))
            .is_some_and(|ticker| ticker == self.token_ticker().as_bytes())
    }
}

/// A message that is part of a frame, and has not been read yet.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Part<'a>(pub(crate) Fields<'a>);

/// What a value in a list or map is: the kind of a scalar, or a message.
pub trait Kind {
    /// A value as it is read.
    type Item<'a>: Copy;

    #[doc(hidden)]
    const WIRE_TYPE: u8;

    /// Whether a second value of a field is merged into the first, which no borrowed form can do.
    #[doc(hidden)]
    const MERGES: bool = false;

    #[doc(hidden)]
    fn take<'a>(part: &mut Part<'a>, number: u32) -> Read<Self::Item<'a>>;
}

/// The kinds of scalars, which say how a value is written.
pub mod kind {
    use super::{I32, I64, Kind, LEN, Part, Read, VARINT, text};

    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident: $item:ty, $wire_type:ident, $take:ident as $taken:ident => $value:expr;)*) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Kind for $name {
                type Item<'a> = $item;

                const WIRE_TYPE: u8 = $wire_type;

                #[inline(always)]
                fn take<'a>(part: &mut Part<'a>, _: u32) -> Read<$item> {
                    let $taken = part.0.$take()?;
                    Ok($value)
                }
            }
        )*};
    }

    kinds! {
        /// `double`
        Double: f64, I64, fixed64 as bits => f64::from_bits(bits);
        /// `float`
        Float: f32, I32, fixed32 as bits => f32::from_bits(bits);
        /// `int32`, and every enum
        Int32: i32, VARINT, varint as bits => bits as i32;
        /// `int64`
        Int64: i64, VARINT, number as bits => bits as i64;
        /// `uint32`
        Uint32: u32, VARINT, number as bits => bits as u32;
        /// `uint64`
        Uint64: u64, VARINT, number as bits => bits;
        /// `sint32`
        Sint32: i32, VARINT, number as bits => (bits as u32 >> 1) as i32 ^ -((bits & 1) as i32);
        /// `sint64`
        Sint64: i64, VARINT, number as bits => (bits >> 1) as i64 ^ -((bits & 1) as i64);
        /// `fixed32`
        Fixed32: u32, I32, fixed32 as bits => bits;
        /// `fixed64`
        Fixed64: u64, I64, fixed64 as bits => bits;
        /// `sfixed32`
        Sfixed32: i32, I32, fixed32 as bits => bits as i32;
        /// `sfixed64`
        Sfixed64: i64, I64, fixed64 as bits => bits as i64;
        /// `bool`
        Bool: bool, VARINT, varint as bits => bits != 0;
        /// `bytes`
        Bytes: &'a [u8], LEN, bytes as bytes => bytes;
    }

    /// `string`
    #[derive(Clone, Copy, Debug)]
    pub struct Text;

    impl Kind for Text {
        type Item<'a> = &'a str;

        const WIRE_TYPE: u8 = LEN;

        #[inline(always)]
        fn take<'a>(part: &mut Part<'a>, number: u32) -> Read<&'a str> {
            let bytes = part.0.bytes()?;
            text(bytes).ok_or_else(|| part.unfit(number))
        }
    }
}

impl<M: prost::Message + Default + 'static> Kind for Unread<'static, M> {
    type Item<'a> = Unread<'a, M>;

    const WIRE_TYPE: u8 = LEN;
    const MERGES: bool = true;

    fn take<'a>(part: &mut Part<'a>, _: u32) -> Read<Unread<'a, M>> {
        Ok(Unread::of(part.0.bytes()?))
    }
}

impl<M: HasView> Kind for M {
    type Item<'a> = M::View<'a>;

    const WIRE_TYPE: u8 = LEN;
    const MERGES: bool = true;

    fn take<'a>(part: &mut Part<'a>, _: u32) -> Read<M::View<'a>> {
        let mut view = M::View::new();
        view.fill(part.nested()?)?;
        Ok(view)
    }
}

impl<'a> Part<'a> {
    /// All that has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0.rest()
    }

    /// Number and wire type of the next field.
    #[inline(always)]
    pub(crate) fn field(&mut self) -> Read<Option<(u32, u8)>> {
        self.0.field()
    }

    /// Passes over a field that nobody asked for; a known one does not have this wire type.
    #[inline(always)]
    pub(crate) fn pass(&mut self, number: u32, wire_type: u8, is_known: bool) -> Read<()> {
        if is_known {
            return Err(self.unfit(number));
        }
        self.0 = self.0.skipped(number, wire_type)?;
        Ok(())
    }

    /// A field's value. Of a message that was there before, two would have to be merged into one that is not borrowed.
    #[inline(always)]
    pub(crate) fn one<K: Kind>(&mut self, number: u32, was_there: bool) -> Read<K::Item<'a>> {
        if K::MERGES && was_there {
            return Err(self.0.fault(Problem::Twice(number)));
        }
        K::take(self, number)
    }

    /// A message, which is read where it is held.
    #[inline(always)]
    pub(crate) fn message<V: View<'a>>(&mut self, number: u32, held: &mut Option<V>) -> Read<()> {
        if held.is_some() {
            return Err(self.0.fault(Problem::Twice(number)));
        }
        let part = self.nested()?;
        held.insert(V::new()).fill(part)
    }

    /// The message that is the value of a field.
    #[inline(always)]
    fn nested(&mut self) -> Read<Self> {
        let bytes = self.0.bytes()?;
        self.0.nested(bytes).map(Part)
    }

    /// A timestamp or duration, which are laid out alike; two are merged.
    #[inline(always)]
    pub(crate) fn time<T: Time>(&mut self, before: Option<T>) -> Read<T> {
        let part = self.nested()?;
        if let (None, Some((seconds, nanos))) = (before, usual_time(part.rest())) {
            return Ok(T::of(seconds, nanos));
        }
        part.any_time(before)
    }

    #[inline(never)]
    fn any_time<T: Time>(mut self, before: Option<T>) -> Read<T> {
        let (mut seconds, mut nanos) = before.unwrap_or_default().parts();
        while let Some((number, wire_type)) = self.field()? {
            match (number, wire_type) {
                (1, VARINT) => seconds = self.0.number()? as i64,
                (2, VARINT) => nanos = self.0.number()? as i32,
                _ => self.pass(number, wire_type, matches!(number, 1 | 2))?,
            }
        }
        Ok(T::of(seconds, nanos))
    }

    #[inline(always)]
    fn unfit(&self, number: u32) -> Fault {
        self.0.fault(Problem::Unfit(number))
    }
}

/// Seconds and nanoseconds of a time as they are nearly always written: seconds of five bytes, as those since 1970 are
/// until the year 3058, and nanoseconds of four or five, or none.
#[inline]
fn usual_time(bytes: &[u8]) -> Option<(i64, i32)> {
    let [
        0x08,
        a @ 0x80..=0xFF,
        b @ 0x80..=0xFF,
        c @ 0x80..=0xFF,
        d @ 0x80..=0xFF,
        e @ ..0x80,
        rest @ ..,
    ] = bytes
    else {
        return None;
    };
    let low = |byte: u8| u64::from(byte & 0x7F);
    let seconds = low(*a) | low(*b) << 7 | low(*c) << 14 | low(*d) << 21 | low(*e) << 28;
    let nanos = match rest {
        [] => 0,
        [
            0x10,
            a @ 0x80..=0xFF,
            b @ 0x80..=0xFF,
            c @ 0x80..=0xFF,
            d @ ..0x80,
        ] => low(*a) | low(*b) << 7 | low(*c) << 14 | low(*d) << 21,
        [
            0x10,
            a @ 0x80..=0xFF,
            b @ 0x80..=0xFF,
            c @ 0x80..=0xFF,
            d @ 0x80..=0xFF,
            e @ ..0x80,
        ] => low(*a) | low(*b) << 7 | low(*c) << 14 | low(*d) << 21 | low(*e) << 28,
        _ => return None,
    };
    Some((seconds as i64, nanos as i32))
}

/// Timestamp and Duration.
pub(crate) trait Time: Copy + Default {
    fn parts(self) -> (i64, i32);

    fn of(seconds: i64, nanos: i32) -> Self;
}

macro_rules! time {
    ($($type:ident),*) => {$(
        impl Time for prost_types::$type {
            fn parts(self) -> (i64, i32) {
                (self.seconds, self.nanos)
            }

            fn of(seconds: i64, nanos: i32) -> Self {
                Self { seconds, nanos }
            }
        }

        impl Kind for prost_types::$type {
            type Item<'a> = Self;

            const WIRE_TYPE: u8 = LEN;
            const MERGES: bool = true;

            fn take<'a>(part: &mut Part<'a>, _: u32) -> Read<Self> {
                part.time(None)
            }
        }
    )*};
}
time!(Timestamp, Duration);

/// Bytes as text.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    match bytes.as_ascii_str() {
        Ok(text) => Some(text.as_str()),
        Err(_) => std::str::from_utf8(bytes).ok(),
    }
}

/// A list of a borrowed message, which is read as it is iterated.
pub struct Repeated<'a, K> {
    /// The list when it stands in one packed piece, and else the message that its items are fields of.
    bytes: &'a [u8],
    number: u32,
    count: usize,
    is_packed: bool,
    kind: PhantomData<K>,
}

impl<'a, K: Kind> Repeated<'a, K> {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            bytes: &[],
            number,
            count: 0,
            is_packed: false,
            kind: PhantomData,
        }
    }

    /// Checks one item, or a packed piece, and counts it.
    #[inline(always)]
    pub(crate) fn see(
        &mut self,
        wire_type: u8,
        part: &mut Part<'a>,
        message: &'a [u8],
    ) -> Read<()> {
        let is_first = self.count == 0 && !self.is_packed;
        // Only a list that begins with a packed piece, and has no other, can be read from that piece alone.
        if wire_type == LEN && K::WIRE_TYPE != LEN {
            let piece = part.0.bytes()?;
            let seen = count(piece, K::WIRE_TYPE).ok_or_else(|| part.unfit(self.number))?;
            (self.bytes, self.is_packed) = if is_first {
                (piece, true)
            } else {
                (message, false)
            };
            self.count += seen;
        } else {
            K::take(part, self.number)?;
            (self.bytes, self.is_packed) = (message, false);
            self.count += 1;
        }
        Ok(())
    }
}

impl<'a, K: Kind> Repeated<'a, K> {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The items in their order.
    pub fn iter(&self) -> Items<'a, K> {
        Items {
            rest: Part(Fields::new(if self.is_packed { &[] } else { self.bytes })),
            packed: Part(Fields::new(if self.is_packed { self.bytes } else { &[] })),
            number: self.number,
            left: self.count,
            kind: PhantomData,
        }
    }
}

/// The items of a list.
pub struct Items<'a, K> {
    rest: Part<'a>,
    packed: Part<'a>,
    number: u32,
    left: usize,
    kind: PhantomData<K>,
}

impl<'a, K: Kind> Iterator for Items<'a, K> {
    type Item = K::Item<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<K::Item<'a>> {
        if self.packed.rest().is_empty() {
            // By value, as in wire.rs, so that the others need not look into memory.
            let (item, rest) = self.next_piece()?;
            *self = rest;
            return Some(item);
        }
        self.left = self.left.saturating_sub(1);
        K::take(&mut self.packed, self.number).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K: Kind> ExactSizeIterator for Items<'_, K> {}

impl<'a, K: Kind> Items<'a, K> {
    /// The next value outside a packed piece, or the first of the next one. All of it was read once before, so that
    /// nothing is refused here.
    #[inline(never)]
    fn next_piece(mut self) -> Option<(K::Item<'a>, Self)> {
        self.left = self.left.checked_sub(1)?;
        loop {
            let (number, wire_type) = self.rest.field().ok()??;
            if number != self.number {
                self.rest.0 = self.rest.0.skipped(number, wire_type).ok()?;
            } else if wire_type != LEN || K::WIRE_TYPE == LEN {
                return Some((K::take(&mut self.rest, number).ok()?, self));
            } else {
                self.packed = Part(Fields::new(self.rest.0.bytes().ok()?));
                if !self.packed.rest().is_empty() {
                    return Some((K::take(&mut self.packed, number).ok()?, self));
                }
            }
        }
    }
}

/// A map of a borrowed message, which is read as it is iterated; of a key that stands there twice, the last one counts.
pub struct Map<'a, K, V> {
    message: &'a [u8],
    number: u32,
    count: usize,
    kinds: PhantomData<(K, V)>,
}

impl<'a, K: Kind, V: Kind> Map<'a, K, V> {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            message: &[],
            number,
            count: 0,
            kinds: PhantomData,
        }
    }

    /// Checks one entry, and counts it.
    pub(crate) fn see(&mut self, part: &mut Part<'a>, message: &'a [u8]) -> Read<()>
    where
        K::Item<'a>: Default,
        V::Item<'a>: Absent<'a>,
    {
        self.entry(part)?;
        self.message = message;
        self.count += 1;
        Ok(())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The entries as they were written.
    pub fn iter(&self) -> impl Iterator<Item = (K::Item<'a>, V::Item<'a>)> + 'a
    where
        K: 'a,
        V: 'a,
        K::Item<'a>: Default,
        V::Item<'a>: Absent<'a>,
    {
        let mut rest = Part(Fields::new(self.message));
        let map = *self;
        std::iter::from_fn(move || {
            loop {
                let (number, wire_type) = rest.field().ok()??;
                if number == map.number {
                    return map.entry(&mut rest).ok();
                }
                rest.0 = rest.0.skipped(number, wire_type).ok()?;
            }
        })
    }

    fn entry(&self, part: &mut Part<'a>) -> Read<(K::Item<'a>, V::Item<'a>)>
    where
        K::Item<'a>: Default,
        V::Item<'a>: Absent<'a>,
    {
        let mut entry = part.nested()?;
        let (mut key, mut held, mut is_held) = (K::Item::default(), V::Item::absent(), false);
        while let Some((number, wire_type)) = entry.field()? {
            if number == 1 && wire_type == K::WIRE_TYPE {
                key = entry.one::<K>(1, false)?;
            } else if number == 2 && wire_type == V::WIRE_TYPE {
                held = entry.one::<V>(2, is_held)?;
                is_held = true;
            } else {
                entry.pass(number, wire_type, matches!(number, 1 | 2))?;
            }
        }
        Ok((key, held))
    }
}

/// What a map holds for a key without a value.
#[doc(hidden)]
pub trait Absent<'a>: Sized {
    fn absent() -> Self;
}

macro_rules! absent {
    ($($type:ty),*) => {$(
        impl<'a> Absent<'a> for $type {
            fn absent() -> Self {
                Self::default()
            }
        }
    )*};
}
absent!(f64, f32, i32, i64, u32, u64, bool, &'a str, &'a [u8]);

impl<'a, M> Absent<'a> for Unread<'a, M> {
    fn absent() -> Self {
        Self::of(&[])
    }
}

impl<'a, V: View<'a>> Absent<'a> for V {
    fn absent() -> Self {
        V::new()
    }
}

/// A message that is only read when it is asked for: one that may hold itself, or a well-known type.
pub struct Unread<'a, M> {
    bytes: &'a [u8],
    message: PhantomData<M>,
}

impl<'a, M> Unread<'a, M> {
    fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            message: PhantomData,
        }
    }
}

impl<M: prost::Message + Default> Unread<'_, M> {
    /// The message.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`]: it is no such message.
    pub fn read(&self) -> Result<M> {
        M::decode(self.bytes).map_err(|error| Error::frame(error.to_string(), 0, self.bytes.len()))
    }
}

macro_rules! copy {
    ($($name:ident<$($kind:ident),*>),*) => {$(
        impl<'a, $($kind),*> Clone for $name<'a, $($kind),*> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<'a, $($kind),*> Copy for $name<'a, $($kind),*> {}
    )*};
}
copy!(Repeated<K>, Items<K>, Map<K, V>, Unread<M>);

impl<'a, K: Kind> fmt::Debug for Repeated<'a, K>
where
    K::Item<'a>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, K: Kind + 'a, V: Kind + 'a> fmt::Debug for Map<'a, K, V>
where
    K::Item<'a>: fmt::Debug + Default,
    V::Item<'a>: fmt::Debug + Absent<'a>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<M> fmt::Debug for Unread<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}
