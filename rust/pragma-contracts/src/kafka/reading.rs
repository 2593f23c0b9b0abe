//! What a consumer can yield: the messages of one contract or of any, or records that are not decoded yet.

use std::marker::PhantomData;

use rdkafka::Message;
use rdkafka::message::BorrowedMessage;

use super::consumer::ConsumerStats;
use super::lock::Lock;
use crate::contract::Binding;
use crate::record::RecordRef;
use crate::{AnyMessage, Contract, Error, Feed, FeedFilter, Frame, InFeed, Market, Record, Result};

/// What a consumer's stream can be of: a contract's message, [`AnyMessage`], or a [`Record`], which is not decoded.
///
/// A record's borrowed form is `record.message.view::<Price>()`.
pub trait Readable: Sized + Send + 'static {
    /// The topics that it can come from.
    #[doc(hidden)]
    const TOPICS: &'static [&'static str];

    #[doc(hidden)]
    fn read(bytes: Bytes<'_>) -> Result<Self>;

    /// Whether this version knows the market type.
    #[doc(hidden)]
    fn is_known_market(&self) -> bool;
}

/// A record as Kafka's client holds it.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Bytes<'a>(pub(crate) &'static str, pub(crate) RecordRef<'a>);

/// A message with its place in Kafka.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Consumed<T> {
    /// The message.
    pub message: T,
    /// The topic.
    pub topic: &'static str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The schema id that the producer wrote.
    pub schema_id: u32,
    /// The time of publication, in ms since the epoch; the event time is in the message's envelope.
    pub timestamp: i64,
}

impl<T: InFeed> InFeed for Consumed<T> {
    fn is_wanted(&self, filter: &FeedFilter) -> Result<bool> {
        self.message.is_wanted(filter)
    }
}

impl<C: Contract> Readable for C {
    const TOPICS: &'static [&'static str] = &[C::TOPIC];

    fn read(Bytes(_, record): Bytes<'_>) -> Result<Self> {
        record.decode()
    }

    fn is_known_market(&self) -> bool {
        matches!(
            Market::from_number(self.market_type_number()),
            Market::Known(_)
        )
    }
}

impl Readable for AnyMessage {
    const TOPICS: &'static [&'static str] = Self::TOPICS;

    fn read(Bytes(_, record): Bytes<'_>) -> Result<Self> {
        record.decode_any()
    }

    fn is_known_market(&self) -> bool {
        is_known(self.feed())
    }
}

impl Readable for Record {
    const TOPICS: &'static [&'static str] = AnyMessage::TOPICS;

    fn read(Bytes(topic, record): Bytes<'_>) -> Result<Self> {
        let frame = record.frame()?;
        Frame::parse(frame)?;
        Ok(Self {
            topic: topic.into(),
            key: record.key.map(<[u8]>::to_vec),
            value: Some(frame.to_vec()),
        })
    }

    fn is_known_market(&self) -> bool {
        is_known(self.feed())
    }
}

fn is_known(feed: Result<Feed<'_>>) -> bool {
    feed.is_ok_and(|feed| matches!(feed.market_type(), Market::Known(_)))
}

/// Turns Kafka's messages into ours, and counts what became of them.
pub(super) struct Reader<T> {
    pub(super) stats: ConsumerStats,
    filter: Option<FeedFilter>,
    topics: Vec<Topic>,
    /// The subject of each schema id in the lock.
    subjects: Vec<(u32, String)>,
    readable: PhantomData<fn() -> T>,
}

struct Topic {
    name: &'static str,
    subject: &'static str,
}

impl<T> Reader<T> {
    /// # Errors
    /// [`Error::Lock`]: the lock is of other schemas than this crate.
    pub(super) fn new(
        bindings: &[Binding],
        filter: Option<FeedFilter>,
        lock: Option<&Lock>,
    ) -> Result<Self> {
        if let Some(lock) = lock {
            for binding in bindings {
                lock.id_of(binding)?;
            }
        }
        Ok(Self {
            stats: ConsumerStats::default(),
            filter,
            topics: bindings
                .iter()
                .map(|binding| Topic {
                    name: binding.topic,
                    subject: binding.subject,
                })
                .collect(),
            subjects: lock.map(Lock::subjects).unwrap_or_default(),
            readable: PhantomData,
        })
    }
}

impl<T: Readable> Reader<T> {
    /// The message of a record, or None when the filter does not want its feed; then nothing was decoded.
    pub(super) fn read(&mut self, message: &BorrowedMessage<'_>) -> Option<Result<Consumed<T>>> {
        self.stats.consumed += 1;
        let read = self.wanted(message);
        match &read {
            Ok(None) => self.stats.filtered += 1,
            Ok(Some(_)) => self.stats.decoded += 1,
            Err(error) => *self.stats.bad.entry(error.kind()).or_default() += 1,
        }
        read.map_err(|error| Error::BadRecord {
            topic: message.topic().to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            error: Box::new(error),
        })
        .transpose()
    }

    fn wanted(&mut self, message: &BorrowedMessage<'_>) -> Result<Option<Consumed<T>>> {
        let name = message.topic();
        let topic = self.topics.iter().find(|topic| topic.name == name);
        let Some(&Topic { name, subject }) = topic else {
            // Only subscribed topics are read.
            return Ok(None);
        };
        let record = RecordRef {
            topic: name,
            key: message.key(),
            value: message.payload(),
        };
        if let Some(filter) = &self.filter {
            if !record.is_wanted(filter)? {
                return Ok(None);
            }
        }
        let schema_id = Frame::parse(record.frame()?)?.schema_id;
        let is_known_id = self.is_known(schema_id, subject)?;
        let message_of = T::read(Bytes(name, record))?;
        self.stats.unknown_schema_ids += u64::from(!is_known_id);
        self.stats.unknown_market_types += u64::from(!message_of.is_known_market());
        Ok(Some(Consumed {
            message: message_of,
            topic: name,
            partition: message.partition(),
            offset: message.offset(),
            schema_id,
            timestamp: message.timestamp().to_millis().unwrap_or_default(),
        }))
    }

    /// Whether the lock gives a schema id to this subject; false when it does not have the id.
    fn is_known(&self, schema_id: u32, subject: &str) -> Result<bool> {
        let mut foreign = None;
        for (_, owner) in self.subjects.iter().filter(|(id, _)| *id == schema_id) {
            if owner == subject {
                return Ok(true);
            }
            foreign = Some(owner);
        }
        match foreign {
            None => Ok(false),
            Some(owner) => Err(Error::ForeignSchema {
                schema_id,
                expected: subject.to_owned(),
                subject: owner.clone(),
            }),
        }
    }
}
