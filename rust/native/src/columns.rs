//! Reading decimal columns.

use pragma_contracts::DecimalColumn;
use prost::Message;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// The values in a column's bytes, each as the nearest float.
#[pyfunction]
pub(crate) fn floats<'py>(py: Python<'py>, column: &[u8]) -> Option<Bound<'py, PyList>> {
    let column = DecimalColumn::decode(column).ok()?;
    let values: Vec<f64> = column.floats().ok()?.collect();
    PyList::new(py, values).ok()
}

/// The values in a column's bytes as decimal text, padded to the column's scale.
#[pyfunction]
pub(crate) fn texts<'py>(py: Python<'py>, column: &[u8]) -> Option<Bound<'py, PyList>> {
    let column = DecimalColumn::decode(column).ok()?;
    let texts = column.decimals().ok()?.map(|value| value.to_string());
    PyList::new(py, texts.collect::<Vec<_>>()).ok()
}
