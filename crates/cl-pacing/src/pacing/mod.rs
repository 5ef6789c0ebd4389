//! The second seam: how much of the data, from progress to fraction.

mod availability;
mod baby_steps;
mod buckets;
mod catalogue;
mod clock;
mod competence;
mod cyclic;
mod decreasing;
mod difficulty_schedule;
mod discrete;
mod entry;
mod exponential;
mod fixed_exponential;
mod from_fn;
mod full;
mod geometric;
mod hacohen;
mod linear;
mod logarithmic;
mod one_pass;
mod polynomial;
mod quadratic;
mod root;
mod rounding;
mod single_step;
mod step;
mod units;
mod varied_exponential;
mod wu;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use availability::never_available;
pub use baby_steps::BabySteps;
pub use catalogue::{pacing_by_name, pacings};
pub use clock::{Clock, Plateau, Reading};
pub use competence::Competence;
pub use cyclic::Cyclic;
pub use decreasing::Decreasing;
pub use difficulty_schedule::{DifficultyPacing, DifficultySchedule};
pub use discrete::Discrete;
pub use exponential::Exponential;
pub use fixed_exponential::FixedExponential;
pub use from_fn::FromFn;
pub use full::Full;
pub use geometric::Geometric;
pub use linear::Linear;
pub use logarithmic::Logarithmic;
pub use one_pass::OnePass;
pub use polynomial::Polynomial;
pub use quadratic::Quadratic;
pub use root::Root;
pub use rounding::Rounding;
pub use single_step::SingleStep;
pub use step::Step;
pub use varied_exponential::VariedExponential;

/// Progress to the fraction of the data that is available: the second of the four seams (order, pacing,
/// weighting, sampler).
///
/// A pure function: the same progress gives the same fraction, whatever was asked before. Displayed, a pacing is
/// its name with its parameters, named as in the paper.
pub trait Pacing: fmt::Debug + fmt::Display + Send + Sync {
    /// The fraction of the data available at `progress`, in [0, 1].
    ///
    /// Progress is step / total steps: 0 at the first step, 1 when the budget is spent. Below 0 (or NaN) it
    /// counts as 0; above 1 the function goes on.
    fn fraction(&self, progress: f64) -> f64;

    /// The fraction of the data, the first of the order, that is no longer available at `progress`: where a window
    /// moves over the order instead of a prefix growing. Below [`fraction`](Self::fraction), and 0 unless the pacing
    /// says otherwise.
    fn dropped(&self, progress: f64) -> f64 {
        let _ = progress;
        0.0
    }

    /// The progress from which on all data are available (the fraction is 1 and nothing is dropped), or `None` where
    /// there is none. Above 1 that is out of reach within the budget.
    fn full_at(&self) -> Option<f64>;

    /// The progress before which, from `progress` on, neither the fraction nor what is dropped falls; infinity where they
    /// never do. What lies between two of the same places is then not looked at. Nothing is known, `progress` itself,
    /// unless the pacing says otherwise.
    fn grows_until(&self, progress: f64) -> f64 {
        progress
    }

    /// How its source turns the fraction into a count.
    fn rounding(&self) -> Rounding;

    /// Whether every example is available at some time of the budget. Which examples a run really shows, with its
    /// epochs and batches, is for [`Exposure`](crate::Exposure) to say.
    fn reaches_full(&self) -> bool {
        self.full_at().is_some_and(|progress| progress <= 1.0)
    }

    /// How many of `n_examples` are available at `progress`: [`fraction`](Self::fraction) rounded by
    /// [`rounding`](Self::rounding), at least one batch and at most all.
    fn count(&self, progress: f64, n_examples: usize, batch_size: usize) -> usize {
        self.rounding().count(self.fraction(progress), n_examples, batch_size)
    }

    /// Which places of the order of `n_examples` are available at `progress`: up to [`count`](Self::count), from
    /// what is [dropped](Self::dropped), rounded likewise; never fewer than one batch, unless the data are.
    fn available(&self, progress: f64, n_examples: usize, batch_size: usize) -> Range<usize> {
        let end = self.count(progress, n_examples, batch_size).min(n_examples);
        let dropped = self.dropped(progress);
        let start = if dropped > 0.0 { self.rounding().count(dropped, n_examples, 0) } else { 0 };
        start.min(end.saturating_sub(batch_size))..end
    }
}

