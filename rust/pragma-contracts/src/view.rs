//! Borrowed forms of messages: text and bytes stay where they are, lists are read as they are iterated.

use std::fmt;
use std::marker::PhantomData;

use crate::wire::{Fault, Fields, Problem, Value, WireType, take};
use crate::{EnumValue, Envelope, Error, Feed, Market, MarketType, Result};

/// What reading gives, before it is known which frame it was about.
#[doc(hidden)]
pub type Read<T> = std::result::Result<T, Fault>;

/// A borrowed message; implemented by generated code.
pub trait View<'a>: Copy {
    /// The message that owns what it holds.
    type Owned;

    /// Reads the message of a field; whoever has a frame takes [`Frame::view`](crate::Frame::view).
    #[doc(hidden)]
    fn read(part: Part<'a>) -> Read<Self>;

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
}

/// A message that is part of a frame, and has not been read yet.
#[doc(hidden)]
pub struct Part<'a>(pub(crate) Fields<'a>);

/// What a value in a list or map is: the kind of a scalar, or a message.
pub trait Kind {
    /// A value as it is read.
    type Item<'a>: Copy;

    #[doc(hidden)]
    fn wire_type() -> Wire;

    #[doc(hidden)]
    fn item<'a>(value: Taken<'a>, at: &Part<'a>) -> Read<Option<Self::Item<'a>>>;
}

/// How a kind of value is laid out.
#[doc(hidden)]
pub struct Wire(WireType);

/// A value as it was taken off the wire.
#[doc(hidden)]
pub struct Taken<'a>(Value<'a>);

/// The kinds of scalars, which say how a value is written.
pub mod kind {
    use super::{Kind, Part, Read, Taken, Wire};
    use crate::wire::{Value, WireType};

    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident: $item:ty, $wire:ident, $held:ident => $value:expr;)*) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Kind for $name {
                type Item<'a> = $item;

                fn wire_type() -> Wire {
                    Wire(WireType::$wire)
                }

                #[inline]
                fn item<'a>(value: Taken<'a>, _: &Part<'a>) -> Read<Option<$item>> {
                    Ok(match value.0 {
                        Value::$wire($held) => $value,
                        _ => None,
                    })
                }
            }
        )*};
    }

    kinds! {
        /// `double`
        Double: f64, Fixed64, bits => Some(f64::from_bits(bits));
        /// `float`
        Float: f32, Fixed32, bits => Some(f32::from_bits(bits));
        /// `int32`, and every enum
        Int32: i32, Varint, bits => Some(bits as i32);
        /// `int64`
        Int64: i64, Varint, bits => Some(bits as i64);
        /// `uint32`
        Uint32: u32, Varint, bits => Some(bits as u32);
        /// `uint64`
        Uint64: u64, Varint, bits => Some(bits);
        /// `sint32`
        Sint32: i32, Varint, bits => Some((bits as u32 >> 1) as i32 ^ -((bits & 1) as i32));
        /// `sint64`
        Sint64: i64, Varint, bits => Some((bits >> 1) as i64 ^ -((bits & 1) as i64));
        /// `fixed32`
        Fixed32: u32, Fixed32, bits => Some(bits);
        /// `fixed64`
        Fixed64: u64, Fixed64, bits => Some(bits);
        /// `sfixed32`
        Sfixed32: i32, Fixed32, bits => Some(bits as i32);
        /// `sfixed64`
        Sfixed64: i64, Fixed64, bits => Some(bits as i64);
        /// `bool`
        Bool: bool, Varint, bits => Some(bits != 0);
        /// `string`
        Text: &'a str, Bytes, bytes => std::str::from_utf8(bytes).ok();
        /// `bytes`
        Bytes: &'a [u8], Bytes, bytes => Some(bytes);
    }
}

impl<M: prost::Message + Default + 'static> Kind for Unread<'static, M> {
    type Item<'a> = Unread<'a, M>;

    fn wire_type() -> Wire {
        Wire(WireType::Bytes)
    }

