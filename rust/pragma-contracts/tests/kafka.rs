//! The Kafka consumer and producer, on librdkafka's own mock broker.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::time::Duration;

use futures::StreamExt;
use pragma_contracts::kafka::{Commit, Consumed, Consumer, ConsumerBuilder, Producer, Start};
use pragma_contracts::{
    AnyMessage, Contract, Envelope, Error, FeedStreamExt, MarketDepth, MarketType, Price, Record,
    feeds,
};
use prost_types::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const GROUP: &str = "ingestor";
const SCHEMA_ID: u32 = 7;

/// A broker that has the topics of all contracts, with one partition each: the order of records is theirs.
fn broker() -> MockCluster<'static, impl rdkafka::ClientContext> {
    let cluster = MockCluster::new(1).unwrap();
    for topic in AnyMessage::TOPICS {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    cluster
}

fn price(market_type: MarketType, token_ticker: &str) -> Price {
    Price {
        envelope: Some(Envelope {
            event_timestamp: Some(Timestamp {
                seconds: 1,
                nanos: 0,
            }),
            ..Envelope::default()
        }),
        market_type: market_type.into(),
        network_id: "unknown".into(),
        source_id: "paradex".into(),
        token_ticker: token_ticker.into(),
        price: "1.5".into(),
        ..Price::default()
    }
}

async fn producer(bootstrap: &str) -> pragma_contracts::Result<Producer> {
    let builder = Producer::builder(bootstrap).contract_with_id::<Price>(SCHEMA_ID);
    builder.connect().await
}

async fn publish(bootstrap: &str, prices: &[(MarketType, &str)]) {
    let producer = producer(bootstrap).await.unwrap();
    for (market_type, token_ticker) in prices {
        producer
            .send(&mut price(*market_type, token_ticker))
            .unwrap();
    }
    let stats = producer.close().await.unwrap();
    assert_eq!(stats.delivered, prices.len() as u64);
}

/// Writes bytes that are none of ours.
async fn publish_bytes(bootstrap: &str, key: &str, value: &[u8]) {
    let client: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()
        .unwrap();
    let record = BaseRecord::to(Price::TOPIC).key(key).payload(value);
    client.send(record).map_err(|(error, _)| error).unwrap();
    tokio::task::spawn_blocking(move || client.flush(Duration::from_secs(10)).unwrap())
        .await
        .unwrap();
}

fn earliest(bootstrap: &str) -> ConsumerBuilder {
    Consumer::builder(bootstrap, GROUP).start(Start::Earliest)
}

fn tickers(records: &[Consumed<Price>]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record.message.token_ticker.as_str())
        .collect()
}

async fn take<T: pragma_contracts::kafka::Readable>(
    consumer: &mut Consumer<T>,
    count: usize,
) -> Vec<Consumed<T>> {
    let mut found = Vec::new();
    while found.len() < count {
        found.push(consumer.next().await.unwrap().unwrap());
    }
    found
}

#[tokio::test]
async fn messages_come_back_stamped_and_filtered_by_their_key() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    let spot_then_perps = [
        (MarketType::Spot, "A"),
        (MarketType::Perpetual, "B"),
        (MarketType::Perpetual, "C"),
    ];
    publish(&bootstrap, &spot_then_perps).await;
    let perps = feeds().market_type(MarketType::Perpetual).unwrap();
    let mut consumer = earliest(&bootstrap)
        .filter(perps)
        .stream::<Price>()
        .await
        .unwrap();
    let records = take(&mut consumer, 2).await;
    assert_eq!(tickers(&records), ["B", "C"]);
    let first = &records[0];
    assert_eq!(
        (first.topic, first.partition, first.offset, first.schema_id),
        (Price::TOPIC, 0, 1, SCHEMA_ID)
    );
    let envelope = first.message.envelope.as_ref().unwrap();
    assert_eq!(
        (envelope.producer.as_str(), envelope.version.as_str()),
        ("pulse", Price::VERSION)
    );
    assert_eq!(envelope.message_id.len(), 36);
    assert_eq!(envelope.message_id.as_bytes()[14], b'7');
    let published = envelope.publish_timestamp.unwrap();
    assert_eq!(
        first.timestamp,
        published.seconds * 1000 + i64::from(published.nanos / 1_000_000)
    );
    let stats = consumer.close().await.unwrap();
    assert_eq!((stats.consumed, stats.decoded, stats.filtered), (3, 2, 1));
    assert_eq!(stats.unknown_schema_ids, 2);
}

