//! A feed: the four identifiers of an instrument's stream, and the record key that they make.

use std::borrow::Cow;
use std::fmt;

use crate::{ContractEnum, Error, MarketType, Result};

pub(crate) const MISSING: &str = "is missing, and it is mandatory";
const BAD_COMPONENT: &str =
    "must be text without control characters, and not empty: it is part of the record key";
const LAYOUT: &str = "is no key of the form {market_type}-{network_id}-{source_id}-{token_ticker}";

/// The market type of a feed, which may come from a newer producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Market<'a> {
    /// A market type that this version knows.
    Known(MarketType),
    /// A number in a payload that this version does not know.
    UnknownNumber(i32),
    /// A token in a record key that this version does not know.
    UnknownToken(Cow<'a, str>),
}

impl<'a> Market<'a> {
    /// The market type with this number, which may be zero: unspecified.
    pub fn from_number(number: i32) -> Self {
        MarketType::try_from(number).map_or(Self::UnknownNumber(number), Self::Known)
    }

    /// The market type with this text or key token, "perpetual" or "perp".
    pub fn from_text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        MarketType::from_text(&text).map_or(Self::UnknownToken(text), Self::Known)
    }

    /// The market type, unless it is unknown to this version.
    pub fn known(&self) -> Option<MarketType> {
        match self {
            Self::Known(known) => Some(*known),
            _ => None,
        }
    }

    /// A token or number that this version does know is no unknown one, or the key would name another feed.
    fn normal(self) -> Self {
        match self {
            Self::UnknownToken(token) => Self::from_text(token),
            Self::UnknownNumber(number) => Self::from_number(number),
            known => known,
        }
    }

    fn into_owned(self) -> Market<'static> {
        match self {
            Self::Known(known) => Market::Known(known),
            Self::UnknownNumber(number) => Market::UnknownNumber(number),
            Self::UnknownToken(token) => Market::UnknownToken(Cow::Owned(token.into_owned())),
        }
    }
}

impl From<MarketType> for Market<'_> {
    fn from(known: MarketType) -> Self {
        Self::Known(known)
    }
}

/// One instrument on one source: order is kept within a feed, and only there.
///
/// ```
/// use pragma_contracts::{Feed, MarketType};
///
/// let feed = Feed::new(MarketType::Perpetual, "unknown", "paradex", "BTC")?;
/// assert_eq!(feed.key()?, "perp-unknown-paradex-BTC");
/// assert_eq!(Feed::parse("perp-unknown-paradex-BTC")?, feed);
/// # Ok::<(), pragma_contracts::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feed<'a> {
    market_type: Market<'a>,
    network_id: Cow<'a, str>,
    source_id: Cow<'a, str>,
    token_ticker: Cow<'a, str>,
}

impl<'a> Feed<'a> {
    /// The feed with these identifiers.
    ///
    /// # Errors
    /// [`Error::InvalidFeed`]: one is empty or has control characters, or the market type is unspecified.
    pub fn new(
        market_type: impl Into<Market<'a>>,
        network_id: impl Into<Cow<'a, str>>,
        source_id: impl Into<Cow<'a, str>>,
        token_ticker: impl Into<Cow<'a, str>>,
    ) -> Result<Self> {
        let market_type = market_type.into().normal();
        if market_type.known() == Some(MarketType::Unspecified) {
            let problem = "is mandatory; a feed is of one market";
            return Err(invalid("market_type", "UNSPECIFIED", problem));
        }
        if let Market::UnknownToken(token) = &market_type {
            check_component("market_type", token)?;
        }
        let feed = Self {
            market_type,
            network_id: network_id.into(),
            source_id: source_id.into(),
            token_ticker: token_ticker.into(),
        };
        check_component("network_id", &feed.network_id)?;
        check_component("source_id", &feed.source_id)?;
        check_component("token_ticker", &feed.token_ticker)?;
        Ok(feed)
    }

    /// The feed of a record key: the exact inverse of [`Feed::key`], which also takes "perpetual" for "perp".
    ///
    /// # Errors
    /// [`Error::InvalidFeed`]: the key is foreign: it was not written by these rules.
    pub fn parse(key: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self> {
        let bytes = key.as_ref();
        let Ok(key) = std::str::from_utf8(bytes) else {
            return Err(invalid(
                "key",
                &String::from_utf8_lossy(bytes),
                "is not UTF-8",
            ));
        };
        let mut parts = key.splitn(4, '-');
        let (Some(market_type), Some(network_id), Some(source_id), Some(token_ticker)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid("key", key, LAYOUT));
        };
        Self::new(
            Market::from_text(unescaped(market_type, key)?),
            unescaped(network_id, key)?,
            unescaped(source_id, key)?,
            token_ticker,
        )
    }

