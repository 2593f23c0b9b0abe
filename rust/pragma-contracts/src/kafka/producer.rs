//! The producer: sends messages of the contracts to their topics, never waiting, and never losing one in silence.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer as _, PurgeConfig, ThreadedProducer};
use uuid::Uuid;

use super::broker::{Reports, blocking, require_topics};
use super::lock::Lock;
use super::settings::{self, Properties};
use crate::contract::Binding;
use crate::feed::is_component;
use crate::{Contract, Error, Result, frame};

type Client = ThreadedProducer<Reports>;

/// How long to wait for the reports of what was given up.
const LAST_REPORTS: Duration = Duration::from_secs(1);

/// What to produce, and how.
#[derive(Clone, Debug)]
#[must_use = "connect() makes the producer"]
pub struct ProducerBuilder {
    bootstrap: String,
    name: String,
    contracts: Vec<(Binding, Option<u32>)>,
    lock: Option<PathBuf>,
    registry: Option<String>,
    start_timeout: Duration,
    properties: Properties,
}

impl ProducerBuilder {
    /// Messages of this contract will be sent; its schema id comes from the lock.
    pub fn contract<C: Contract>(mut self) -> Self {
        self.contracts.push((Binding::of::<C>(), None));
        self
    }

    /// Messages of this contract will be sent, under this schema id.
    pub fn contract_with_id<C: Contract>(mut self, schema_id: u32) -> Self {
        self.contracts.push((Binding::of::<C>(), Some(schema_id)));
        self
    }

    /// The contracts.lock that schema ids come from; by default the file that the environment variable
    /// PRAGMA_CONTRACTS_LOCK names.
    pub fn lock(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock = Some(path.into());
        self
    }

    /// Which registry of the lock is meant, by its URL as it stands there; it is not contacted.
    pub fn registry(mut self, url: impl Into<String>) -> Self {
        self.registry = Some(url.into());
        self
    }

    /// The producer's name in every envelope; by default "pulse".
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How long to wait for the broker at the start; by default 10 s.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// A librdkafka property, such as `linger.ms` or `security.protocol`.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    /// Looks the schema ids up, and checks that the broker has every topic.
    ///
    /// # Errors
    /// [`Error::Configuration`]: an option makes no sense, or there is no tokio runtime. [`Error::Lock`]: the lock cannot
    /// be used. [`Error::Broker`]: the broker does not answer, or lacks a topic.
    pub async fn connect(self) -> Result<Producer> {
        if !is_component(&self.name) {
            return Err(Error::Configuration {
                option: "name",
                problem: format!(
                    "{:?} is no name: text without control characters",
                    self.name
                ),
            });
        }
        let lanes = self.lanes()?;
        let properties = settings::of_producer(&self.bootstrap, &self.properties)?;
        let patience = settings::patience(&properties)?;
        let client: Client = settings::create(&properties, Reports::new(&self.bootstrap))?;
        let timeout = self.start_timeout;
        let topics: Vec<_> = lanes.iter().map(|lane| lane.topic).collect();
        let client = blocking(move || {
            require_topics(client.client(), &topics, timeout)?;
            Ok(client)
        })
        .await??;
        Ok(Producer {
            client,
            name: self.name,
            lanes,
            patience,
            counts: Arc::default(),
        })
    }

    fn lanes(&self) -> Result<Vec<Lane>> {
        let lock = Lock::find(self.lock.as_deref(), self.registry.as_deref())?;
        let missing = |problem: String| Error::Configuration {
            option: "contract",
            problem,
        };
        if self.contracts.is_empty() {
            return Err(missing("none is given; name what will be sent".to_owned()));
        }
        self.contracts
            .iter()
            .map(|(contract, given)| {
                let schema_id = match (given, &lock) {
                    (Some(schema_id), _) => frame::check_id(*schema_id)?,
                    (None, Some(lock)) => lock.id_of(contract)?,
                    (None, None) => {
                        return Err(missing(format!(
                            "{} has no schema id: give lock(), contract_with_id() or PRAGMA_CONTRACTS_LOCK",
                            contract.name
                        )));
                    }
                };
                Ok(Lane {
                    topic: contract.topic,
                    schema_id,
                })
            })
            .collect()
    }
}

/// Sends messages of the contracts to Kafka, from any thread.
///
/// It never waits: a message that Kafka does not take within `message.timeout.ms` (1 s), or that no longer fits into the
/// queue, is given up, counted and logged. `acks=1` and `retries=0`, compression lz4, `linger.ms` 5, and the partition is
/// murmur2 of the record key, as Java's client chooses it. Clones share one connection; dropping the last one without
/// [`Producer::close`] gives up what is queued.
#[derive(Clone)]
pub struct Producer {
    client: Client,
    name: String,
    lanes: Vec<Lane>,
    patience: Duration,
    counts: Arc<Counts>,
}

#[derive(Clone, Copy)]
struct Lane {
    topic: &'static str,
    schema_id: u32,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
}

