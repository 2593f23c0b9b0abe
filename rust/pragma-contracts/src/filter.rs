//! Filters of feeds: which ones a consumer wants, said once and tested on the record key alone.

use std::ops::{BitAnd, BitOr, Not};

use crate::feed::{Identifiers, check_component};
use crate::{ContractEnum, Error, Feed, MarketType, Result, peek};

/// A condition on feeds. Filters combine with `&` (both), `|` (either) and `!` (not).
///
/// A feed whose market type this version does not know matches no filter that names one; `!` is plain negation, so it
/// matches that.
///
/// ```
/// use pragma_contracts::{Feed, MarketType, feeds};
///
/// let perps = feeds().market_type(MarketType::Perpetual)? & feeds().source_id(["paradex", "bybit"])?;
/// assert!(perps.matches(&Feed::parse("perp-unknown-paradex-BTC")?));
/// assert!(!perps.matches(&Feed::parse("spot-ethereum-ekubo-ETH")?));
/// # Ok::<(), pragma_contracts::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedFilter(Condition);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Match(Match),
    // Flat, so that a filter of many feeds, joined one by one, is not as deep as it is long.
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// The values that each identifier may have; None allows every value. Small sets, so a scan beats hashing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Match {
    market_type: Option<Vec<MarketType>>,
    network_id: Option<Vec<String>>,
    source_id: Option<Vec<String>>,
    token_ticker: Option<Vec<String>>,
}

/// The filter that takes every feed; its methods narrow it.
pub fn feeds() -> FeedFilter {
    FeedFilter(Condition::Match(Match::default()))
}

impl FeedFilter {
    /// Takes feeds of these market types only.
    ///
    /// # Errors
    /// [`Error::Configuration`]: none is given, or one is unspecified.
    pub fn market_type(self, values: impl Several<MarketType>) -> Result<Self> {
        let values = some("market_type", values.all())?;
        if values.contains(&MarketType::Unspecified) {
            let known: Vec<_> = MarketType::ALL
                .iter()
                .map(|known| known.text())
                .filter(|text| !text.is_empty())
                .collect();
            let problem = format!(
                "unspecified is no market type; write one of {}",
                known.join(", ")
            );
            return Err(Error::Configuration {
                option: "market_type",
                problem,
            });
        }
        Ok(self.narrowed(Match {
            market_type: Some(values),
            ..Match::default()
        }))
    }

    /// Takes feeds of these networks only.
    ///
    /// # Errors
    /// [`Error::Configuration`]: none is given. [`Error::InvalidFeed`]: no feed could have such a value.
    pub fn network_id(self, values: impl Several<String>) -> Result<Self> {
        let network_id = Some(texts("network_id", values)?);
        Ok(self.narrowed(Match {
            network_id,
            ..Match::default()
        }))
    }

    /// Takes feeds of these sources only.
    ///
    /// # Errors
    /// [`Error::Configuration`]: none is given. [`Error::InvalidFeed`]: no feed could have such a value.
    pub fn source_id(self, values: impl Several<String>) -> Result<Self> {
        let source_id = Some(texts("source_id", values)?);
        Ok(self.narrowed(Match {
            source_id,
            ..Match::default()
        }))
    }

    /// Takes feeds of these assets or instruments only.
    ///
    /// # Errors
    /// [`Error::Configuration`]: none is given. [`Error::InvalidFeed`]: no feed could have such a value.
    pub fn token_ticker(self, values: impl Several<String>) -> Result<Self> {
        let token_ticker = Some(texts("token_ticker", values)?);
        Ok(self.narrowed(Match {
            token_ticker,
            ..Match::default()
        }))
    }

    /// Whether the feed is wanted.
    pub fn matches(&self, feed: &Feed<'_>) -> bool {
        self.0.matches(&Identifiers::of_feed(feed))
    }

    /// Whether a record is wanted, by its key alone; by its frame when the key is absent or foreign.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`], [`Error::InvalidFeed`]: neither the key nor the frame says which feed it is.
    pub fn wants(&self, key: Option<&[u8]>, frame: &[u8]) -> Result<bool> {
        if let Some(identifiers) = key.and_then(Identifiers::of_plain_key) {
            return Ok(self.0.matches(&identifiers));
        }
        match key.map(Feed::parse) {
            Some(Ok(feed)) => Ok(self.matches(&feed)),
            _ => Ok(self.matches(&peek(frame)?)),
        }
    }

