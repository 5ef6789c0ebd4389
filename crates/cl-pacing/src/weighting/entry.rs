//! What the entries of weightings share.

use std::sync::Arc;

use cl_data::catalogue::{Options, Parameter};

use super::self_paced::{SelfPaced, Separable};
use super::self_paced_curriculum::SelfPacedCurriculum;
use crate::{entry::Given, error::PacingError};

pub(super) const LAMBDA: Parameter =
    Parameter::new("lambda", "the age, above 0: the older, the harder the examples that count");
pub(super) const QUANTILE: Parameter =
    Parameter::new("quantile", "instead of lambda: the fraction of the losses to admit, in (0, 1]");
pub(super) const C: Parameter =
    Parameter::new("c", "the lateness allowed within the curriculum region of the a given (SPCL)");
pub(super) const CAP: Parameter = Parameter::new("cap", "no weight above it; any weighting takes it");

macro_rules! weighting_entry {
    ($($entry:tt)*) => {
        $crate::entry::entry! { dyn $crate::weighting::Weighting, [$crate::weighting::entry::CAP]; $($entry)* }
    };
}

macro_rules! self_paced_entry {
    ($($entry:tt)*) => {
        $crate::entry::entry! {
            dyn $crate::weighting::SelfPaced,
            [$crate::weighting::entry::QUANTILE, $crate::weighting::entry::CAP]; $($entry)*
        }
    };
}

macro_rules! separable_entry {
    ($($entry:tt)*) => {
        $crate::entry::entry! {
            dyn $crate::weighting::SelfPaced,
            [$crate::weighting::entry::QUANTILE, $crate::weighting::entry::C, $crate::weighting::entry::CAP],
            $crate::weighting::entry::within_region; $($entry)*
        }
    };
}

pub(super) use {self_paced_entry, separable_entry, weighting_entry};

/// Within the curriculum region of [`C`], where it is given.
pub(super) fn within_region(
    regulariser: impl Separable + 'static,
    options: &mut Options,
    given: &Given<'_>,
) -> Result<Arc<dyn SelfPaced>, PacingError> {
    let Some(c) = options.number_if_given(C.name)? else { return Ok(Arc::new(regulariser)) };
    let a = options.given(given.a, "a", "how late each example is to come")?.to_vec();
    Ok(Arc::new(SelfPacedCurriculum::new(regulariser, a, c)?))
}

/// lambda, or any age where a quantile sets it.
pub(super) fn age(options: &mut Options) -> Result<f64, PacingError> {
    match (options.has(LAMBDA.name), options.has(QUANTILE.name)) {
        (true, true) => Err(options.invalid(LAMBDA.name, "none beside a quantile").into()),
        (false, true) => Ok(0.5),
        _ => Ok(options.number(LAMBDA.name)?),
    }
}