    /// The market type.
    pub fn market_type(&self) -> &Market<'a> {
        &self.market_type
    }

    /// The network of the source; "unknown" for a centralised exchange.
    pub fn network_id(&self) -> &str {
        &self.network_id
    }

    /// The source of the data.
    pub fn source_id(&self) -> &str {
        &self.source_id
    }

    /// The asset or instrument.
    pub fn token_ticker(&self) -> &str {
        &self.token_ticker
    }

    /// The record key, such as "perp-unknown-paradex-BTC".
    ///
    /// `-` and `%` are written %2D and %25, but not in the ticker, which is last and stays as it is.
    ///
    /// # Errors
    /// [`Error::InvalidFeed`]: the market type is a number that this version has no key token for.
    pub fn key(&self) -> Result<String> {
        let token = match &self.market_type {
            Market::Known(known) => Cow::Borrowed(known.key_token()),
            Market::UnknownToken(token) => escaped(token),
            Market::UnknownNumber(number) => {
                let problem = "is a number that this version has no key token for";
                return Err(invalid("market_type", &number.to_string(), problem));
            }
        };
        let (network_id, source_id) = (escaped(&self.network_id), escaped(&self.source_id));
        Ok(format!(
            "{token}-{network_id}-{source_id}-{}",
            self.token_ticker
        ))
    }

    /// The partition of this feed's records in a topic of `count` partitions, as Kafka's Java client chooses it.
    ///
    /// # Errors
    /// [`Error::InvalidFeed`]: the feed has no key. [`Error::Configuration`]: the count is zero.
    pub fn partition(&self, count: u32) -> Result<u32> {
        let hash = murmur2(self.key()?.as_bytes()) & 0x7FFF_FFFF;
        hash.checked_rem(count).ok_or_else(|| Error::Configuration {
            option: "count",
            problem: "a topic has at least one partition, not 0".to_owned(),
        })
    }

    /// Whether a key's feed is a payload's. The token of an unknown market type says nothing about its number, but that
    /// it is not known.
    pub(crate) fn is_same(&self, payload: &Feed<'_>) -> bool {
        let is_same_market = match (&self.market_type, &payload.market_type) {
            (Market::UnknownToken(_), Market::UnknownNumber(_)) => true,
            (key, payload) => key == payload,
        };
        is_same_market
            && self.network_id == payload.network_id
            && self.source_id == payload.source_id
            && self.token_ticker == payload.token_ticker
    }

    /// The same feed, independent of what it was read from.
    pub fn into_owned(self) -> Feed<'static> {
        Feed {
            market_type: self.market_type.into_owned(),
            network_id: Cow::Owned(self.network_id.into_owned()),
            source_id: Cow::Owned(self.source_id.into_owned()),
            token_ticker: Cow::Owned(self.token_ticker.into_owned()),
        }
    }
}

impl fmt::Display for Feed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key(), &self.market_type) {
            (Ok(key), _) => f.write_str(&key),
            (Err(_), market_type) => write!(
                f,
                "{market_type:?}-{}-{}-{}",
                escaped(&self.network_id),
                escaped(&self.source_id),
                self.token_ticker
            ),
        }
    }
}

/// The 32-bit murmur2 hash that Kafka's Java client partitions by (seed 0x9747b28c).
///
/// Source: `org.apache.kafka.common.utils.Utils.murmur2`.
pub fn murmur2(data: &[u8]) -> u32 {
    const MIXER: u32 = 0x5BD1_E995;
    // Java's lengths are 32 bits wide.
    let mut hash = 0x9747_B28C_u32 ^ data.len() as u32;
    let mut blocks = data.chunks_exact(4);
    for block in &mut blocks {
        let mut word = [0; 4];
        word.copy_from_slice(block);
        let mut mixed = u32::from_le_bytes(word).wrapping_mul(MIXER);
        mixed = (mixed ^ mixed >> 24).wrapping_mul(MIXER);
        hash = hash.wrapping_mul(MIXER) ^ mixed;
    }
    let rest = blocks.remainder();
    if !rest.is_empty() {
        let tail = rest
            .iter()
            .rev()
            .fold(0, |tail, byte| tail << 8 | u32::from(*byte));
        hash = (hash ^ tail).wrapping_mul(MIXER);
    }
    hash = (hash ^ hash >> 13).wrapping_mul(MIXER);
    hash ^ hash >> 15
}