/// What became of the messages given to a producer: `sent == delivered + failed + queued`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerStats {
    /// Messages that were accepted for delivery.
    pub sent: u64,
    /// Messages that the broker confirmed.
    pub delivered: u64,
    /// Messages that were not confirmed, by librdkafka's code. One that failed in flight may have been written.
    pub failed: BTreeMap<String, u64>,
    /// Messages that were refused because the queue was full; they are not among the sent ones.
    pub dropped: u64,
    /// Messages that wait for the broker's answer.
    pub queued: u64,
    /// The size of the sent messages' frames.
    pub bytes: u64,
}

impl Producer {
    /// Describes a producer: the broker's address.
    pub fn builder(bootstrap: impl Into<String>) -> ProducerBuilder {
        ProducerBuilder {
            bootstrap: bootstrap.into(),
            name: "pulse".to_owned(),
            contracts: Vec::new(),
            lock: None,
            registry: None,
            start_timeout: Duration::from_secs(10),
            properties: Properties::new(),
        }
    }

    /// Sends a message without waiting. It is stamped in place: id, publish time, producer and version.
    ///
    /// A message that the full queue cannot take is dropped, counted and logged.
    ///
    /// # Errors
    /// [`Error::InvalidMessage`]: the message breaks its contract; it is not stamped. [`Error::Configuration`]: its
    /// contract was not given to the builder. [`Error::Broker`]: Kafka will never take it.
    pub fn send<C: Contract>(&self, message: &mut C) -> Result<()> {
        let lane = self.lane::<C>()?;
        message.validate()?;
        let publish_time = self.stamp(message);
        let key = message.key()?;
        let value = frame::write(message, lane.schema_id);
        let record = BaseRecord::to(lane.topic)
            .key(key.as_str())
            .payload(value.as_slice())
            .timestamp(publish_time);
        match self.client.send(record) {
            Ok(()) => {
                self.counts.sent.fetch_add(1, Ordering::Relaxed);
                self.counts
                    .bytes
                    .fetch_add(value.len() as u64, Ordering::Relaxed);
                Ok(())
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                let dropped = self.counts.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                self.reports().warn(|| {
                    format!(
                        "the queue is full, {dropped} messages dropped so far, the last one for {}",
                        lane.topic
                    )
                });
                Ok(())
            }
            Err((error, _)) => Err(self.reports().error(&error, "")),
        }
    }

    /// The figures of this moment.
    pub fn stats(&self) -> ProducerStats {
        let sent = self.counts.sent.load(Ordering::Relaxed);
        let failed = self.reports().failed();
        let settled = sent.saturating_sub(failed.values().sum());
        // librdkafka's own count includes what it has yet to report, whatever that is.
        let queued = settled.min(self.waiting());
        ProducerStats {
            sent,
            delivered: settled - queued,
            failed,
            dropped: self.counts.dropped.load(Ordering::Relaxed),
            queued,
            bytes: self.counts.bytes.load(Ordering::Relaxed),
        }
    }

    /// Waits until every message is confirmed or failed, `message.timeout.ms` and a second more at most.
    ///
    /// Returns how many messages are still neither.
    ///
    /// # Errors
    /// [`Error::Broker`]: the client can do nothing any more.
    pub async fn flush(&self) -> Result<u64> {
        let (client, patience) = (self.client.clone(), self.patience);
        let flushed = blocking(move || client.flush(patience)).await?;
        match flushed {
            Err(error)
                if error.rdkafka_error_code() != Some(RDKafkaErrorCode::OperationTimedOut) =>
            {
                Err(self.reports().error(&error, ""))
            }
            _ => Ok(self.waiting()),
        }
    }

    /// Flushes, and gives up what was not confirmed by then; the figures say how many messages that were.
    ///
    /// # Errors
    /// [`Error::Broker`]: the client can do nothing any more.
    pub async fn close(self) -> Result<ProducerStats> {
        let left = self.flush().await?;
        if left > 0 {
            let client = self.client.clone();
            blocking(move || {
                client.purge(PurgeConfig::default().queue().inflight());
                // What is left of it is seen in the figures.
                client.flush(LAST_REPORTS).is_ok()
            })
            .await?;
        }
        Ok(self.stats())
    }

    /// Fills in what is the producer's to say; returns the publish time in ms since the epoch.
    fn stamp<C: Contract>(&self, message: &mut C) -> i64 {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let envelope = message.envelope_mut();
        envelope.message_id.clear();
        let mut text = Uuid::encode_buffer();
        let id = Uuid::now_v7().hyphenated();
        envelope.message_id.push_str(id.encode_lower(&mut text));
        envelope.publish_timestamp = Some(Timestamp {
            seconds: i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(now.subsec_nanos()).unwrap_or_default(),
        });
        self.name.clone_into(&mut envelope.producer);
        C::VERSION.clone_into(&mut envelope.version);
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }

    fn lane<C: Contract>(&self) -> Result<Lane> {
        let lane = self.lanes.iter().find(|lane| lane.topic == C::TOPIC);
        lane.copied().ok_or_else(|| Error::Configuration {
            option: "contract",
            problem: format!(
                "{} was not given to the builder of this producer; call contract::<{}>()",
                C::NAME,
                C::NAME
            ),
        })
    }

    fn waiting(&self) -> u64 {
        u64::try_from(self.client.in_flight_count()).unwrap_or_default()
    }

    fn reports(&self) -> &Reports {
        self.client.client().context()
    }
}
