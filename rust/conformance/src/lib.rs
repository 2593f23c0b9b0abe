//! Both ways to generate Rust from the same schemas, side by side.

// What generated code names.
pub use pragma_contracts::{ContractEnum, EnumValue};

/// Ours.
#[rustfmt::skip]
#[allow(clippy::large_enum_variant, reason = "a schema decides what a oneof holds")]
#[path = "generated/mod.rs"]
pub mod ours;

/// prost-build's.
#[allow(clippy::all)]
pub mod theirs {
    include!(concat!(env!("OUT_DIR"), "/prost.rs"));
}

/// The descriptors of all schemas.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));

/// A message type in both ways: its full name, and what each makes of bytes when it decodes and encodes them again.
pub struct Both {
    /// Full name, such as "odd.v1.Tree".
    pub full_name: &'static str,
    /// Ours.
    pub ours: fn(&[u8]) -> Result<Vec<u8>, prost::DecodeError>,
    /// prost-build's.
    pub theirs: fn(&[u8]) -> Result<Vec<u8>, prost::DecodeError>,
}

macro_rules! messages {
    ($($name:literal => $($path:ident)::+,)*) => {
        /// Every message type.
        pub const MESSAGES: &[Both] = &[$(Both {
            full_name: $name,
            ours: again::<ours::$($path)::+>,
            theirs: again::<theirs::$($path)::+>,
        }),*];
    };
}
include!(concat!(env!("OUT_DIR"), "/table.rs"));

fn again<M: prost::Message + Default>(bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    M::decode(bytes).map(|message| message.encode_to_vec())
}