/// What a filter looks at: the identifiers of a feed as bytes, and its market type when this version knows it.
pub(crate) struct Identifiers<'a> {
    pub(crate) market_type: Option<MarketType>,
    pub(crate) network_id: &'a [u8],
    pub(crate) source_id: &'a [u8],
    pub(crate) token_ticker: &'a [u8],
}

impl<'a> Identifiers<'a> {
    /// The identifiers in a record key of printable ASCII in which nothing is escaped, as nearly every key is; None says
    /// only that somebody else has to look.
    pub(crate) fn of_plain_key(key: &'a [u8]) -> Option<Self> {
        let mut ends = [0; 3];
        let mut found = ends.iter_mut();
        for (at, byte) in key.iter().enumerate() {
            if !(0x20..0x7F).contains(byte) || *byte == b'%' {
                return None;
            }
            if *byte == b'-' {
                // Of the fourth on they are part of the ticker.
                if let Some(end) = found.next() {
                    *end = at;
                }
            }
        }
        let is_split = found.len() == 0;
        let [first, second, third] = ends;
        let market_type = key.get(..first)?;
        let identifiers = Self {
            market_type: MarketType::ALL
                .iter()
                .copied()
                .find(|known| known.key_token().as_bytes() == market_type),
            network_id: key.get(first + 1..second)?,
            source_id: key.get(second + 1..third)?,
            token_ticker: key.get(third + 1..)?,
        };
        let is_whole = is_split
            && !market_type.is_empty()
            && identifiers.market_type.is_some()
            && !identifiers.network_id.is_empty()
            && !identifiers.source_id.is_empty()
            && !identifiers.token_ticker.is_empty();
        is_whole.then_some(identifiers)
    }

    pub(crate) fn of_feed(feed: &'a Feed<'_>) -> Self {
        Self {
            market_type: feed.market_type.known(),
            network_id: feed.network_id.as_bytes(),
            source_id: feed.source_id.as_bytes(),
            token_ticker: feed.token_ticker.as_bytes(),
        }
    }
}

/// Whether text can be a component of a record key: not empty, no control character.
#[inline]
pub(crate) fn is_component(text: &str) -> bool {
    // Nearly every component is printable ASCII, which needs no decoding.
    !text.is_empty() && (is_printable(text.as_bytes()) || !text.chars().any(char::is_control))
}

/// Whether bytes are printable ASCII; false says only that somebody has to look at each character.
#[inline]
fn is_printable(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Of each byte the highest bit: not ASCII, below a space, or DEL. A borrow may make it one more.
    let is_plain = |word: u64| {
        let odd = word | word.wrapping_sub(0x20 * ONES) | (word ^ (0x7F * ONES)).wrapping_sub(ONES);
        odd & (0x80 * ONES) == 0
    };
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // What is not longer than both ends is in them, twice at most.
        (Some(first), Some(last)) if bytes.len() <= 8 => is_plain(
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)),
        ),
        _ => bytes.iter().all(|byte| (0x20..0x7F).contains(byte)),
    }
}

pub(crate) fn check_component(field: &'static str, value: &str) -> Result<()> {
    if is_component(value) {
        return Ok(());
    }
    Err(invalid(field, value, BAD_COMPONENT))
}

fn invalid(field: &'static str, value: &str, problem: &'static str) -> Error {
    Error::InvalidFeed {
        field,
        value: value.to_owned(),
        problem,
    }
}

pub(crate) fn escaped(component: &str) -> Cow<'_, str> {
    if component.contains(['-', '%']) {
        return Cow::Owned(component.replace('%', "%25").replace('-', "%2D"));
    }
    Cow::Borrowed(component)
}

fn unescaped<'a>(part: &'a str, key: &str) -> Result<Cow<'a, str>> {
    if !part.contains('%') {
        return Ok(Cow::Borrowed(part));
    }
    let plain = part.replace("%2D", "-").replace("%25", "%");
    if escaped(&plain) != part {
        return Err(invalid(
            "key",
            key,
            "has a % that begins neither %2D nor %25",
        ));
    }
    Ok(Cow::Owned(plain))
}