#[tokio::test]
async fn a_stream_can_be_of_any_contract_or_undecoded() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    publish(&bootstrap, &[(MarketType::Spot, "A")]).await;
    let mut any = earliest(&bootstrap).stream::<AnyMessage>().await.unwrap();
    let record = take(&mut any, 1).await.remove(0);
    assert!(matches!(record.message, AnyMessage::Price(_)));
    drop(any);
    let mut records = Consumer::builder(&bootstrap, "another")
        .start(Start::Earliest)
        .contract::<Price>()
        .stream::<Record>()
        .await
        .unwrap()
        .spot();
    let record = records.next().await.unwrap().unwrap();
    let view = record.message.view::<Price>().unwrap();
    assert_eq!(view.price, "1.5");
}

#[tokio::test]
async fn a_bad_record_is_an_error_with_its_place_and_the_stream_goes_on() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    publish_bytes(&bootstrap, "spot-unknown-paradex-A", b"{}").await;
    publish(&bootstrap, &[(MarketType::Spot, "B")]).await;
    let mut consumer = earliest(&bootstrap).stream::<Price>().await.unwrap();
    let error = consumer.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "pragma-prices-v1 [0] at offset 0: frame of 2 bytes, at byte 0: begins with 0x7b, not with the magic byte 0x00"
    );
    assert_eq!(tickers(&take(&mut consumer, 1).await), ["B"]);
    assert_eq!(consumer.stats().bad.get("frame"), Some(&1));
}

#[tokio::test]
async fn what_was_handed_out_last_comes_again_when_the_consumer_is_dropped() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    publish(
        &bootstrap,
        &[(MarketType::Spot, "A"), (MarketType::Spot, "B")],
    )
    .await;
    let mut consumer = earliest(&bootstrap).stream::<Price>().await.unwrap();
    assert_eq!(tickers(&take(&mut consumer, 2).await), ["A", "B"]);
    drop(consumer);
    assert_eq!(committed(&bootstrap).await, Offset::Offset(1));
}

#[tokio::test]
async fn all_that_was_handed_out_is_processed_when_the_consumer_is_closed() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    publish(
        &bootstrap,
        &[(MarketType::Spot, "A"), (MarketType::Spot, "B")],
    )
    .await;
    let mut consumer = earliest(&bootstrap).stream::<Price>().await.unwrap();
    take(&mut consumer, 2).await;
    consumer.close().await.unwrap();
    assert_eq!(committed(&bootstrap).await, Offset::Offset(2));
}

#[tokio::test]
async fn what_is_skipped_is_processed_too() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    publish(
        &bootstrap,
        &[(MarketType::Spot, "A"), (MarketType::Perpetual, "B")],
    )
    .await;
    publish(&bootstrap, &[(MarketType::Spot, "C")]).await;
    let perps = feeds().market_type(MarketType::Perpetual).unwrap();
    let consumer = earliest(&bootstrap).filter(perps).stream::<Price>().await;
    let mut consumer = consumer.unwrap();
    take(&mut consumer, 1).await;
    while consumer.stats().consumed < 3 {
        assert!(futures::poll!(consumer.next()).is_pending());
        tokio::task::yield_now().await;
    }
    consumer.close().await.unwrap();
    assert_eq!(committed(&bootstrap).await, Offset::Offset(3));
}

#[tokio::test]
async fn by_hand_only_what_is_stored_is_processed() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    publish(
        &bootstrap,
        &[(MarketType::Spot, "A"), (MarketType::Spot, "B")],
    )
    .await;
    let builder = earliest(&bootstrap).commit(Commit::Manual);
    let mut consumer = builder.stream::<Price>().await.unwrap();
    let offsets = consumer.offsets();
    let records = take(&mut consumer, 2).await;
    offsets.store(&records[0]).unwrap();
    offsets.commit().await.unwrap();
    assert_eq!(committed(&bootstrap).await, Offset::Offset(1));
    consumer.close().await.unwrap();
    assert_eq!(committed(&bootstrap).await, Offset::Offset(1));
    assert_eq!(offsets.store(&records[1]), Err(Error::Closed));
}

