//! Fuzzes what must be true of the feed of a frame.
#![no_main]

#[allow(dead_code, reason = "each target asks one thing")]
#[path = "../../pragma-contracts/tests/properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::peeked(bytes));
