//! What states hold, read.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::StateError;

/// An entry of a state.
pub(super) fn item<'py, T: for<'a> FromPyObject<'a, 'py>>(state: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
    let missing = || StateError::new_err(format!("the state has no {name:?}, expected what state_dict() gave"));
    let value = state.get_item(name)?.ok_or_else(missing)?;
    value.extract().map_err(|_| {
        let text = value.repr().map_or_else(|_| "?".into(), |text| text.to_string());
        StateError::new_err(format!("the state's {name:?} is {text}, expected what state_dict() gave"))
    })
}
