//! Ours and prost-build's messages read the same bytes and write the same ones.

use conformance::{DESCRIPTORS, MESSAGES};
use prost::Message;
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    Value,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SEED: u64 = 42;
const ROUNDS: usize = 200;
const DEEPEST: usize = 4;

#[test]
fn random_messages_are_the_same_bytes() {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let mut random = StdRng::seed_from_u64(SEED);
    assert!(MESSAGES.len() > 15);
    for both in MESSAGES {
        let descriptor = pool.get_message_by_name(both.full_name).unwrap();
        for _ in 0..ROUNDS {
            let bytes = message(&mut random, &descriptor, 0).encode_to_vec();
            let ours = (both.ours)(&bytes).unwrap();
            assert_eq!(
                ours,
                (both.theirs)(&bytes).unwrap(),
                "{} of {bytes:02x?}",
                both.full_name
            );
            let again = DynamicMessage::decode(descriptor.clone(), ours.as_slice()).unwrap();
            assert_eq!(
                again.encode_to_vec().len(),
                bytes.len(),
                "{} lost something",
                both.full_name
            );
        }
    }
}

#[test]
fn what_one_refuses_the_other_refuses() {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let mut random = StdRng::seed_from_u64(SEED);
    for both in MESSAGES {
        let descriptor = pool.get_message_by_name(both.full_name).unwrap();
        for _ in 0..ROUNDS {
            let mut bytes = message(&mut random, &descriptor, 0).encode_to_vec();
            bytes.truncate(random.random_range(0..=bytes.len()));
            if let Some(byte) = (!bytes.is_empty()).then(|| random.random_range(0..bytes.len())) {
                bytes[byte] = random.random();
            }
            assert_eq!(
                (both.ours)(&bytes).ok(),
                (both.theirs)(&bytes).ok(),
                "{} of {bytes:02x?}",
                both.full_name
            );
        }
    }
}

fn message(random: &mut StdRng, descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        // What a oneof already holds is replaced by the next member that is set.
        if random.random_bool(0.6) && (depth < DEEPEST || !holds_message(&field)) {
            message.set_field(&field, value(random, &field, depth));
        }
    }
    message
}

fn holds_message(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(_))
}

fn value(random: &mut StdRng, field: &FieldDescriptor, depth: usize) -> Value {
    let count = random.random_range(0..4);
    if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
        let pairs = (0..count).map(|_| {
            let key = map_key(random, &entry.map_entry_key_field().kind());
            (
                key,
                one(random, &entry.map_entry_value_field().kind(), depth),
            )
        });
        return Value::Map(pairs.collect());
    }
    if field.cardinality() == Cardinality::Repeated {
        return Value::List(
            (0..count)
                .map(|_| one(random, &field.kind(), depth))
                .collect(),
        );
    }
    one(random, &field.kind(), depth)
}

fn one(random: &mut StdRng, kind: &Kind, depth: usize) -> Value {
    match kind {
        // Never NaN, which is not equal to itself, but the extremes.
        Kind::Double => {
            Value::F64([0.0, -0.0, 1.5, f64::MAX, f64::NEG_INFINITY][random.random_range(0..5)])
        }
        Kind::Float => {
            Value::F32([0.0, -0.0, 1.5, f32::MIN, f32::INFINITY][random.random_range(0..5)])
        }
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(random.random()),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(random.random()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(random.random()),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(random.random()),
        Kind::Bool => Value::Bool(random.random()),
        Kind::String => {
            Value::String(["", "a", "größe", "\u{1F980}"][random.random_range(0..4)].to_owned())
        }
        Kind::Bytes => Value::Bytes(
            (0..random.random_range(0..5))
                .map(|_| random.random())
                .collect::<Vec<u8>>()
                .into(),
        ),
        // Numbers that the enum does not have are kept too.
        Kind::Enum(_) => Value::EnumNumber(random.random_range(-4..9)),
        Kind::Message(descriptor) => Value::Message(message(random, descriptor, depth + 1)),
    }
}

fn map_key(random: &mut StdRng, kind: &Kind) -> MapKey {
    match one(random, kind, 0) {
        Value::Bool(key) => MapKey::Bool(key),
        Value::I32(key) => MapKey::I32(key),
        Value::I64(key) => MapKey::I64(key),
        Value::U32(key) => MapKey::U32(key),
        Value::U64(key) => MapKey::U64(key),
        Value::String(key) => MapKey::String(key),
        other => panic!("{other:?} is no key of a map"),
    }
}
