use std::fmt;
use std::sync::Arc;

use super::{Pacing, rounding::Rounding, units::before, units::units_passed};
use crate::error::PacingError;

/// Another pacing over and over, each time in an equal part of the budget.
///
/// ```text
/// g(t) = h(fractional part of c t / T)           h the pacing repeated, c the number of cycles; h(1) from T on
/// ```
///
/// What has become available is lost again at the start of the next cycle, which no growing pacing can do. Counts
/// round as those of h.
///
/// ```
/// use cl_pacing::{Cyclic, Linear, Pacing};
///
/// let pacing = Cyclic::new(Linear::new(0.5, 0.2)?, 2)?; // full in the second half of each half
/// assert_eq!([0.0, 0.25, 0.4, 0.5, 1.0].map(|progress| pacing.fraction(progress)), [0.2, 1.0, 1.0, 0.2, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cyclic {
    pacing: Arc<dyn Pacing>,
    n_cycles: u64,
}

impl Cyclic {
    /// From the pacing of one cycle and the number of cycles.
    ///
    /// # Errors
    /// Unless there is at least one cycle.
    pub fn new(pacing: impl Pacing + 'static, n_cycles: u64) -> Result<Self, PacingError> {
        PacingError::check("n_cycles", n_cycles, n_cycles > 0, "at least 1")?;
        Ok(Self { pacing: Arc::new(pacing), n_cycles })
    }

    fn within(&self, progress: f64) -> f64 {
        let cycles = progress.max(0.0) * self.n_cycles as f64;
        (cycles - self.n_begun(progress) as f64).max(0.0)
    }

    /// The cycles before this one. The last goes on, as the pacing itself would.
    fn n_begun(&self, progress: f64) -> u64 {
        units_passed(progress, self.n_cycles).min(self.n_cycles - 1)
    }
}

impl Pacing for Cyclic {
    fn fraction(&self, progress: f64) -> f64 {
        self.pacing.fraction(self.within(progress))
    }

    fn dropped(&self, progress: f64) -> f64 {
        self.pacing.dropped(self.within(progress))
    }

    /// When the last cycle is full, or 0 if every cycle is from its start.
    fn full_at(&self) -> Option<f64> {
        let n_cycles = self.n_cycles as f64;
        let full_at = self.pacing.full_at()?;
        Some(if full_at <= 0.0 { 0.0 } else { (n_cycles - 1.0 + full_at) / n_cycles })
    }

    /// The end of the cycle, if the pacing grows until then.
    fn grows_until(&self, progress: f64) -> f64 {
        let begun = self.n_begun(progress);
        match self.pacing.grows_until(self.within(progress)) {
            until if until < f64::INFINITY => progress,
            _ if begun == self.n_cycles - 1 => f64::INFINITY,
            _ => before(begun as f64 + 1.0, self.n_cycles),
        }
    }

    fn rounding(&self) -> Rounding {
        self.pacing.rounding()
    }

    fn reaches_full(&self) -> bool {
        self.pacing.reaches_full()
    }
}

impl fmt::Display for Cyclic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cyclic ({}, n_cycles = {})", self.pacing, self.n_cycles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{Full, Linear, OnePass};

    #[test]
    fn every_cycle_is_the_same() {
        let inner = OnePass::new(5, 1, 5).unwrap();
        let pacing = Cyclic::new(inner, 7).unwrap();
        for step in 0..35 {
            let (whole, within) = (f64::from(step) / 35.0, f64::from(step % 5) / 5.0);
            assert_eq!(pacing.available(whole, 50, 1), inner.available(within, 50, 1), "{step}");
        }
    }

    #[test]
    fn full_is_the_end_of_the_last_cycle() {
        let pacing = Cyclic::new(Linear::new(0.5, 0.2).unwrap(), 4).unwrap();
        assert_eq!(pacing.full_at(), Some(3.5 / 4.0));
        assert_eq!((pacing.fraction(3.5 / 4.0), pacing.fraction(2.0)), (1.0, 1.0));
        assert_eq!(Cyclic::new(Full, 4).unwrap().full_at(), Some(0.0));
        assert!(!Cyclic::new(Linear::new(1.5, 0.2).unwrap(), 4).unwrap().reaches_full());
        assert!(Cyclic::new(Full, 0).is_err());
    }
}
