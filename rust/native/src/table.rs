//! Tables of decimal columns, such as a side of a book, from rows of Python values.

use pragma_contracts::{Decimal, DecimalColumn};
use prost::encoding::message;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple, PyType};

use crate::values::Values;

/// Field number of each column, and its scale where that is given.
pub(crate) type Columns = Vec<(u32, Option<u32>)>;

/// Writes rows into the columns of one message type. What it allocates is kept for the next rows.
#[pyclass]
pub(crate) struct Table {
    columns: Vec<Column>,
    values: Values,
    bytes: Vec<u8>,
}

struct Column {
    number: u32,
    scale: Option<u32>,
    values: Vec<Decimal>,
    written: DecimalColumn,
}

#[pymethods]
impl Table {
    /// decimal: the class decimal.Decimal.
    #[new]
    pub(crate) fn new(columns: Columns, decimal: Py<PyType>) -> Self {
        let column = |(number, scale)| Column {
            number,
            scale,
            values: Vec::new(),
            written: DecimalColumn::default(),
        };
        Self {
            columns: columns.into_iter().map(column).collect(),
            values: Values { decimal },
            bytes: Vec::new(),
        }
    }

    /// The bytes of the message that holds exactly these rows, a list or tuple of lists or tuples.
    fn write<'py>(slf: &Bound<'py, Self>, rows: &Bound<'py, PyAny>) -> Option<Bound<'py, PyBytes>> {
        // A finalizer may come here while rows are being read, and any thread where Decimals are not those of C.
        let mut table = slf.try_borrow_mut().ok()?;
        Some(PyBytes::new(rows.py(), table.encode(rows)?))
    }
}

impl Table {
    /// See `write`.
    pub(crate) fn encode(&mut self, rows: &Bound<'_, PyAny>) -> Option<&[u8]> {
        for column in &mut self.columns {
            column.values.clear();
        }
        // Subclasses may be iterated in their own way.
        if let Ok(rows) = rows.cast_exact::<PyList>() {
            rows.iter().try_for_each(|row| self.take(&row))?;
        } else {
            let rows = rows.cast_exact::<PyTuple>().ok()?;
            rows.iter().try_for_each(|row| self.take(&row))?;
        }
        self.bytes.clear();
        for column in &mut self.columns {
            column.written.write(&column.values).ok()?;
            if let Some(scale) = column.scale {
                column.written.scale = scale;
            }
            message::encode(column.number, &column.written, &mut self.bytes);
        }
        Some(&self.bytes)
    }

    #[inline(always)]
    fn take(&mut self, row: &Bound<'_, PyAny>) -> Option<()> {
        if let Ok(row) = row.cast_exact::<PyTuple>() {
            self.take_values(row.len(), row.iter())
        } else {
            let row = row.cast_exact::<PyList>().ok()?;
            self.take_values(row.len(), row.iter())
        }
    }

    #[inline(always)]
    fn take_values<'py>(
        &mut self,
        count: usize,
        row: impl Iterator<Item = Bound<'py, PyAny>>,
    ) -> Option<()> {
        if count != self.columns.len() {
            return None;
        }
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.values.push(self.values.exact(&value, column.scale)?);
        }
        Some(())
    }
}
