use serde::{Deserialize, Serialize};

use crate::error::PruneError;

/// How many of the hardest examples are dropped before anything is selected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum HardCutoff {
    /// This share of all examples, beta in the paper: floor(beta n). A budget that needs them is an error.
    Given(f64),
    /// As large a share as labels are estimated to be wrong, but never so many that the budget is not met.
    NoiseRate(f64),
}

impl HardCutoff {
    pub(super) fn check(self) -> Result<(), PruneError> {
        let (argument, share) = match self {
            Self::Given(share) => ("beta", share),
            Self::NoiseRate(share) => ("noise_rate", share),
        };
        if !(0.0..1.0).contains(&share) {
            return Err(PruneError::argument(argument, share, "a share of the examples in [0, 1)"));
        }
        Ok(())
    }

    /// How many of `n_examples` are cut where `n_kept` are to be kept.
    pub(super) fn n_cut(self, n_examples: usize, n_kept: usize) -> usize {
        // A share that was meant as a whole number of examples, such as 0.29 of 100, cuts that many.
        let cut = |share: f64| ((share * n_examples as f64 + 1e-9).floor() as usize).min(n_examples);
        match self {
            Self::Given(share) => cut(share),
            Self::NoiseRate(share) => cut(share).min(n_examples - n_kept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_are_whole_numbers_cut_those() {
        for percent in 0..100 {
            assert_eq!(HardCutoff::Given(percent as f64 / 100.0).n_cut(100, 0), percent);
        }
        assert_eq!(HardCutoff::Given(0.19).n_cut(10, 0), 1);
    }
}
