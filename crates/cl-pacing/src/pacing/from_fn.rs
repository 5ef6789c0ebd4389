use std::fmt;
use std::sync::Arc;

use super::{Pacing, rounding::Rounding};

/// A pacing of the user's own: any function of progress, with a name.
///
/// The name is all that fingerprints know of it: give another function another name. Values are cut to [0, 1], and
/// NaN is taken for 0.
///
/// ```
/// use cl_pacing::{FromFn, Pacing, Rounding};
///
/// let pacing = FromFn::new("sine", Some(1.0), Rounding::Truncate, |t| (t.min(1.0) * 1.5707963267948966).sin());
/// assert_eq!(pacing.count(0.5, 1000, 1), 707);
/// assert_eq!(pacing.to_string(), "sine");
/// ```
#[derive(Clone)]
pub struct FromFn {
    name: String,
    full_at: Option<f64>,
    rounding: Rounding,
    function: Arc<dyn Fn(f64) -> f64 + Send + Sync>,
}

impl FromFn {
    /// From a name, the progress from which on the function is 1 (`None` where it never is), the way its fractions
    /// become counts, and the function.
    pub fn new(
        name: impl Into<String>,
        full_at: Option<f64>,
        rounding: Rounding,
        function: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), full_at, rounding, function: Arc::new(function) }
    }
}

impl Pacing for FromFn {
    fn fraction(&self, progress: f64) -> f64 {
        let fraction = (self.function)(progress.max(0.0));
        if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) }
    }

    fn full_at(&self) -> Option<f64> {
        self.full_at
    }

    fn rounding(&self) -> Rounding {
        self.rounding
    }
}

impl fmt::Debug for FromFn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FromFn").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Display for FromFn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_fractions_whatever_the_function_says() {
        let pacing =
            FromFn::new("wild", None, Rounding::Ceiling, |t| if t == 0.5 { f64::NAN } else { 4.0 * t - 1.0 });
        let fractions = [f64::NAN, 0.0, 0.25, 0.3, 0.5, 0.9].map(|progress| pacing.fraction(progress));
        assert_eq!(fractions.map(|fraction| (fraction * 10.0).round()), [0.0, 0.0, 0.0, 2.0, 0.0, 10.0]);
    }
}