macro_rules! forward {
    ($pointer:ty) => {
        impl Pacing for $pointer {
            fn fraction(&self, progress: f64) -> f64 {
                (**self).fraction(progress)
            }

            fn dropped(&self, progress: f64) -> f64 {
                (**self).dropped(progress)
            }

            fn full_at(&self) -> Option<f64> {
                (**self).full_at()
            }

            fn grows_until(&self, progress: f64) -> f64 {
                (**self).grows_until(progress)
            }

            fn reaches_full(&self) -> bool {
                (**self).reaches_full()
            }

            fn rounding(&self) -> Rounding {
                (**self).rounding()
            }

            fn count(&self, progress: f64, n_examples: usize, batch_size: usize) -> usize {
                (**self).count(progress, n_examples, batch_size)
            }

            fn available(&self, progress: f64, n_examples: usize, batch_size: usize) -> Range<usize> {
                (**self).available(progress, n_examples, batch_size)
            }
        }
    };
}

forward!(Box<dyn Pacing>);
forward!(Arc<dyn Pacing>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pacings(a: f64, b: f64, p: f64) -> Vec<Box<dyn Pacing>> {
        vec![
            Box::new(Full),
            Box::new(Linear::new(a, b).unwrap()),
            Box::new(Root::new(a, b).unwrap()),
            Box::new(Quadratic::new(a, b).unwrap()),
            Box::new(Polynomial::new(a, b, p).unwrap()),
            Box::new(Exponential::new(a, b).unwrap()),
            Box::new(Logarithmic::new(a, b).unwrap()),
            Box::new(Step::new(a, b).unwrap()),
            Box::new(Competence::new(b, p).unwrap()),
        ]
    }

    proptest! {
        #[test]
        fn fractions_grow_within_the_unit_interval(
            a in prop_oneof![Just(0.0), 1e-3..3.0], b in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], p in 1.0..20.0,
            mut progress in prop::collection::vec(0.0..4.0, 2..40),
        ) {
            progress.sort_by(f64::total_cmp);
            for pacing in pacings(a, b, p) {
                let fractions: Vec<f64> = progress.iter().map(|&progress| pacing.fraction(progress)).collect();
                prop_assert!(fractions.iter().all(|fraction| (0.0..=1.0).contains(fraction)), "{pacing}");
                // (x^p)^(1/p) wavers in the last bits.
                prop_assert!(fractions.windows(2).all(|pair| pair[0] <= pair[1] + 4.0 * f64::EPSILON), "{pacing}");
                let full_at = pacing.full_at().unwrap();
                prop_assert_eq!(pacing.fraction(full_at), 1.0);
                prop_assert_eq!(pacing.fraction(full_at + 0.5), 1.0);
                prop_assert_eq!(pacing.reaches_full(), full_at <= 1.0);
                if full_at > 0.0 {
                    prop_assert!(pacing.fraction(full_at * 0.9) < 1.0, "{pacing}");
                    prop_assert!((pacing.fraction(0.0) - b).abs() <= 4.0 * f64::EPSILON, "{pacing}");
                }
                prop_assert_eq!(pacing.fraction(-1.0), pacing.fraction(0.0));
                prop_assert_eq!(pacing.fraction(f64::NAN), pacing.fraction(0.0));
            }
        }

        #[test]
        fn counts_lie_between_a_batch_and_all(
            a in 0.0..3.0, b in 0.0..1.0, progress in 0.0..2.0, n in 1usize..500, batch_size in 1usize..600,
        ) {
            for pacing in pacings(a, b, 2.0) {
                let count = pacing.count(progress, n, batch_size);
                prop_assert!((batch_size.min(n)..=n).contains(&count));
                prop_assert_eq!(pacing.count(pacing.full_at().unwrap(), n, batch_size), n);
            }
        }
    }
}
