//! Frames of one feed's messages: envelope and tables are written here, beside what protobuf made of the other fields.

use pragma_contracts::Envelope;
use prost::encoding::{
    DecodeContext, WireType, decode_key, encode_key, encode_varint, message, skip_field,
};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyTuple, PyType};
use uuid::Uuid;

use crate::frames::Rules;
use crate::table::{Columns, Table};

const NS: i64 = 1_000_000_000;
const ENVELOPE: u32 = 1;

/// Makes the frames of one producer's messages of a contract. What it allocates is kept for the next frame.
#[pyclass]
pub(crate) struct Framer {
    rules: &'static Rules,
    header: Vec<u8>,
    producer: String,
    /// The fields that are tables of decimal columns, by number, which ascends.
    tables: Vec<(u32, Table)>,
    bytes: Vec<u8>,
}

#[pymethods]
impl Framer {
    /// header: what stands before a message in its frame. tables: number of each such field, ascending, and its columns.
    #[new]
    fn new(
        py: Python<'_>,
        topic: &str,
        header: Vec<u8>,
        producer: String,
        tables: Vec<(u32, Columns)>,
        decimal: Py<PyType>,
    ) -> PyResult<Self> {
        let table = |(number, columns)| (number, Table::new(columns, decimal.clone_ref(py)));
        Ok(Self {
            rules: Rules::by_topic(topic)?,
            header,
            producer,
            tables: tables.into_iter().map(table).collect(),
            bytes: Vec::new(),
        })
    }

    /// The frame of a new message, when it may be sent. Times are in ns since the epoch. rows: those of each table in the
    /// order of their numbers, None for one that is absent. rest: all other fields but the envelope.
    fn frame<'py>(
        slf: &Bound<'py, Self>,
        event_time: &Bound<'py, PyAny>,
        publish_time: i64,
        rows: &Bound<'py, PyTuple>,
        rest: &Bound<'py, PyBytes>,
    ) -> Option<Bound<'py, PyBytes>> {
        // See `Table::write`.
        let framer = &mut *slf.try_borrow_mut().ok()?;
        let event_time: i64 = event_time.cast_exact::<PyInt>().ok()?.extract().ok()?;
        let envelope = Envelope {
            message_id: Uuid::now_v7().to_string(),
            event_timestamp: Some(timestamp(event_time)),
            publish_timestamp: Some(timestamp(publish_time)),
            producer: framer.producer.clone(),
            version: framer.rules.version.to_owned(),
        };
        framer.bytes.clear();
        framer.bytes.extend_from_slice(&framer.header);
        message::encode(ENVELOPE, &envelope, &mut framer.bytes);
        let mut rest = rest.as_bytes();
        for ((number, table), rows) in framer.tables.iter_mut().zip(rows.iter()) {
            if rows.is_none() {
                continue;
            }
            // Fields stand in the order of their numbers, as protobuf writes them.
            let (below, others) = rest.split_at_checked(size_below(rest, *number)?)?;
            rest = others;
            framer.bytes.extend_from_slice(below);
            let table = table.encode(&rows)?;
            encode_key(*number, WireType::LengthDelimited, &mut framer.bytes);
            encode_varint(table.len() as u64, &mut framer.bytes);
            framer.bytes.extend_from_slice(table);
        }
        framer.bytes.extend_from_slice(rest);
        (framer.rules.is_sendable)(&framer.bytes).then(|| PyBytes::new(rows.py(), &framer.bytes))
    }
}

/// Bytes of the fields in front with numbers below this one.
fn size_below(message: &[u8], number: u32) -> Option<usize> {
    let mut rest = message;
    loop {
        let before = rest.len();
        if rest.is_empty() {
            return Some(message.len());
        }
        let (found, wire_type) = decode_key(&mut rest).ok()?;
        if found >= number {
            return message.len().checked_sub(before);
        }
        skip_field(wire_type, found, &mut rest, DecodeContext::default()).ok()?;
    }
}

/// To be called in the child after a fork, where the identities of messages would be drawn as in the parent.
#[pyfunction]
pub(crate) fn reseed() -> PyResult<()> {
    let reseeded = rand::rng().reseed();
    reseeded.map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

fn timestamp(ns: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: ns.div_euclid(NS),
        // Below a second in ns.
        nanos: ns.rem_euclid(NS) as i32,
    }
}
