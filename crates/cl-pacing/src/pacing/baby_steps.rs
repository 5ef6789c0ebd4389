use std::fmt;

use serde::{Deserialize, Serialize};

use super::buckets::{BUCKET_LENGTH, Buckets, N_BUCKETS};
use super::{Pacing, entry::pacing_entry, rounding::Rounding};
use crate::error::PacingError;

/// Baby Steps: buckets from easy to hard, each joining those before it.
///
/// ```text
/// g(e) = min(floor(e / bucket_length) + 1, k) / k           k buckets of equal size, e = 0, 1, ...
/// ```
///
/// Progress is e / total, where `bucket_length` and `total` count the same: epochs, as in the paper, or updates. To
/// open a bucket only when validation no longer gains, count the [plateaus](crate::Plateau) instead, with a
/// `bucket_length` of 1 and a `total` of as many plateaus as the run may have ([`Clock::Plateaus`](crate::Clock)).
///
/// Source: Spitkovsky, Alshawi and Jurafsky (2010), From Baby Steps to Leapfrog; in buckets: Cirik, Hovy and Morency
/// (2016), Visualizing and understanding curriculum learning for LSTM networks. Counts round upwards, our choice.
///
/// ```
/// use cl_pacing::{BabySteps, Pacing};
///
/// let pacing = BabySteps::new(4, 2, 10)?; // four buckets, two epochs each, of ten
/// assert_eq!([0.0, 0.1, 0.2, 0.6, 1.0].map(|progress| pacing.fraction(progress)), [0.25, 0.25, 0.5, 1.0, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BabySteps(Buckets);

impl BabySteps {
    /// From the number of buckets, the time of each before the next joins, and the time of the whole run.
    ///
    /// # Errors
    /// Unless all are at least 1.
    pub fn new(n_buckets: u64, bucket_length: u64, total: u64) -> Result<Self, PacingError> {
        Buckets::new(n_buckets, bucket_length, total).map(Self)
    }
}

impl Pacing for BabySteps {
    fn fraction(&self, progress: f64) -> f64 {
        self.0.first(self.0.bucket(progress) + 1)
    }

    fn full_at(&self) -> Option<f64> {
        Some(self.0.last_at())
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }
}

impl fmt::Display for BabySteps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write("baby steps", formatter)
    }
}

pacing_entry! {
    ENTRY = "baby-steps": "buckets from easy to hard, each joining those before it", [N_BUCKETS, BUCKET_LENGTH],
    |options, given| Buckets::by_name(options, given).map(BabySteps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_join_one_by_one() {
        let pacing = BabySteps::new(3, 2, 12).unwrap();
        let counts: Vec<usize> = (0..9).map(|epoch| pacing.count(f64::from(epoch) / 12.0, 10, 1)).collect();
        assert_eq!(counts, [4, 4, 7, 7, 10, 10, 10, 10, 10]);
        assert_eq!(pacing.full_at(), Some(4.0 / 12.0));
        assert!(!BabySteps::new(7, 2, 11).unwrap().reaches_full());
        for (n_buckets, bucket_length, total) in [(0, 1, 1), (1, 0, 1), (1, 1, 0)] {
            assert!(BabySteps::new(n_buckets, bucket_length, total).is_err());
        }
    }
}
