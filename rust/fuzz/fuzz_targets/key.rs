//! Fuzzes what must be true of a record key.
#![no_main]

#[allow(dead_code, reason = "each target asks one thing")]
#[path = "../../pragma-contracts/tests/properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::key(bytes));
