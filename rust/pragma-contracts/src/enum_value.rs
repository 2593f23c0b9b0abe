//! Enums of the schemas, which may hold a number that a newer producer knows and this version does not.

use std::fmt::Debug;

/// An enum of the schemas: a number on the wire, a text in JSON and a token in record keys.
///
/// The zero value, `Unspecified`, has neither text nor token: both are empty.
pub trait ContractEnum: Copy + Eq + Debug + TryFrom<i32> + Into<i32> + 'static {
    /// Every value, the zero value too.
    const ALL: &'static [Self];

    /// The text in JSON, such as "perpetual"; empty for the zero value.
    fn text(self) -> &'static str;

    /// The token in record keys, such as "perp"; empty for the zero value.
    fn key_token(self) -> &'static str;

    /// The value with this text or key token: "perpetual" and "perp" are the same one.
    fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        Self::ALL
            .iter()
            .copied()
            .find(|value| value.text() == text || value.key_token() == text)
    }
}

/// A value of an enum field that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnumValue<E> {
    /// A value that this version knows.
    Known(E),
    /// The number of a value that a newer producer knows.
    Unknown(i32),
}

impl<E: ContractEnum> EnumValue<E> {
    /// The value with this number; None for zero, which means that nothing was set.
    pub fn from_number(number: i32) -> Option<Self> {
        match E::try_from(number) {
            _ if number == 0 => None,
            Ok(known) => Some(Self::Known(known)),
            Err(_) => Some(Self::Unknown(number)),
        }
    }

    /// The number on the wire.
    pub fn number(self) -> i32 {
        match self {
            Self::Known(known) => known.into(),
            Self::Unknown(number) => number,
        }
    }

    /// The value, unless it is unknown to this version.
    pub fn known(self) -> Option<E> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(_) => None,
        }
    }
}

impl<E: ContractEnum> PartialEq<E> for EnumValue<E> {
    fn eq(&self, other: &E) -> bool {
        self.known() == Some(*other)
    }
}
