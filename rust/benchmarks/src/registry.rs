//! A schema registry inside this process, for the contenders that ask one: HTTP on loopback, and only look-ups.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pragma_contracts::{Contract, encode};
use prost_014::Message;
use prost_types_014::{FileDescriptorProto, FileDescriptorSet};
use serde_json::{Value, json};

const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));
const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");

/// The registry; every schema stands under its path, and its id is its place in the list, from one.
pub(crate) struct Registry {
    pub url: String,
    files: Vec<FileDescriptorProto>,
}

impl Registry {
    /// Starts to answer, for as long as the process lives.
    pub(crate) fn start() -> Self {
        let files = files();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answering = files.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&answering, &stream.unwrap());
            }
        });
        Self { url, files }
    }

    /// The frame of a message, with the id of its contract's schema.
    pub(crate) fn frame<C: Contract>(&self, message: &C) -> &'static [u8] {
        let place = self
            .files
            .iter()
            .position(|file| {
                let first = file.message_type.first();
                first.is_some_and(|first| {
                    format!("{}.{}", file.package(), first.name()) == C::FULL_NAME
                })
            })
            .unwrap();
        encode(message, place as u32 + 1).unwrap().leak()
    }
}

/// The project's own schemas; clients have those of google.
fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
    let own = |file: &FileDescriptorProto| !file.name().starts_with("google/");
    set.file.into_iter().filter(own).collect()
}

fn answer(files: &[FileDescriptorProto], mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let request = lines.next().unwrap();
    // The connection may only be closed when all of the request was read.
    lines.find(String::is_empty).unwrap();
    let target = request.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (status, body) = match place(files, path) {
        Some(place) => (
            "200 OK",
            schema(files, place, query.contains("format=serialized")),
        ),
        None => ("404 Not Found", json!({"error_code": 40401})),
    };
    let body = body.to_string();
    let size = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
}

/// The place of the schema that is asked for, by id or as the first version of a subject.
fn place(files: &[FileDescriptorProto], path: &str) -> Option<usize> {
    if let Some(id) = path.strip_prefix("/schemas/ids/") {
        let id: usize = id.parse().ok()?;
        return id.checked_sub(1).filter(|place| *place < files.len());
    }
    let subject = path
        .strip_prefix("/subjects/")?
        .strip_suffix("/versions/1")?;
    let name = subject.replace("%2F", "/");
    files.iter().position(|file| file.name() == name)
}

fn schema(files: &[FileDescriptorProto], place: usize, as_descriptor: bool) -> Value {
    let file = &files[place];
    let text = if as_descriptor {
        BASE64_STANDARD.encode(file.encode_to_vec())
    } else {
        fs::read_to_string(Path::new(SCHEMAS).join(file.name())).unwrap()
    };
    let references: Vec<Value> = file
        .dependency
        .iter()
        .filter(|name| !name.starts_with("google/"))
        .map(|name| json!({"name": name, "subject": name, "version": 1}))
        .collect();
    json!({
        "id": place + 1,
        "subject": file.name(),
        "version": 1,
        "schemaType": "PROTOBUF",
        "references": references,
        "schema": text,
    })
}
