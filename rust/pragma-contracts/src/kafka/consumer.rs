//! The consumer: a stream of the wanted feeds' messages, each at least once, and none lost in silence.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use rdkafka::consumer::{CommitMode, Consumer as _, MessageStream, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use self_cell::self_cell;

use super::broker::{Reports, blocking, require_topics};
use super::lock::Lock;
use super::reading::{Consumed, Readable, Reader};
use super::settings::{self, Properties};
use crate::contract::Binding;
use crate::generated::BINDINGS;
use crate::{Contract, Error, FeedFilter, Result};

type Client = StreamConsumer<Reports>;

/// How many unwanted records are skipped before other tasks of the runtime have their turn.
const SKIPS: usize = 1_000;

/// Where a group without offsets begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With what is published from now on.
    #[default]
    Latest,
    /// With the oldest record there is.
    Earliest,
}

/// When a record counts as processed. What is processed is committed in the background, every
/// `auto.commit.interval.ms` (5 s by default) and at [`Consumer::close`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    /// When the next one is asked for. Not for combinators that ask before they have processed, such as `buffered`.
    #[default]
    Automatic,
    /// When [`Offsets::store`] says so.
    Manual,
}

/// What to consume, and how.
#[derive(Clone, Debug)]
#[must_use = "stream() begins to consume"]
pub struct ConsumerBuilder {
    bootstrap: String,
    group: String,
    contracts: Vec<&'static str>,
    filter: Option<FeedFilter>,
    start: Start,
    commit: Commit,
    lock: Option<PathBuf>,
    registry: Option<String>,
    start_timeout: Duration,
    properties: Properties,
}

impl ConsumerBuilder {
    /// Takes the topic of this contract; without any call every topic that the stream can be of.
    pub fn contract<C: Contract>(mut self) -> Self {
        self.contracts.push(C::TOPIC);
        self
    }

    /// Takes the feeds of this filter; the others are skipped by their key, and never decoded.
    pub fn filter(mut self, filter: FeedFilter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Where a group without offsets begins; by default [`Start::Latest`].
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// When a record counts as processed; by default [`Commit::Automatic`].
    pub fn commit(mut self, commit: Commit) -> Self {
        self.commit = commit;
        self
    }

    /// The contracts.lock that tells known schema ids from foreign ones; by default the file that the environment
    /// variable PRAGMA_CONTRACTS_LOCK names. Without either every id is decoded, and counted as unknown.
    pub fn lock(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock = Some(path.into());
        self
    }

    /// Which registry of the lock is meant, by its URL as it stands there; it is not contacted.
    pub fn registry(mut self, url: impl Into<String>) -> Self {
        self.registry = Some(url.into());
        self
    }

    /// How long to wait for the broker at the start; by default 10 s.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// A librdkafka property, such as `fetch.wait.max.ms` or `security.protocol`.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    /// Checks that the broker has every topic, joins the group, and begins to consume: messages of one contract
    /// (`stream::<Price>()`), of any ([`AnyMessage`](crate::AnyMessage)), or undecoded ([`Record`](crate::Record)).
    ///
    /// # Errors
    /// [`Error::Configuration`]: an option makes no sense, or there is no tokio runtime. [`Error::Lock`]: the lock cannot
    /// be used. [`Error::Broker`]: the broker does not answer, or lacks a topic.
    pub async fn stream<T: Readable>(self) -> Result<Consumer<T>> {
        let bindings = self.bindings::<T>()?;
        let lock = Lock::find(self.lock.as_deref(), self.registry.as_deref())?;
        let start = match self.start {
            Start::Latest => "latest",
            Start::Earliest => "earliest",
        };
        let properties =
            settings::of_consumer(&self.bootstrap, &self.group, start, &self.properties)?;
        let reader = Reader::new(&bindings, self.filter, lock.as_ref())?;
        let client: Arc<Client> = Arc::new(settings::create(
            &properties,
            Reports::new(&self.bootstrap),
        )?);
        let timeout = self.start_timeout;
        let client = blocking(move || {
            let topics: Vec<_> = bindings.iter().map(|binding| binding.topic).collect();
            require_topics(client.client(), &topics, timeout)?;
            client
                .subscribe(&topics)
                .map_err(|error| client.context().error(&error, ""))?;
            Ok(client)
        })
        .await??;
        Ok(Consumer {
            live: Some(Live::new(client, |client| Polling {
                stream: client.stream(),
                last: None,
            })),
            reader,
            commit: self.commit,
        })
    }

    fn bindings<T: Readable>(&self) -> Result<Vec<Binding>> {
        let found: Vec<_> = BINDINGS
            .iter()
            .filter(|binding| T::TOPICS.contains(&binding.topic))
            .filter(|binding| self.contracts.is_empty() || self.contracts.contains(&binding.topic))
            .copied()
            .collect();
        if found.is_empty() {
            return Err(Error::Configuration {
                option: "contract",
                problem: format!(
                    "the stream is of {}, and the contracts chosen are of {}",
                    T::TOPICS.join(", "),
                    self.contracts.join(", ")
                ),
            });
        }
        Ok(found)
    }
}

/// A stream of messages from Kafka; a bad record is an `Err`, and the stream goes on after it.
///
/// Every record is handed out at least once. [`Consumer::close`] says that all of them are processed; when the consumer
/// is dropped instead, the last one comes again at the next start. Dropping it leaves the group, which may block a moment.
#[must_use = "streams do nothing unless polled"]
pub struct Consumer<T> {
    live: Option<Live>,
    reader: Reader<T>,
    commit: Commit,
}

impl Consumer<()> {
    /// Describes a consumer: the broker's address, and the consumer group.
    pub fn builder(bootstrap: impl Into<String>, group: impl Into<String>) -> ConsumerBuilder {
        ConsumerBuilder {
            bootstrap: bootstrap.into(),
            group: group.into(),
            contracts: Vec::new(),
            filter: None,
            start: Start::default(),
            commit: Commit::default(),
            lock: None,
            registry: None,
            start_timeout: Duration::from_secs(10),
            properties: Properties::new(),
        }
    }
}

impl<T> Consumer<T> {
    /// The figures of this moment.
    pub fn stats(&self) -> ConsumerStats {
        let errors = self
            .live
            .as_ref()
            .map(|live| live.borrow_owner().context().errors());
        ConsumerStats {
            errors: errors.unwrap_or_default(),
            ..self.reader.stats.clone()
        }
    }

