//! The contender schema_registry_converter: frames by a registry's schemas, whose answers it keeps.

use std::hint::black_box;
use std::rc::Rc;

use pragma_contracts::Contract;
use prost_014::Message;
use schema_registry_converter::async_impl::proto_decoder::ProtoDecoder;
use schema_registry_converter::async_impl::proto_raw::ProtoRawDecoder;
use schema_registry_converter::async_impl::schema_registry::SrSettings;
use tokio::runtime::Runtime;

use crate::contender::Contender;
use crate::ours::HEADER;

pub(crate) fn contenders<C: Contract>(
    frame: &'static [u8],
    registry: &str,
    runtime: &Rc<Runtime>,
) -> Vec<Contender> {
    let settings = SrSettings::new(registry.to_owned());
    vec![
        raw::<C>(frame, settings.clone(), runtime),
        reflective(frame, settings, runtime),
    ]
}

fn raw<C: Contract>(
    frame: &'static [u8],
    settings: SrSettings,
    runtime: &Rc<Runtime>,
) -> Contender {
    let decoder = ProtoRawDecoder::new(settings);
    let decode = async move || {
        let raw = decoder
            .decode(Some(black_box(frame)))
            .await
            .unwrap()
            .unwrap();
        C::decode(raw.bytes.as_slice()).unwrap()
    };
    let decoded = runtime.block_on(decode());
    assert!(decoded == C::decode(&frame[HEADER..]).unwrap());
    Contender::in_runtime(
        "schema_registry_converter, raw decoder and prost",
        runtime,
        decode,
    )
}

fn reflective(frame: &'static [u8], settings: SrSettings, runtime: &Rc<Runtime>) -> Contender {
    let decoder = ProtoDecoder::new(settings);
    let decode = async move || decoder.decode(Some(black_box(frame))).await.unwrap();
    let decoded = runtime.block_on(decode());
    assert_eq!(
        decoded.as_message().unwrap().encode_to_vec(),
        frame[HEADER..]
    );
    Contender::in_runtime(
        "schema_registry_converter, reflective decoder",
        runtime,
        decode,
    )
}
