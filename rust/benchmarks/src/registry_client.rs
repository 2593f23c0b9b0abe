//! The contender schema-registry-client: Confluent's deserializer, by a registry's schemas, whose answers it keeps.

use std::hint::black_box;
use std::rc::Rc;

use pragma_contracts::{Contract, MarketDepth, Price};
use prost::Message;
use schema_registry_client::rest::client_config::ClientConfig;
use schema_registry_client::rest::schema_registry_client::{Client, SchemaRegistryClient};
use schema_registry_client::serdes::config::DeserializerConfig;
use schema_registry_client::serdes::protobuf::ProtobufDeserializer;
use schema_registry_client::serdes::serde::{SerdeFormat, SerdeType, SerializationContext};
use tokio::runtime::Runtime;

use crate::contender::Contender;
use crate::ours::HEADER;
use generated::pragma::market::v1 as messages;

#[allow(clippy::all, dead_code, missing_docs)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/prost_013.rs"));
}

/// The message of a contract that this client can decode into.
pub(crate) trait Typed: Contract {
    type Message: Message + Default + 'static;
}

impl Typed for Price {
    type Message = messages::Price;
}

impl Typed for MarketDepth {
    type Message = messages::MarketDepth;
}

pub(crate) fn contender<C: Typed>(
    frame: &'static [u8],
    registry: &str,
    runtime: &Rc<Runtime>,
) -> Contender {
    let config = ClientConfig::new(vec![registry.to_owned()]);
    // The deserializer borrows its client.
    let client: &'static _ = Box::leak(Box::new(SchemaRegistryClient::new(config)));
    let deserializer =
        ProtobufDeserializer::new(client, None, DeserializerConfig::default()).unwrap();
    let context = SerializationContext {
        topic: C::TOPIC.to_owned(),
        serde_type: SerdeType::Value,
        serde_format: SerdeFormat::Protobuf,
        headers: None,
    };
    let decode = async move || -> C::Message {
        let decoded = deserializer.deserialize(&context, black_box(frame)).await;
        decoded.unwrap()
    };
    let decoded = runtime.block_on(decode());
    assert_eq!(decoded.encode_to_vec(), frame[HEADER..]);
    Contender::in_runtime("schema-registry-client, deserializer", runtime, decode)
}
