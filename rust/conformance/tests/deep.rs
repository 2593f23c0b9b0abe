//! Messages that hold themselves, thousands deep: refused like prost-build's, before the stack is full.

use conformance::{Both, MESSAGES};

const LIMIT: usize = 100;

fn tree() -> &'static Both {
    let mut found = MESSAGES.iter();
    found.find(|both| both.full_name == "odd.v1.Tree").unwrap()
}

/// Messages in one another, each the field with this number; `wrap` makes of the inner message what the field holds.
fn nested(depth: usize, number: u8, wrap: fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    (0..depth).fold(Vec::new(), |inner, _| field(number, wrap(inner)))
}

fn field(number: u8, body: Vec<u8>) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encoding::encode_varint(body.len() as u64, &mut bytes);
    bytes.extend(body);
    bytes
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    for depth in [LIMIT / 2, LIMIT, LIMIT + 1, 5_000] {
        for both in MESSAGES {
            for number in 1..=15 {
                let entry = |inner| field(2, inner);
                for bytes in [
                    nested(depth, number, |inner| inner),
                    nested(depth, number, entry),
                ] {
                    let (ours, theirs) = ((both.ours)(&bytes).ok(), (both.theirs)(&bytes).ok());
                    assert!(ours == theirs, "{} in field {number}", both.full_name);
                }
            }
        }
    }
}

#[test]
fn a_tree_may_be_as_deep_as_protobuf_allows() {
    let entry = |inner| field(2, inner);
    let trees = |depth| {
        [
            nested(depth, 1, |inner| inner),
            nested(depth, 2, |inner| inner),
        ]
    };
    for bytes in trees(LIMIT) {
        assert_eq!((tree().ours)(&bytes).unwrap(), bytes);
    }
    // A map's entry is a message too.
    assert!((tree().ours)(&nested(LIMIT / 2, 3, entry)).is_ok());
    for bytes in trees(LIMIT + 1)
        .into_iter()
        .chain([nested(LIMIT / 2 + 1, 3, entry)])
    {
        assert!((tree().ours)(&bytes).is_err());
    }
}