    fn item<'a>(value: Taken<'a>, _: &Part<'a>) -> Read<Option<Unread<'a, M>>> {
        Ok(match value.0 {
            Value::Bytes(bytes) => Some(Unread::of(bytes)),
            _ => None,
        })
    }
}

impl<M: HasView> Kind for M {
    type Item<'a> = M::View<'a>;

    fn wire_type() -> Wire {
        Wire(WireType::Bytes)
    }

    fn item<'a>(value: Taken<'a>, at: &Part<'a>) -> Read<Option<M::View<'a>>> {
        match value.0 {
            Value::Bytes(bytes) => M::View::read(Part(at.0.nested(bytes)?)).map(Some),
            _ => Ok(None),
        }
    }
}

impl<'a> Part<'a> {
    /// All that has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0.rest()
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Read<Option<(u32, Taken<'a>)>> {
        Ok(self.0.next()?.map(|(number, value)| (number, Taken(value))))
    }

    /// A field's value.
    #[inline]
    pub(crate) fn one<K: Kind>(&self, number: u32, value: Taken<'a>) -> Read<K::Item<'a>> {
        K::item(value, self)?.ok_or_else(|| self.unfit(number))
    }

    /// A message, which must not have been there before: two would have to be merged into one that is not borrowed.
    pub(crate) fn message<M: HasView>(
        &self,
        number: u32,
        value: Taken<'a>,
        before: Option<M::View<'a>>,
    ) -> Read<Option<M::View<'a>>> {
        if before.is_some() {
            return Err(self.0.fault(Problem::Twice(number)));
        }
        self.one::<M>(number, value).map(Some)
    }

    /// A timestamp or duration, which are laid out alike; two would be merged.
    pub(crate) fn time<T: Time>(
        &self,
        number: u32,
        value: Taken<'a>,
        before: Option<T>,
    ) -> Read<Option<T>> {
        let Value::Bytes(bytes) = value.0 else {
            return Err(self.unfit(number));
        };
        let mut fields = Part(self.0.nested(bytes)?);
        let (mut seconds, mut nanos) = before.unwrap_or_default().parts();
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => seconds = fields.one::<kind::Int64>(number, value)?,
                2 => nanos = fields.one::<kind::Int32>(number, value)?,
                _ => {}
            }
        }
        Ok(Some(T::of(seconds, nanos)))
    }

    #[cold]
    fn unfit(&self, number: u32) -> Fault {
        self.0.fault(Problem::Unfit(number))
    }
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
    )*};
}
time!(Timestamp, Duration);

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
    pub(crate) fn new(message: &Part<'a>, number: u32) -> Self {
        Self {
            bytes: message.0.rest(),
            number,
            count: 0,
            is_packed: false,
            kind: PhantomData,
        }
    }

    /// Checks one item, or a packed piece, and counts it.
    pub(crate) fn see(&mut self, value: Taken<'a>, at: &Part<'a>, message: &'a [u8]) -> Read<()> {
        let wire_type = K::wire_type().0;
        let mut seen = 0;
        let mut packed = None;
        match value.0 {
            Value::Bytes(bytes) if wire_type != WireType::Bytes => {
                packed = Some(bytes);
                let mut rest = bytes;
                while !rest.is_empty() {
                    take(&mut rest, wire_type).ok_or_else(|| at.unfit(self.number))?;
                    seen += 1;
                }
            }
            _ => {
                at.one::<K>(self.number, value)?;
                seen = 1;
            }
        }
        // Only a list that begins with a packed piece, and has no other, can be read from that piece alone.
        (self.bytes, self.is_packed) = match packed {
            Some(piece) if self.count == 0 && !self.is_packed => (piece, true),
            _ => (message, false),
        };
        self.count += seen;
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
            rest: Part(Fields::new(self.bytes)),
            packed: if self.is_packed { self.bytes } else { &[] },
            number: self.number,
            left: self.count,
            kind: PhantomData,
        }
    }
}

