//! Reading decimal columns.

use pragma_contracts::{Decimal, DecimalColumn};
use prost::Message;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// The values in a column's bytes, each as the nearest float.
#[pyfunction]
pub(crate) fn floats<'py>(py: Python<'py>, column: &[u8]) -> Option<Bound<'py, PyList>> {
    listed(py, column, Decimal::to_f64)
}

/// The values in a column's bytes as decimal text, padded to the column's scale.
#[pyfunction]
pub(crate) fn texts<'py>(py: Python<'py>, column: &[u8]) -> Option<Bound<'py, PyList>> {
    listed(py, column, |value| value.to_string())
}

fn listed<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    column: &[u8],
    form: impl Fn(Decimal) -> T,
) -> Option<Bound<'py, PyList>> {
    let column = DecimalColumn::decode(column).ok()?;
    let values: Vec<T> = column.decimals().ok()?.map(form).collect();
    PyList::new(py, values).ok()
}
