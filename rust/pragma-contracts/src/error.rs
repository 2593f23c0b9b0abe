//! The one error type: every value says what is wrong, where, and what would be right.

use std::fmt;

/// What can go wrong with a contract's messages, keys and frames.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A value cannot be carried as an exact decimal of at most 38 digits and a scale of at most 38.
    InvalidDecimal {
        /// The value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A feed's component or a record key breaks the layout `{market_type}-{network_id}-{source_id}-{token_ticker}`.
    InvalidFeed {
        /// The component, or `key`.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A message breaks its contract.
    InvalidMessage {
        /// Name of the contract.
        contract: &'static str,
        /// Its topic.
        topic: &'static str,
        /// Dotted path of the field, such as `bids.prices.scale`.
        field: String,
        /// The field's value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Bytes are no Confluent frame of a contract.
    InvalidFrame {
        /// What is wrong with them.
        problem: String,
        /// The first byte that is wrong.
        offset: usize,
        /// Number of bytes.
        size: usize,
    },
    /// A record's key names another feed than its payload does.
    KeyMismatch {
        /// The record key.
        key: String,
        /// The key of the payload.
        payload: String,
    },
    /// Something that should name a contract names none.
    NotAContract {
        /// What it is, such as "topic".
        what: &'static str,
        /// Its value.
        value: String,
        /// What would have named one.
        known: &'static [&'static str],
    },
    /// An argument makes no sense.
    Configuration {
        /// The argument.
        option: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The lock gives a frame's schema id to another subject than the contract's.
    #[cfg(feature = "kafka")]
    ForeignSchema {
        /// The schema id.
        schema_id: u32,
        /// The contract's subject.
        expected: String,
        /// The subject that it belongs to.
        subject: String,
    },
    /// A consumed record cannot be used.
    #[cfg(feature = "kafka")]
    BadRecord {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
        /// Why.
        error: Box<Error>,
    },
    /// Kafka cannot be reached, lacks a topic, or refuses.
    #[cfg(feature = "kafka")]
    Broker {
        /// Where Kafka was looked for.
        bootstrap: String,
        /// librdkafka's code, such as `BrokerTransportFailure`.
        code: String,
        /// What happened, and what to do.
        detail: String,
    },
    /// contracts.lock is missing, damaged, or does not hold what the contracts need.
    #[cfg(feature = "kafka")]
    Lock {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A consumer was used after it was closed.
    #[cfg(feature = "kafka")]
    Closed,
}

impl Error {
    /// The short, stable name under which an error is counted, the same as in the Python package.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidDecimal { .. } => "decimal",
            Self::InvalidFeed { .. } => "key",
            Self::InvalidMessage { .. } => "content",
            Self::InvalidFrame { .. } => "frame",
            Self::KeyMismatch { .. } => "key_mismatch",
            Self::NotAContract { .. } => "contract",
            Self::Configuration { .. } => "configuration",
            #[cfg(feature = "kafka")]
            Self::ForeignSchema { .. } => "schema_id",
            #[cfg(feature = "kafka")]
            Self::BadRecord { error, .. } => error.kind(),
            #[cfg(feature = "kafka")]
            Self::Broker { .. } => "broker",
            #[cfg(feature = "kafka")]
            Self::Lock { .. } => "lock",
            #[cfg(feature = "kafka")]
            Self::Closed => "closed",
        }
    }

    pub(crate) fn frame(problem: impl Into<String>, offset: usize, size: usize) -> Self {
        Self::InvalidFrame {
            problem: problem.into(),
            offset,
            size,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidDecimal { value, problem } => write!(f, "{} {problem}", Shown(value)),
            Self::InvalidFeed {
                field,
                value,
                problem,
            } => write!(f, "{field} = {}: {problem}", Shown(value)),
            Self::InvalidMessage {
                contract,
                topic,
                field,
                value,
                problem,
            } => write!(
                f,
                "{contract} ({topic}): {field} = {}: {problem}",
                Shown(value)
            ),
            Self::InvalidFrame {
                problem,
                offset,
                size,
            } => write!(f, "frame of {size} bytes, at byte {offset}: {problem}"),
            Self::KeyMismatch { key, payload } => write!(
                f,
                "the record key is {} but the payload is of {}",
                Shown(key),
                Shown(payload)
            ),
            Self::NotAContract { what, value, known } => write!(
                f,
                "{what} {} belongs to no contract; known: {}",
                Shown(value),
                known.join(", ")
            ),
            Self::Configuration { option, problem } => write!(f, "{option}: {problem}"),
            #[cfg(feature = "kafka")]
            Self::ForeignSchema {
                schema_id,
                expected,
                subject,
            } => write!(
                f,
                "schema id {schema_id} belongs to {subject}, not to {expected}: another producer writes to this topic"
            ),
            #[cfg(feature = "kafka")]
            Self::BadRecord {
                topic,
                partition,
                offset,
                error,
            } => write!(f, "{topic} [{partition}] at offset {offset}: {error}"),
            #[cfg(feature = "kafka")]
            Self::Broker {
                bootstrap,
                code,
                detail,
            } => write!(f, "Kafka at {bootstrap}: {code}: {detail}"),
            #[cfg(feature = "kafka")]
            Self::Lock { path, problem } => write!(f, "{path}: {problem}"),
            #[cfg(feature = "kafka")]
            Self::Closed => f.write_str("the consumer is closed; make a new one"),
        }
    }
}

impl std::error::Error for Error {
    #[cfg(feature = "kafka")]
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::BadRecord { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// A value as one short printable line, whatever it holds.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 80;
        match self.0.char_indices().nth(MOST) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(
                f,
                "{:?}… ({} bytes)",
                self.0.get(..end).unwrap_or_default(),
                self.0.len()
            ),
        }
    }
}