/// The items of a list.
pub struct Items<'a, K> {
    rest: Part<'a>,
    packed: &'a [u8],
    number: u32,
    left: usize,
    kind: PhantomData<K>,
}

impl<'a, K: Kind> Iterator for Items<'a, K> {
    type Item = K::Item<'a>;

    fn next(&mut self) -> Option<K::Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        // All of it was read once before, so that nothing is refused here.
        loop {
            if !self.packed.is_empty() {
                let value = take(&mut self.packed, K::wire_type().0)?;
                return K::item(Taken(value), &self.rest).ok()?;
            }
            let (number, value) = self.rest.next().ok()??;
            match value.0 {
                _ if number != self.number => {}
                Value::Bytes(bytes) if K::wire_type().0 != WireType::Bytes => self.packed = bytes,
                _ => return K::item(value, &self.rest).ok()?,
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K: Kind> ExactSizeIterator for Items<'_, K> {}

/// A map of a borrowed message, which is read as it is iterated; of a key that stands there twice, the last one counts.
pub struct Map<'a, K, V> {
    message: &'a [u8],
    number: u32,
    count: usize,
    kinds: PhantomData<(K, V)>,
}

impl<'a, K: Kind, V: Kind> Map<'a, K, V> {
    pub(crate) fn new(message: &Part<'a>, number: u32) -> Self {
        Self {
            message: message.0.rest(),
            number,
            count: 0,
            kinds: PhantomData,
        }
    }

    /// Checks one entry, and counts it.
    pub(crate) fn see(&mut self, value: Taken<'a>, at: &Part<'a>) -> Read<()>
    where
        K::Item<'a>: Default,
        V::Item<'a>: Absent<'a>,
    {
        self.entry(value, at)?;
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
                let (number, value) = rest.next().ok()??;
                if number == map.number {
                    return map.entry(value, &rest).ok();
                }
            }
        })
    }

    fn entry(&self, value: Taken<'a>, at: &Part<'a>) -> Read<(K::Item<'a>, V::Item<'a>)>
    where
        K::Item<'a>: Default,
        V::Item<'a>: Absent<'a>,
    {
        let Value::Bytes(bytes) = value.0 else {
            return Err(at.unfit(self.number));
        };
        let mut entry = Part(at.0.nested(bytes)?);
        let (mut key, mut held) = (K::Item::default(), V::Item::absent()?);
        while let Some((number, value)) = entry.next()? {
            match number {
                1 => key = entry.one::<K>(number, value)?,
                2 => held = entry.one::<V>(number, value)?,
                _ => {}
            }
        }
        Ok((key, held))
    }
}

/// What a map holds for a key without a value.
#[doc(hidden)]
pub trait Absent<'a>: Sized {
    fn absent() -> Read<Self>;
}

macro_rules! absent {
    ($($type:ty),*) => {$(
        impl<'a> Absent<'a> for $type {
            fn absent() -> Read<Self> {
                Ok(Self::default())
            }
        }
    )*};
}
absent!(f64, f32, i32, i64, u32, u64, bool, &'a str, &'a [u8]);

impl<'a, M> Absent<'a> for Unread<'a, M> {
    fn absent() -> Read<Self> {
        Ok(Self::of(&[]))
    }
}

impl<'a, V: View<'a>> Absent<'a> for V {
    fn absent() -> Read<Self> {
        V::read(Part(Fields::new(&[])))
    }
}

/// A message that is only read when it is asked for: one that may hold itself, or a well-known type.
pub struct Unread<'a, M> {
    bytes: &'a [u8],
    message: PhantomData<M>,
}

impl<'a, M> Unread<'a, M> {
    pub(crate) fn new(
        number: u32,
        value: Taken<'a>,
        at: &Part<'a>,
        before: Option<Self>,
    ) -> Read<Option<Self>> {
        match value.0 {
            Value::Bytes(bytes) if before.is_none() => Ok(Some(Self::of(bytes))),
            _ => Err(at.unfit(number)),
        }
    }

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
copy!(Repeated<K>, Map<K, V>, Unread<M>);

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