    /// The partitions that the group gives this consumer, as (topic, partition); none before it has joined.
    ///
    /// # Errors
    /// [`Error::Broker`]: the client can do nothing any more.
    pub fn assignment(&self) -> Result<Vec<(String, i32)>> {
        let Some(live) = &self.live else {
            return Ok(Vec::new());
        };
        let client = live.borrow_owner();
        let list = client
            .assignment()
            .map_err(|error| client.context().error(&error, ""))?;
        Ok(list
            .elements()
            .iter()
            .map(|place| (place.topic().to_owned(), place.partition()))
            .collect())
    }

    /// What stores and commits offsets by hand, for [`Commit::Manual`].
    pub fn offsets(&self) -> Offsets {
        Offsets(
            self.live
                .as_ref()
                .map_or_else(Weak::new, |live| Arc::downgrade(live.borrow_owner())),
        )
    }

    /// Commits what is processed, which with [`Commit::Automatic`] is all that was handed out; and leaves the group.
    ///
    /// # Errors
    /// [`Error::Broker`]: the offsets could not be committed, so that the last records come again.
    pub async fn close(mut self) -> Result<ConsumerStats> {
        let stats = self.stats();
        let Some(mut live) = self.live.take() else {
            return Ok(stats);
        };
        let commit = self.commit;
        blocking(move || {
            live.with_dependent_mut(|client, polling| polling.done(client, commit));
            // Dropping it leaves the group.
            commit_stored(live.borrow_owner())
        })
        .await??;
        Ok(stats)
    }
}

impl<T: Readable> Stream for Consumer<T> {
    type Item = Result<Consumed<T>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let (reader, commit) = (&mut this.reader, this.commit);
        let Some(live) = &mut this.live else {
            return Poll::Ready(None);
        };
        let polled = live.with_dependent_mut(|client, polling| {
            polling.done(client, commit);
            polling.next(client, reader, commit, context)
        });
        polled.map(|item| match item? {
            Next::Item(item) => Some(item),
            Next::Fatal(error) => {
                this.live = None;
                Some(Err(error))
            }
        })
    }
}

