//! What every contract is: a message type bound to a topic.

use crate::view::ContractView;
use crate::{EnumValue, Envelope, Error, Feed, Market, MarketType, Result};

/// A message type bound to a topic; implemented by generated code.
pub trait Contract: prost::Message + Clone + PartialEq + Default + 'static {
    /// Name of the message, such as "Price".
    const NAME: &'static str;
    /// Full name of the message, such as "pragma.market.v1.Price".
    const FULL_NAME: &'static str;
    /// The topic.
    const TOPIC: &'static str;
    /// The registry subject of the topic's values, by the topic name strategy.
    const SUBJECT: &'static str;
    /// The data type in JSON, such as "price".
    const DATA_TYPE: &'static str;
    /// The contract's version, "major.minor".
    const VERSION: &'static str;
    /// sha256 of the registered descriptor, in hex: what contracts.lock holds.
    const FINGERPRINT: &'static str;

    /// The borrowed form: nothing is copied out of the frame.
    type View<'a>: ContractView<'a, Owned = Self>;

    /// Identity and times of the message.
    fn envelope(&self) -> Option<&Envelope>;

    /// Identity and times of the message, to be written; empty ones are put there when they are absent.
    fn envelope_mut(&mut self) -> &mut Envelope;

    /// The number of the market type; zero is unspecified.
    fn market_type_number(&self) -> i32;

    /// The network of the source.
    fn network_id(&self) -> &str;

    /// The source of the data.
    fn source_id(&self) -> &str;

    /// The asset or instrument.
    fn token_ticker(&self) -> &str;

    /// Whether a producer may send this message.
    ///
    /// # Errors
    /// [`Error::InvalidMessage`]: it breaks its contract.
    fn validate(&self) -> Result<()>;

    /// Whether a consumer may use this message. A newer producer's enum numbers and minor versions are not errors.
    ///
    /// # Errors
    /// [`Error::InvalidMessage`]: it breaks its contract.
    fn check(&self) -> Result<()>;

    /// The user's flat JSON form: common fields first, decimals and times as text, metadata last.
    ///
    /// # Errors
    /// [`Error::InvalidMessage`]: it holds what has no JSON form, such as an unspecified market type.
    #[cfg(feature = "serde")]
    fn to_json(&self) -> Result<crate::Json>;

    /// The market type: None when unspecified, `Unknown` when a newer producer's number is not known here.
    fn market(&self) -> Option<EnumValue<MarketType>> {
        EnumValue::from_number(self.market_type_number())
    }

    /// The feed that the message belongs to.
    ///
    /// # Errors
    /// [`Error::InvalidFeed`]: an identifier is empty or has control characters, or the market type is unspecified.
    fn feed(&self) -> Result<Feed<'_>> {
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

    /// The error for a field of this contract.
    fn invalid(
        field: impl Into<String>,
        value: impl Into<String>,
        problem: impl Into<String>,
    ) -> Error {
        Error::InvalidMessage {
            contract: Self::NAME,
            topic: Self::TOPIC,
            field: field.into(),
            value: value.into(),
            problem: problem.into(),
        }
    }
}

/// What a contract is bound to.
#[cfg(feature = "kafka")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    pub(crate) name: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) version: &'static str,
    pub(crate) fingerprint: &'static str,
}

#[cfg(feature = "kafka")]
impl Binding {
    pub(crate) const fn of<C: Contract>() -> Self {
        Self {
            name: C::NAME,
            topic: C::TOPIC,
            subject: C::SUBJECT,
            version: C::VERSION,
            fingerprint: C::FINGERPRINT,
        }
    }
}
