//! What the producer and the consumer share about the broker: the check at start, and the errors it reports later.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

use crate::{Error, Result};

const QUIET: Duration = Duration::from_secs(1);

/// Receives what librdkafka reports outside of any call: counts it, and logs one report a second.
pub(crate) struct Reports {
    bootstrap: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    errors: BTreeMap<String, u64>,
    failed: BTreeMap<String, u64>,
    last_reason: String,
    quiet_until: Option<Instant>,
}

impl Reports {
    pub(crate) fn new(bootstrap: &str) -> Self {
        Self {
            bootstrap: bootstrap.to_owned(),
            state: Mutex::default(),
        }
    }

    /// What the broker reported and librdkafka recovers from by itself, by its code.
    pub(crate) fn errors(&self) -> BTreeMap<String, u64> {
        self.state().errors.clone()
    }

    /// Messages that were not confirmed, by the code of their error.
    pub(crate) fn failed(&self) -> BTreeMap<String, u64> {
        self.state().failed.clone()
    }

    /// Logs a warning, unless there was one within a second: a broken broker must not also fill the log.
    pub(crate) fn warn(&self, text: impl FnOnce() -> String) {
        let may_log = self.state().may_log();
        if may_log {
            log::warn!("Kafka at {}: {}", self.bootstrap, text());
        }
    }

    /// An error of librdkafka as one of ours.
    pub(crate) fn error(&self, error: &KafkaError, advice: &str) -> Error {
        let code = error
            .rdkafka_error_code()
            .map_or_else(|| "Client".to_owned(), name);
        let reason = self.state().last_reason.clone();
        let reason = if reason.is_empty() {
            error.to_string()
        } else {
            format!("{error} ({reason})")
        };
        Error::Broker {
            bootstrap: self.bootstrap.clone(),
            code,
            detail: format!("{reason}{advice}"),
        }
    }

    // Nobody panics while holding the lock, and counts are whole at every moment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_log(&mut self) -> bool {
        let now = Instant::now();
        if self.quiet_until.is_some_and(|until| now < until) {
            return false;
        }
        self.quiet_until = Some(now + QUIET);
        true
    }
}

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        let code = error
            .rdkafka_error_code()
            .map_or_else(|| "Client".to_owned(), name);
        {
            let mut state = self.state();
            *state.errors.entry(code.clone()).or_default() += 1;
            reason.clone_into(&mut state.last_reason);
        }
        self.warn(|| format!("{code}: {reason}"));
    }
}

impl ConsumerContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, _)) = result else {
            return;
        };
        let code = error
            .rdkafka_error_code()
            .map_or_else(|| "Client".to_owned(), name);
        let total: u64 = {
            let mut state = self.state();
            *state.failed.entry(code.clone()).or_default() += 1;
            state.failed.values().sum()
        };
        self.warn(|| {
            format!(
                "{total} messages not confirmed so far (some may have been written); last: {code}"
            )
        });
    }
}

/// Checks that the broker answers within `timeout` and has every topic. It blocks.
///
/// # Errors
/// [`Error::Broker`].
pub(crate) fn require_topics(
    client: &Client<Reports>,
    topics: &[&str],
    timeout: Duration,
) -> Result<()> {
    let reports = client.context();
    // All topics: asking for one by name may create it.
    let known = client.fetch_metadata(None, timeout).map_err(|error| {
        let advice =
            format!(": no answer within {timeout:?}; is the address right, and is the broker up?");
        reports.error(&error, &advice)
    })?;
    let has = |topic: &&str| known.topics().iter().any(|known| known.name() == *topic);
    let missing: Vec<_> = topics.iter().copied().filter(|topic| !has(topic)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Broker {
        bootstrap: reports.bootstrap.clone(),
        code: name(RDKafkaErrorCode::UnknownTopicOrPartition),
        detail: format!(
            "there is no topic {} that this client may see; create it, or check the address",
            missing.join(", ")
        ),
    })
}

/// Runs what blocks where it may.
///
/// # Errors
/// [`Error::Closed`]: the runtime is shutting down.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Closed)
}

/// librdkafka's code of an error, such as `BrokerTransportFailure`.
pub(crate) fn name(code: RDKafkaErrorCode) -> String {
    format!("{code:?}")
}
