//! Generates the messages of the contenders that have their own: from the contracts' schemas, compiled with protox.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use prost_014::Message;

const FILES: [&str; 4] = [
    "pragma/market/v1/envelope.proto",
    "pragma/market/v1/market_depth.proto",
    "pragma/market/v1/market_type.proto",
    "pragma/market/v1/price.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let schemas = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../schemas");
    println!("cargo:rerun-if-changed={}", schemas.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = out.join("descriptors.binpb");
    let compiled = protox::compile(FILES, [schemas])?.encode_to_vec();
    // Cargo would run this again whenever the file is newer than its last run.
    if fs::read(&descriptors).ok().as_ref() != Some(&compiled) {
        fs::write(&descriptors, compiled)?;
    }
    buffa_build::Config::new()
        .descriptor_set(&descriptors)
        .files(&FILES)
        .include_file("buffa.rs")
        .compile()?;
    prost_build_013::Config::new()
        .file_descriptor_set_path(&descriptors)
        .skip_protoc_run()
        .include_file("prost_013.rs")
        .compile_protos(&[""; 0], &[""; 0])?;
    Ok(())
}
