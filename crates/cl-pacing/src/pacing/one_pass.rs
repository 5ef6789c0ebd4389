use std::fmt;

use serde::{Deserialize, Serialize};

use super::buckets::{BUCKET_LENGTH, Buckets, N_BUCKETS};
use super::{Pacing, entry::pacing_entry, rounding::Rounding};
use crate::error::PacingError;

/// One-Pass: buckets from easy to hard, each in place of the one before it.
///
/// ```text
/// g(e) = min(floor(e / bucket_length) + 1, k) / k           up to where the order is shown
/// d(e) = g(e) - 1 / k                                       from where: what was before is dropped
/// ```
///
/// k buckets of equal size, e = 0, 1, ...; progress is e / total, as with [`BabySteps`](crate::BabySteps). All data
/// are never available at once, unless there is one bucket.
///
/// Source: Cirik, Hovy and Morency (2016), Visualizing and understanding curriculum learning for LSTM networks.
/// Counts round upwards, our choice.
///
/// ```
/// use cl_pacing::{OnePass, Pacing};
///
/// let pacing = OnePass::new(4, 1, 4)?;
/// assert_eq!(pacing.available(0.25, 100, 10), 25..50);
/// assert!(pacing.full_at().is_none() && pacing.reaches_full());
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OnePass(Buckets);

impl OnePass {
    /// From the number of buckets, the time of each, and the time of the whole run.
    ///
    /// # Errors
    /// Unless all are at least 1.
    pub fn new(n_buckets: u64, bucket_length: u64, total: u64) -> Result<Self, PacingError> {
        Buckets::new(n_buckets, bucket_length, total).map(Self)
    }
}

impl Pacing for OnePass {
    fn fraction(&self, progress: f64) -> f64 {
        self.0.first(self.0.bucket(progress) + 1)
    }

    fn dropped(&self, progress: f64) -> f64 {
        self.0.first(self.0.bucket(progress))
    }

    fn full_at(&self) -> Option<f64> {
        self.0.is_one().then_some(0.0)
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }

    fn reaches_full(&self) -> bool {
        self.0.last_at() <= 1.0
    }
}

impl fmt::Display for OnePass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write("one-pass", formatter)
    }
}

pacing_entry! {
    ENTRY = "one-pass": "buckets from easy to hard, each in place of the one before it",
    [N_BUCKETS, BUCKET_LENGTH],
    |options, given| Buckets::by_name(options, given).map(OnePass)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Windows follow one another without a gap, and what they show in the end is everything.
        #[test]
        fn windows_tile_the_order(n_buckets in 1u64..12, length in 1u64..4, n in 1usize..200, batch_size in 1usize..20) {
            let total = n_buckets * length;
            let pacing = OnePass::new(n_buckets, length, total).unwrap();
            let mut end = 0;
            for e in 0..total {
                let window = pacing.available(e as f64 / total as f64, n, batch_size);
                prop_assert!(window.start <= end && window.end >= end, "{:?} after {}", window, end);
                prop_assert!(window.len() >= batch_size.min(n));
                end = window.end;
            }
            prop_assert_eq!(end, n);
        }
    }

    #[test]
    fn a_window_is_a_bucket() {
        let pacing = OnePass::new(3, 2, 6).unwrap();
        let windows: Vec<_> = (0..7).map(|e| pacing.available(f64::from(e) / 6.0, 10, 1)).collect();
        assert_eq!(windows, [0..4, 0..4, 4..7, 4..7, 7..10, 7..10, 7..10]);
        assert!(!OnePass::new(4, 2, 5).unwrap().reaches_full());
        assert_eq!(OnePass::new(1, 2, 5).unwrap().full_at(), Some(0.0));
        // Never fewer than a batch, even where a bucket is.
        assert_eq!(pacing.available(0.9, 10, 8), 2..10);
    }
}
