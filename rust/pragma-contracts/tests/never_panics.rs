//! Random bytes and text, and good frames that were damaged: nothing panics, and all ways to read say the same.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod properties;

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The frames and keys in the repository's tests/vectors.
fn known(name: &str, field: &str) -> Vec<Vec<u8>> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/{name}.json"));
    let all: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let entries = all.as_array().or_else(|| all["feeds"].as_array()).unwrap();
    let texts = entries.iter().map(|entry| entry[field].as_str().unwrap());
    texts
        .map(|text| {
            if field == "frame" {
                bytes(text)
            } else {
                text.into()
            }
        })
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// One way to damage bytes.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), vec(any::<u8>(), 1..12)).prop_map(|(at, more)| Damage::Insert(at, more)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        (any::<Index>(), 1..200_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: Vec<Damage>) -> Vec<u8> {
    for damage in damages {
        let size = bytes.len();
        let place = |at: Index| at.index(size + 1);
        match damage {
            Damage::Set(at, byte) if size > 0 => bytes[at.index(size)] = byte,
            Damage::Set(..) => {}
            Damage::Cut(at) => bytes.truncate(place(at)),
            Damage::Insert(at, more) => {
                bytes.splice(place(at)..place(at), more);
            }
            Damage::Remove(at, count) => {
                bytes.drain(place(at)..size.min(place(at) + count));
            }
            Damage::Repeat(at, count) => {
                let again = bytes[place(at)..size.min(place(at) + count)].to_vec();
                bytes.splice(place(at)..place(at), again);
            }
        }
    }
    bytes
}

fn all_of_a_frame(bytes: &[u8]) {
    properties::frame(bytes);
    properties::peeked(bytes);
    properties::json(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn damaged_frames(
        frame in select([known("frames", "frame"), known("accepted_frames", "frame")].concat()),
        damages in vec(damage(), 0..4),
    ) {
        all_of_a_frame(&damaged(frame, damages));
    }

    #[test]
    fn random_payloads(payload in vec(any::<u8>(), 0..80)) {
        all_of_a_frame(&payload);
        all_of_a_frame(&[&[0, 0, 0, 0, 1, 0], payload.as_slice()].concat());
    }

    /// Numbers of every size, and such as are too long, at every place in the words that they are counted in.
    #[test]
    fn random_columns(
        packed in vec(prop_oneof![Just(0x80_u8), Just(0xFF), Just(0x01), any::<u8>()], 0..60),
    ) {
        let field = |number: u8, content: &[u8]| {
            let head = [number << 3 | 2, u8::try_from(content.len()).unwrap()];
            [&head, content].concat()
        };
        let side = field(6, &field(1, &field(2, &packed)));
        properties::frame(&[&[0, 0, 0, 0, 1, 0], side.as_slice()].concat());
    }

    #[test]
    fn damaged_keys(key in select(known("keys", "key")), damages in vec(damage(), 0..3)) {
        properties::key(&damaged(key, damages));
    }

    #[test]
    fn random_keys(key in "([a-z%2-]|spot|perp|\\PC){0,12}") {
        properties::key(key.as_bytes());
    }

    #[test]
    fn random_text(text in "\\PC{0,8}|-?[0-9]{0,24}\\.?[0-9]{0,24}|[ -~]{1,12}|[\\x00-\\x20]{1,3}") {
        properties::text(&text);
    }
}