/// Where the group would go on.
async fn committed(bootstrap: &str) -> Offset {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config.set("group.id", GROUP);
    let read = move || {
        let client: BaseConsumer = config.create().unwrap();
        let mut places = TopicPartitionList::new();
        places.add_partition(Price::TOPIC, 0);
        let timeout = Duration::from_secs(10);
        let found = client.committed_offsets(places, timeout).unwrap();
        found.find_partition(Price::TOPIC, 0).unwrap().offset()
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

#[tokio::test]
async fn what_a_full_queue_cannot_take_is_dropped_and_counted() {
    let broker = broker();
    let producer = Producer::builder(broker.bootstrap_servers())
        .contract_with_id::<Price>(SCHEMA_ID)
        .property("queue.buffering.max.messages", "1")
        .property("linger.ms", "500")
        .connect()
        .await
        .unwrap();
    for _ in 0..3 {
        producer.send(&mut price(MarketType::Spot, "A")).unwrap();
    }
    let stats = producer.close().await.unwrap();
    assert_eq!((stats.sent, stats.delivered, stats.dropped), (1, 1, 2));
}

#[tokio::test]
async fn what_was_not_confirmed_in_time_is_counted_as_failed() {
    let broker = broker();
    let producer = producer(&broker.bootstrap_servers()).await.unwrap();
    drop(broker);
    producer.send(&mut price(MarketType::Spot, "A")).unwrap();
    let stats = producer.close().await.unwrap();
    assert_eq!((stats.sent, stats.delivered, stats.queued), (1, 0, 0));
    assert_eq!(stats.failed.values().sum::<u64>(), 1, "{:?}", stats.failed);
}

#[tokio::test]
async fn a_message_that_breaks_its_contract_is_not_sent_and_not_stamped() {
    let broker = broker();
    let producer = producer(&broker.bootstrap_servers()).await.unwrap();
    let mut bad = Price {
        price: "1e5".into(),
        ..price(MarketType::Spot, "A")
    };
    let before = bad.clone();
    assert_eq!(producer.send(&mut bad).unwrap_err().kind(), "content");
    assert_eq!(bad, before);
    let mut depth = MarketDepth::default();
    let error = producer.send(&mut depth).unwrap_err();
    assert!(error.to_string().contains("call contract::<MarketDepth>()"));
    assert_eq!(producer.stats().sent, 0);
}

struct LockFile(tempfile::TempDir);

impl LockFile {
    fn with(registries: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(r#"{{"format": 1, "registries": {registries}}}"#);
        std::fs::write(folder.path().join("contracts.lock"), text).unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("contracts.lock")
    }
}

fn subject(name: &str, schema_id: u32, fingerprint: &str) -> String {
    format!(
        r#""{name}": {{"fingerprint": "{fingerprint}", "schema_id": {schema_id}, "version": 1}}"#
    )
}

#[tokio::test]
async fn ids_come_from_the_lock_and_a_foreign_one_is_a_bad_record() {
    let broker = broker();
    let bootstrap = broker.bootstrap_servers();
    let ours = subject(Price::SUBJECT, 3, Price::FINGERPRINT);
    let theirs = subject("other-value", SCHEMA_ID, "00");
    let lock = LockFile::with(&format!(
        r#"{{"http://one": {{{ours}, {theirs}}}, "http://two": {{}}}}"#
    ));
    publish(&bootstrap, &[(MarketType::Spot, "A")]).await;
    let locked = Producer::builder(&bootstrap)
        .contract::<Price>()
        .lock(lock.path())
        .registry("http://one")
        .connect()
        .await
        .unwrap();
    locked.send(&mut price(MarketType::Spot, "B")).unwrap();
    locked.close().await.unwrap();
    let mut consumer = earliest(&bootstrap)
        .lock(lock.path())
        .registry("http://one/")
        .stream::<Price>()
        .await
        .unwrap();
    let error = consumer.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), "schema_id");
    assert!(
        error
            .to_string()
            .contains("schema id 7 belongs to other-value")
    );
    let record = take(&mut consumer, 1).await.remove(0);
    assert_eq!(record.schema_id, 3);
    assert_eq!(consumer.stats().unknown_schema_ids, 0);
}

#[tokio::test]
async fn a_lock_that_cannot_be_used_says_why() {
    let of = |registries: &str| LockFile::with(registries);
    let other = subject(Price::SUBJECT, 3, "00112233445566");
    let cases = [
        (of("{}"), "has the registries ; choose one"),
        (
            of(r#"{"http://one": {}}"#),
            "does not have pragma-prices-v1-value",
        ),
        (
            of(&format!(r#"{{"http://one": {{{other}}}}}"#)),
            "was written for another schema (fingerprint 001122334455…)",
        ),
        (of("[]"), "is damaged"),
    ];
    for (lock, wanted) in &cases {
        let builder = Producer::builder("localhost:1").contract::<Price>();
        let error = builder.lock(lock.path()).connect().await.err().unwrap();
        assert_eq!(error.kind(), "lock");
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let missing = Consumer::builder("localhost:1", "g").lock("/there/is/none");
    let error = missing.stream::<Price>().await.err().unwrap();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_contacted() {
    let group = |bootstrap: &str, group: &str| Consumer::builder(bootstrap, group);
    let cases = [
        (group("", "g"), "bootstrap: is empty"),
        (group("b", ""), "group: is empty"),
        (
            group("b", "g").property("group.id", "x"),
            "property: group.id is an argument of builder()",
        ),
        (
            group("b", "g").property("no.such", "x"),
            "property: no.such: No such configuration property",
        ),
        (
            group("b", "g").contract::<MarketDepth>(),
            "contract: the stream is of pragma-prices-v1",
        ),
    ];
    for (builder, wanted) in cases {
        let error = builder.stream::<Price>().await.err().unwrap();
        assert!(error.to_string().starts_with(wanted), "{error}");
    }
    let producers = [
        (Producer::builder("b"), "contract: none is given"),
        (
            Producer::builder("b").contract::<Price>(),
            "contract: Price has no schema id",
        ),
        (
            Producer::builder("b").contract_with_id::<Price>(0),
            "schema_id: must be 1 to",
        ),
        (
            Producer::builder("b").contract_with_id::<Price>(1).name(""),
            "name: \"\" is no name",
        ),
        (
            Producer::builder("b")
                .contract_with_id::<Price>(1)
                .property("queue.buffering.max.ms", "2000"),
            "property: message.timeout.ms 1000 is below linger.ms 2000",
        ),
        (
            Producer::builder("b")
                .contract_with_id::<Price>(1)
                .property("delivery.timeout.ms", "soon"),
            "property: message.timeout.ms \"soon\" is no number",
        ),
    ];
    for (builder, wanted) in producers {
        let error = builder.connect().await.err().unwrap();
        assert!(error.to_string().starts_with(wanted), "{error}");
    }
}

#[tokio::test]
async fn a_refused_secret_is_not_quoted() {
    let builder = Consumer::builder("b", "g")
        .property("security.protocol", "SASL_PLAINTEXT")
        .property("sasl.password", "hunter2")
        .property("sasl.mechanism", "hunter2");
    let error = builder.stream::<Price>().await.err().unwrap();
    assert_eq!(error.kind(), "configuration");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_broker_that_is_away_or_lacks_a_topic_is_named() {
    let away = Consumer::builder("127.0.0.1:1", "g").start_timeout(Duration::from_millis(300));
    let error = away.stream::<Price>().await.err().unwrap();
    assert_eq!(error.kind(), "broker");
    let text = error.to_string();
    assert!(text.starts_with("Kafka at 127.0.0.1:1: "), "{text}");
    assert!(text.contains("is the broker up?"), "{text}");
    let empty = MockCluster::new(1).unwrap();
    let error = producer(&empty.bootstrap_servers()).await.err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("there is no topic pragma-prices-v1"),
        "{text}"
    );
}

#[test]
fn without_a_runtime_it_is_an_error_and_no_panic() {
    let connecting = Producer::builder("b")
        .contract_with_id::<Price>(1)
        .connect();
    let error = futures::executor::block_on(connecting).err().unwrap();
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}