    #[cfg(feature = "stream")]
    pub(crate) fn of_market(known: MarketType) -> Self {
        Self(Condition::Match(Match {
            market_type: Some(vec![known]),
            ..Match::default()
        }))
    }

    fn narrowed(self, more: Match) -> Self {
        self & Self(Condition::Match(more))
    }
}

impl Condition {
    fn matches(&self, feed: &Identifiers<'_>) -> bool {
        match self {
            Self::Match(one) => one.matches(feed),
            Self::All(parts) => parts.iter().all(|part| part.matches(feed)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(feed)),
            Self::Not(inner) => !inner.matches(feed),
        }
    }
}

impl Match {
    fn matches(&self, feed: &Identifiers<'_>) -> bool {
        is_among(&self.market_type, |one| Some(*one) == feed.market_type)
            && is_among(&self.network_id, |one| one.as_bytes() == feed.network_id)
            && is_among(&self.source_id, |one| one.as_bytes() == feed.source_id)
            && is_among(&self.token_ticker, |one| {
                one.as_bytes() == feed.token_ticker
            })
    }
}

impl Match {
    /// Whether no identifier is limited by both.
    fn is_apart_from(&self, other: &Self) -> bool {
        !(self.market_type.is_some() && other.market_type.is_some()
            || self.network_id.is_some() && other.network_id.is_some()
            || self.source_id.is_some() && other.source_id.is_some()
            || self.token_ticker.is_some() && other.token_ticker.is_some())
    }

    fn or(self, other: Self) -> Self {
        Self {
            market_type: self.market_type.or(other.market_type),
            network_id: self.network_id.or(other.network_id),
            source_id: self.source_id.or(other.source_id),
            token_ticker: self.token_ticker.or(other.token_ticker),
        }
    }
}

fn is_among<T>(allowed: &Option<Vec<T>>, is_it: impl FnMut(&T) -> bool) -> bool {
    allowed
        .as_ref()
        .is_none_or(|values| values.iter().any(is_it))
}

impl BitAnd for FeedFilter {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        let parts_of = |condition| match condition {
            Condition::All(parts) => parts,
            one => vec![one],
        };
        let mut parts = parts_of(self.0);
        for part in parts_of(other.0) {
            match (parts.pop(), part) {
                // What says nothing twice is one condition, which is decided in one go.
                (Some(Condition::Match(one)), Condition::Match(other))
                    if one.is_apart_from(&other) =>
                {
                    parts.push(Condition::Match(one.or(other)));
                }
                (last, part) => parts.extend(last.into_iter().chain([part])),
            }
        }
        match <[Condition; 1]>::try_from(parts) {
            Ok([one]) => Self(one),
            Err(parts) => Self(Condition::All(parts)),
        }
    }
}

impl BitOr for FeedFilter {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        let parts_of = |condition| match condition {
            Condition::Any(parts) => parts,
            one => vec![one],
        };
        let mut parts = parts_of(self.0);
        parts.extend(parts_of(other.0));
        Self(Condition::Any(parts))
    }
}

impl Not for FeedFilter {
    type Output = Self;

    fn not(self) -> Self {
        match self.0 {
            Condition::Not(inner) => Self(*inner),
            one => Self(Condition::Not(Box::new(one))),
        }
    }
}

/// One value or several.
pub trait Several<T> {
    /// All of them.
    fn all(self) -> Vec<T>;
}

impl Several<MarketType> for MarketType {
    fn all(self) -> Vec<MarketType> {
        vec![self]
    }
}

impl<const N: usize> Several<MarketType> for [MarketType; N] {
    fn all(self) -> Vec<MarketType> {
        self.into()
    }
}

impl Several<MarketType> for Vec<MarketType> {
    fn all(self) -> Vec<MarketType> {
        self
    }
}

impl Several<String> for &str {
    fn all(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl<const N: usize> Several<String> for [&str; N] {
    fn all(self) -> Vec<String> {
        self.map(str::to_owned).into()
    }
}

impl<S: Into<String>> Several<String> for Vec<S> {
    fn all(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

fn some<T>(option: &'static str, values: Vec<T>) -> Result<Vec<T>> {
    if values.is_empty() {
        let problem =
            "names no value, so no feed would ever match; leave it out to allow every one"
                .to_owned();
        return Err(Error::Configuration { option, problem });
    }
    Ok(values)
}

fn texts(option: &'static str, values: impl Several<String>) -> Result<Vec<String>> {
    let values = some(option, values.all())?;
    for value in &values {
        check_component(option, value)?;
    }
    Ok(values)
}
