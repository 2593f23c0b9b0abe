//! Checks of frames: whether a consumer may use them, and whether a producer may send them.

use pragma_contracts::{Contract, ContractView, Frame, each_contract};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The message in a frame that a consumer may use; with a key, of a record that has it.
type Usable = for<'a> fn(frame: &'a [u8], key: Option<&[u8]>) -> Option<&'a [u8]>;

/// The rules of a contract.
pub(crate) struct Rules {
    topic: &'static str,
    pub(crate) version: &'static str,
    usable: Usable,
    pub(crate) is_sendable: fn(frame: &[u8]) -> bool,
}

static ALL: &[Rules] = &each_contract!(Rules::of);

impl Rules {
    const fn of<C: Contract>() -> Self {
        Self {
            topic: C::TOPIC,
            version: C::VERSION,
            usable: usable::<C>,
            is_sendable: is_sendable::<C>,
        }
    }

    pub(crate) fn by_topic(topic: &str) -> PyResult<&'static Self> {
        ALL.iter()
            .find(|rules| rules.topic == topic)
            .ok_or_else(|| PyKeyError::new_err(format!("no contract has the topic {topic}")))
    }
}

fn usable<'a, C: Contract>(frame: &'a [u8], key: Option<&[u8]>) -> Option<&'a [u8]> {
    let frame = Frame::parse(frame).ok()?;
    let message = frame.view::<C>().ok()?;
    key.is_none_or(|key| message.has_key(key))
        .then_some(frame.payload)
}

fn is_sendable<C: Contract>(frame: &[u8]) -> bool {
    Frame::parse(frame)
        .and_then(|frame| frame.view_unchecked::<C>())
        .and_then(|message| message.validate())
        .is_ok()
}

/// The frames of one contract.
#[pyclass(frozen)]
pub(crate) struct Frames {
    rules: &'static Rules,
}

#[pymethods]
impl Frames {
    #[new]
    fn new(topic: &str) -> PyResult<Self> {
        let rules = Rules::by_topic(topic)?;
        Ok(Self { rules })
    }

    /// The message's bytes in a frame that a consumer may use.
    fn payload<'py>(&self, frame: &Bound<'py, PyAny>) -> Option<Bound<'py, PyBytes>> {
        let bytes = frame.cast_exact::<PyBytes>().ok()?.as_bytes();
        (self.rules.usable)(bytes, None).map(|payload| PyBytes::new(frame.py(), payload))
    }

    /// The same of a record, whose key is the one of the message.
    fn payload_of<'py>(
        &self,
        frame: &Bound<'py, PyAny>,
        key: &Bound<'py, PyAny>,
    ) -> Option<Bound<'py, PyBytes>> {
        let bytes = frame.cast_exact::<PyBytes>().ok()?.as_bytes();
        let key = key.cast_exact::<PyBytes>().ok()?.as_bytes();
        (self.rules.usable)(bytes, Some(key)).map(|payload| PyBytes::new(frame.py(), payload))
    }

    /// Whether a producer may send this frame; what has not been stamped yet may be missing.
    fn is_sendable(&self, frame: &[u8]) -> bool {
        (self.rules.is_sendable)(frame)
    }
}