/// What became of the records read from Kafka: `consumed == decoded + filtered + bad`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerStats {
    /// Records read from Kafka.
    pub consumed: u64,
    /// Records that were decoded, checked and handed out.
    pub decoded: u64,
    /// Records that were skipped by their key, without decoding anything.
    pub filtered: u64,
    /// Records that could not be used, by the [`kind`](Error::kind) of their error.
    pub bad: BTreeMap<&'static str, u64>,
    /// Decoded records with a schema id that the lock does not have.
    pub unknown_schema_ids: u64,
    /// Decoded records with a market type that this version does not know.
    pub unknown_market_types: u64,
    /// What the broker reported and librdkafka recovers from by itself, by its code.
    pub errors: BTreeMap<String, u64>,
}

/// Stores and commits offsets by hand.
#[derive(Clone)]
pub struct Offsets(Weak<Client>);

impl Offsets {
    /// Says that a record, and every one before it in its partition, is processed.
    ///
    /// # Errors
    /// [`Error::Closed`]: the consumer is gone. [`Error::Broker`]: the client can do nothing any more.
    pub fn store<T>(&self, record: &Consumed<T>) -> Result<()> {
        let client = self.client()?;
        match client.store_offset(record.topic, record.partition, record.offset) {
            Err(error) if !is_moved(&error) => Err(client.context().error(&error, "")),
            _ => Ok(()),
        }
    }

    /// Commits what is stored, and waits for the broker's answer.
    ///
    /// # Errors
    /// As for [`Offsets::store`], and [`Error::Broker`]: the broker refuses.
    pub async fn commit(&self) -> Result<()> {
        let client = self.client()?;
        blocking(move || commit_stored(&client)).await?
    }

    fn client(&self) -> Result<Arc<Client>> {
        self.0.upgrade().ok_or(Error::Closed)
    }
}

self_cell!(
    /// The client, and what borrows from it.
    struct Live {
        owner: Arc<Client>,
        #[covariant]
        dependent: Polling,
    }
);

struct Polling<'a> {
    stream: MessageStream<'a, Reports>,
    /// The record that was handed out, and is not known to be processed.
    last: Option<BorrowedMessage<'a>>,
}

enum Next<T> {
    Item(Result<Consumed<T>>),
    Fatal(Error),
}

impl Polling<'_> {
    /// What was handed out is processed.
    fn done(&mut self, client: &Client, commit: Commit) {
        if let Some(message) = self.last.take() {
            store(client, &message, commit);
        }
    }

    fn next<T: Readable>(
        &mut self,
        client: &Client,
        reader: &mut Reader<T>,
        commit: Commit,
        context: &mut Context<'_>,
    ) -> Poll<Option<Next<T>>> {
        for _ in 0..SKIPS {
            match Pin::new(&mut self.stream).poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => {
                    let told = client.context().error(&error, "");
                    if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
                        return Poll::Ready(Some(Next::Fatal(told)));
                    }
                    if is_lasting(&error) {
                        return Poll::Ready(Some(Next::Item(Err(told))));
                    }
                }
                Poll::Ready(Some(Ok(message))) => match reader.read(&message) {
                    Some(item) => {
                        self.last = Some(message);
                        return Poll::Ready(Some(Next::Item(item)));
                    }
                    None => store(client, &message, commit),
                },
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn store(client: &Client, message: &BorrowedMessage<'_>, commit: Commit) {
    if commit == Commit::Manual {
        return;
    }
    match client.store_offset_from_message(message) {
        Err(error) if !is_moved(&error) => {
            client
                .context()
                .warn(|| format!("an offset could not be stored: {error}"));
        }
        _ => {}
    }
}

fn commit_stored(client: &Client) -> Result<()> {
    match client.commit_consumer_state(CommitMode::Sync) {
        // There is nothing to commit.
        Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => Ok(()),
        Err(error) => Err(client
            .context()
            .error(&error, ": the last records will come again")),
    }
}

/// The partition has moved to another consumer of the group.
fn is_moved(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{State, UnknownPartition};
    matches!(error.rdkafka_error_code(), Some(State | UnknownPartition))
}

/// librdkafka does not recover from it by itself.
fn is_lasting(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        AutoOffsetReset, ClusterAuthorizationFailed, GroupAuthorizationFailed,
        TopicAuthorizationFailed, UnknownTopicOrPartition,
    };
    matches!(
        error.rdkafka_error_code(),
        Some(
            AutoOffsetReset
                | ClusterAuthorizationFailed
                | GroupAuthorizationFailed
                | TopicAuthorizationFailed
                | UnknownTopicOrPartition
        )
    )
}
