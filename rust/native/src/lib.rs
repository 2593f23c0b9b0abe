//! The hot paths of the Python package pragma-contracts, compiled: what it does without them in the same way, but slower.
//!
//! Every function answers None to what it does not do for certain, and the package then does it by itself, as it does
//! what is wrong: errors are said in one place.

mod columns;
mod framer;
mod frames;
mod table;
mod values;

#[pyo3::pymodule(gil_used = true)]
mod pragma_contracts_native {
    #[pymodule_export]
    const INTERFACE: u32 = 1;
    #[pymodule_export]
    const SCHEMAS_FINGERPRINT: &str = pragma_contracts::SCHEMAS_FINGERPRINT;

    #[pymodule_export]
    use super::columns::{floats, texts};
    #[pymodule_export]
    use super::framer::{Framer, reseed};
    #[pymodule_export]
    use super::frames::Frames;
    #[pymodule_export]
    use super::table::Table;
}
