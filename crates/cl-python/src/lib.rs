//! `curriculum._core`: what the Python package `curriculum` computes, and nothing that is Python's own to say.
//!
//! # Architecture invariant
//!
//! This crate knows how Python's arrays, locks and exceptions are spoken to. It computes nothing itself: every number is
//! that of a crate above.

mod agreement;
mod arrays;
mod arrow;
mod catalogue;
mod command;
mod comparison;
mod coreset;
mod crossover;
mod errors;
mod label_noise;
mod order;
mod pacing;
mod process;
mod recorder;
mod sampler;
mod score_table;
mod selection;
mod weighting;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::agreement::{agree, combined, overlap, runs_stability};
    #[pymodule_export]
    use super::arrow::arrow_stream;
    #[pymodule_export]
    use super::catalogue::catalogue;
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::comparison::judge_comparison;
    #[pymodule_export]
    use super::coreset::{Coreset, choose};
    #[pymodule_export]
    use super::crossover::crossover;
    #[pymodule_export]
    use super::errors::StateError;
    #[pymodule_export]
    use super::label_noise::{NoiseRate, check_filter, label_issues, label_quality, noise_rate};
    #[pymodule_export]
    use super::order::{check_order, make_order};
    #[pymodule_export]
    use super::pacing::Pacing;
    #[pymodule_export]
    use super::recorder::Recorder;
    #[pymodule_export]
    use super::sampler::{BatchIterator, ExampleIterator, Sampler};
    #[pymodule_export]
    use super::score_table::{fingerprint, read_scores, write_scores};
    #[pymodule_export]
    use super::selection::{Selection, select};
    #[pymodule_export]
    use super::weighting::Weighting;

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::process::note();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
