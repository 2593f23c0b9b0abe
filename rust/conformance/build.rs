//! Compiles the schemas with protox and generates Rust from them with prost-build, to compare ours with.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorSet};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let folders = [root.join("schemas"), root.join("tests/schemas")];
    let mut files = Vec::new();
    for folder in &folders {
        println!("cargo:rerun-if-changed={}", folder.display());
        find(folder, &mut files)?;
    }
    files.sort();
    let set = protox::compile(&files, &folders)?;
    fs::write(out.join("descriptors.binpb"), set.encode_to_vec())?;
    let mut config = prost_build::Config::new();
    config
        .btree_map(["."])
        .include_file("prost.rs")
        .out_dir(&out);
    config.compile_fds(set.clone())?;
    fs::write(out.join("table.rs"), table(&set)?)?;
    Ok(())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            files.push(path);
        }
    }
    Ok(())
}

/// A call of the macro `messages!` with the full name and both Rust types of every message but the contract options.
fn table(set: &FileDescriptorSet) -> Result<String, std::fmt::Error> {
    let mut text = String::from("messages! {\n");
    for file in &set.file {
        let package = file.package();
        if package.starts_with("google.") || package == "pragma.contracts.v1" {
            continue;
        }
        let module: Vec<String> = package
            .split('.')
            .map(|part| part.to_snake_case())
            .collect();
        for message in &file.message_type {
            write_rows(&mut text, package, &module.join("::"), message)?;
        }
    }
    text.push_str("}\n");
    Ok(text)
}

fn write_rows(
    text: &mut String,
    scope: &str,
    module: &str,
    message: &DescriptorProto,
) -> std::fmt::Result {
    if message
        .options
        .as_ref()
        .is_some_and(|options| options.map_entry())
    {
        return Ok(());
    }
    let (name, full_name) = (message.name(), format!("{scope}.{}", message.name()));
    writeln!(
        text,
        "    {full_name:?} => {module}::{},",
        name.to_upper_camel_case()
    )?;
    for nested in &message.nested_type {
        write_rows(
            text,
            &full_name,
            &format!("{module}::{}", name.to_snake_case()),
            nested,
        )?;
    }
    Ok(())
}
