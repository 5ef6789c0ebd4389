//! The process that the package was loaded in, and what must not be done in a copy of it.

use std::sync::OnceLock;

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::arrays::kind_of;
use crate::errors::argument;

static LOADED_IN: OnceLock<u32> = OnceLock::new();

/// Notes the process in which the package is loaded.
pub(crate) fn note() {
    LOADED_IN.get_or_init(std::process::id);
}

/// Whether this is a forked copy of the process that loaded the package: its threads were not copied.
pub(crate) fn is_forked() -> bool {
    LOADED_IN.get().is_some_and(|&loaded| loaded != std::process::id())
}

/// Runs what uses threads, away from Python's lock: on threads of its own in a forked process, which has none of those that
/// its parent had, and would wait for them for ever.
pub(crate) fn compute<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    if !is_forked() {
        return Ok(py.detach(work));
    }
    let pool =
        rayon::ThreadPoolBuilder::new().build().map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(py.detach(|| pool.install(work)))
}

/// That what was made in process `made_in` is used there: what a copy of it is told, nobody else hears.
pub(crate) fn check_same(what: &str, made_in: u32) -> PyResult<()> {
    let here = std::process::id();
    if here == made_in {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!(
        "a {what} made in process {made_in} is used in process {here}, a forked copy, of which the first would hear \
         nothing: expected to be used where it was made, as in the training loop and not in a worker of the loader"
    )))
}

/// A path as Python gives it: text, bytes or an object of `os.PathLike`.
pub(crate) fn path(name: &str, object: &Bound<'_, PyAny>) -> PyResult<std::path::PathBuf> {
    let decoded;
    let object = match object.cast::<pyo3::types::PyBytes>() {
        Ok(_) => {
            decoded = object.py().import("os")?.call_method1("fsdecode", (object,))?;
            &decoded
        }
        Err(_) => object,
    };
    let path: std::path::PathBuf = object.extract().map_err(|_| {
        PyTypeError::new_err(argument(name, kind_of(object), "a text, bytes or an object of os.PathLike"))
    })?;
    if path.as_os_str().is_empty() {
        return Err(PyValueError::new_err(format!("argument {name} is empty, expected the path of a file")));
    }
    Ok(path)
}
