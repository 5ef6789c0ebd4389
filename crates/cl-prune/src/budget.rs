use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::PruneError;

/// How much of n examples is kept. Fractions are of the original n, rounded to the nearest count, halves upwards.
///
/// ```text
/// Keep(F)    floor(F n + 0.5)
/// Drop(F)    n - floor(F n + 0.5)        what Keep(F) leaves out
/// Count(k)   k
/// ```
///
/// ```
/// use cl_prune::Budget;
///
/// assert_eq!(Budget::Keep(0.3).resolve(5)?, 2);
/// assert_eq!(Budget::Drop(0.3).resolve(5)?, 3);
/// assert!(Budget::Count(6).resolve(5).is_err());
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Budget {
    /// This fraction is kept.
    Keep(f64),
    /// This fraction is dropped.
    Drop(f64),
    /// This many are kept.
    Count(usize),
}

impl Budget {
    /// How many of `n_examples` are kept.
    ///
    /// # Errors
    /// Where a fraction is outside of (0, 1] or a count above `n_examples`.
    pub fn resolve(self, n_examples: usize) -> Result<usize, PruneError> {
        let part = |argument, value: f64| {
            if !(value > 0.0 && value <= 1.0) {
                return Err(PruneError::Fraction { argument, value });
            }
            // Beyond 2^53 examples the product could round above n.
            Ok(((value * n_examples as f64 + 0.5).floor() as usize).min(n_examples))
        };
        match self {
            Self::Keep(fraction) => part("keep", fraction),
            Self::Drop(fraction) => part("drop", fraction).map(|dropped| n_examples - dropped),
            Self::Count(count) if count > n_examples => Err(PruneError::Count { count, n_examples }),
            Self::Count(count) => Ok(count),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(fraction) => write!(formatter, "keep {fraction}"),
            Self::Drop(fraction) => write!(formatter, "drop {fraction}"),
            Self::Count(count) => write!(formatter, "keep {count} examples"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keep_and_drop_partition(n in 0usize..100_000, fraction in f64::MIN_POSITIVE..=1.0) {
            let kept = Budget::Keep(fraction).resolve(n).unwrap();
            prop_assert_eq!(kept + Budget::Drop(fraction).resolve(n).unwrap(), n);
            prop_assert!((kept as f64 - fraction * n as f64).abs() <= 0.5 + 1e-9);
        }

        /// k / n keeps k: no fraction of a whole number of examples loses or gains one.
        #[test]
        fn whole_fractions_are_exact(n in 1usize..100_000, k in 1usize..100_000) {
            let k = k.min(n);
            prop_assert_eq!(Budget::Keep(k as f64 / n as f64).resolve(n).unwrap(), k);
        }
    }

    #[test]
    fn halves_round_upwards() {
        assert_eq!(Budget::Keep(0.5).resolve(5).unwrap(), 3);
        assert_eq!(Budget::Keep(0.1).resolve(4).unwrap(), 0);
        assert_eq!(Budget::Keep(1.0).resolve(7).unwrap(), 7);
    }

    #[test]
    fn what_is_no_fraction_is_named() {
        for value in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            let error = Budget::Drop(value).resolve(10).unwrap_err();
            assert_eq!(error.to_string(), format!("argument drop is {value}, expected a fraction in (0, 1]"));
            assert!(Budget::Keep(value).resolve(10).is_err());
        }
        assert_eq!(Budget::Count(11).resolve(10), Err(PruneError::Count { count: 11, n_examples: 10 }));
    }
}
