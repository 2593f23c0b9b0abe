//! The librdkafka properties of a client: our defaults, the user's own on top, checked together.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;

use crate::{Error, Result};

/// librdkafka takes each of these under two names, and the last one set wins: one name keeps that out of the merge.
const ALIASES: &[(&str, &str)] = &[
    ("compression.codec", "compression.type"),
    ("delivery.timeout.ms", "message.timeout.ms"),
    ("message.send.max.retries", "retries"),
    ("metadata.broker.list", "bootstrap.servers"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("request.required.acks", "acks"),
];

const PRODUCER: &[(&str, &str)] = &[
    // Losing a message is acceptable, waiting is not: the leader's word is enough, and what is late is dropped.
    ("acks", "1"),
    ("retries", "0"),
    ("message.timeout.ms", "1000"),
    ("linger.ms", "5"),
    ("compression.type", "lz4"),
    // As Java's client partitions; librdkafka's own default is CRC32.
    ("partitioner", "murmur2_random"),
    // librdkafka waits up to 10 s before it connects again, and every message of that time would be dropped.
    ("reconnect.backoff.max.ms", "1000"),
    // What is not reported as failed was delivered: no callback for each message.
    ("delivery.report.only.error", "true"),
];

const CONSUMER: &[(&str, &str)] = &[
    ("enable.auto.commit", "true"),
    ("enable.auto.offset.store", "false"),
    ("allow.auto.create.topics", "false"),
    // A topic deleted before the first fetch is noticed by this refresh alone, which comes every 5 minutes by default.
    ("topic.metadata.refresh.interval.ms", "10000"),
];

const PRODUCER_OWN: &[(&str, &str)] = &[
    ("bootstrap.servers", "is the argument of builder()"),
    (
        "delivery.report.only.error",
        "is always on; read stats() for the figures",
    ),
    (
        "transactional.id",
        "needs a transactional producer, which this one is not",
    ),
];

const CONSUMER_OWN: &[(&str, &str)] = &[
    ("bootstrap.servers", "is an argument of builder()"),
    ("group.id", "is an argument of builder()"),
    ("auto.offset.reset", "is start()"),
    ("enable.auto.offset.store", "is always off; see commit()"),
    (
        "enable.partition.eof",
        "is always off: a consumer has no end",
    ),
];

/// Properties that a user gave, by name.
pub(crate) type Properties = BTreeMap<String, String>;

/// The properties of a producer.
///
/// # Errors
/// [`Error::Configuration`]: they contradict each other.
pub(crate) fn of_producer(bootstrap: &str, given: &Properties) -> Result<Properties> {
    let given = checked(bootstrap, given, PRODUCER_OWN)?;
    let mut all = with_defaults(PRODUCER, &given);
    if given
        .get("enable.idempotence")
        .is_some_and(|value| value == "true")
    {
        all.retain(|name, _| given.contains_key(name) || (name != "acks" && name != "retries"));
    }
    let timeout = number(&all, "message.timeout.ms")?;
    let linger = number(&all, "linger.ms")?;
    // 0 is librdkafka's word for no limit.
    if 0.0 < timeout && timeout < linger {
        return Err(bad(format!(
            "message.timeout.ms {timeout} is below linger.ms {linger}: every message would expire unsent"
        )));
    }
    if timeout > 0.0 {
        // A request that outlives its messages only keeps the connection from being given up.
        let whole = timeout as u64;
        for (name, least, most) in [
            ("request.timeout.ms", 1, 30_000),
            ("socket.timeout.ms", 10, 60_000),
        ] {
            all.entry(name.to_owned())
                .or_insert_with(|| whole.clamp(least, most).to_string());
        }
    }
    all.insert("bootstrap.servers".to_owned(), bootstrap.to_owned());
    Ok(all)
}

/// The properties of a consumer.
///
/// # Errors
/// [`Error::Configuration`]: one makes no sense.
pub(crate) fn of_consumer(
    bootstrap: &str,
    group: &str,
    start: &str,
    given: &Properties,
) -> Result<Properties> {
    if group.is_empty() {
        return Err(Error::Configuration {
            option: "group",
            problem: "is empty; name the consumer group".to_owned(),
        });
    }
    let given = checked(bootstrap, given, CONSUMER_OWN)?;
    let mut all = with_defaults(CONSUMER, &given);
    for (name, value) in [
        ("bootstrap.servers", bootstrap),
        ("group.id", group),
        ("auto.offset.reset", start),
    ] {
        all.insert(name.to_owned(), value.to_owned());
    }
    Ok(all)
}

/// How long a producer waits until all its messages are confirmed or failed.
pub(crate) fn patience(properties: &Properties) -> Result<Duration> {
    // librdkafka keeps its own time: what expires after message.timeout.ms is reported a little later.
    const GRACE: Duration = Duration::from_secs(1);
    const NO_LIMIT: Duration = Duration::from_secs(30);
    let timeout = number(properties, "message.timeout.ms")?;
    Ok(if timeout > 0.0 {
        Duration::from_millis(timeout as u64) + GRACE
    } else {
        NO_LIMIT
    })
}

/// Makes a Kafka client.
///
/// # Errors
/// [`Error::Configuration`], with librdkafka's reason, in which no secret is quoted.
pub(crate) fn create<C, T>(properties: &Properties, context: C) -> Result<T>
where
    C: rdkafka::ClientContext,
    T: FromClientConfigAndContext<C>,
{
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(Error::Configuration {
            option: "runtime",
            problem: "there is no tokio runtime here; call this inside one".to_owned(),
        });
    }
    let mut config = ClientConfig::new();
    for (name, value) in properties {
        config.set(name, value);
    }
    config.create_with_context(context).map_err(|error| {
        let mut reason = match error {
            // The value may be a secret.
            KafkaError::ClientConfig(_, reason, name, _) => format!("{name}: {reason}"),
            other => other.to_string(),
        };
        let secrets = properties.iter().filter(|(name, _)| is_secret(name));
        for (_, secret) in secrets.filter(|(_, secret)| !secret.is_empty()) {
            reason = reason.replace(secret, "***");
        }
        bad(reason)
    })
}

fn is_secret(name: &str) -> bool {
    ["password", "secret", ".pem", "token", "oauthbearer"]
        .iter()
        .any(|part| name.contains(part))
}

fn checked(
    bootstrap: &str,
    given: &Properties,
    own: &'static [(&str, &str)],
) -> Result<Properties> {
    if bootstrap.is_empty() {
        return Err(Error::Configuration {
            option: "bootstrap",
            problem: "is empty; name a broker, such as localhost:9092".to_owned(),
        });
    }
    let mut found = Properties::new();
    for (name, value) in given {
        let name = value_of(ALIASES, name).unwrap_or(name);
        if let Some(problem) = value_of(own, name) {
            return Err(bad(format!("{name} {problem}")));
        }
        if name.contains('\0') || value.contains('\0') {
            return Err(bad(format!("{name:?} has a NUL character")));
        }
        found.insert(name.to_owned(), value.clone());
    }
    Ok(found)
}

fn with_defaults(defaults: &[(&str, &str)], given: &Properties) -> Properties {
    let mut all: Properties = defaults
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    all.extend(
        given
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    all
}

fn value_of<'a>(table: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

fn number(properties: &Properties, name: &str) -> Result<f64> {
    let value = properties.get(name).map(String::as_str).unwrap_or_default();
    value
        .parse()
        .map_err(|_| bad(format!("{name} {value:?} is no number of milliseconds")))
}

fn bad(problem: String) -> Error {
    Error::Configuration {
        option: "property",
        problem,
    }
}
