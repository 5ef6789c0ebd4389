use serde::{Deserialize, Serialize};

use super::{CoverageCentric, SelectionRule};
use crate::{Budget, PruneError, Selection};

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

/// What was found for each cut-off, and which was best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CutoffChoice {
    /// The cut-off of the best value; of several that are equally good, the smallest.
    pub beta: f64,
    /// Every cut-off with its value, in the order given.
    pub evaluations: Vec<(f64, f64)>,
}

/// Chooses the hard cut-off of [`CoverageCentric`] by the value that `evaluate` gives to each selection, such as the
/// **validation** accuracy of a model trained on it; higher is better.
///
/// ```
/// use cl_prune::{Budget, PruneError, choose_hard_cutoff};
///
/// let scores: Vec<f64> = (0..100).map(f64::from).collect();
/// // Labels beyond 80 are wrong: whatever keeps fewer of those is better.
/// let choice = choose_hard_cutoff(&scores, Budget::Count(30), 10, 0, &[0.0, 0.1, 0.2, 0.3], |selection| {
///     Ok::<_, PruneError>(-(selection.kept.iter().filter(|&&example| example >= 80).count() as f64))
/// })?;
/// assert_eq!(choice.beta, 0.2);
/// # Ok::<(), PruneError>(())
/// ```
///
/// # Errors
/// Where there is no candidate, one is no cut-off that the budget allows, or a value is NaN; and what `evaluate`
/// fails with.
pub fn choose_hard_cutoff<E: From<PruneError>>(
    scores: &[f64],
    budget: Budget,
    n_strata: usize,
    seed: u64,
    candidates: &[f64],
    mut evaluate: impl FnMut(&Selection) -> Result<f64, E>,
) -> Result<CutoffChoice, E> {
    let mut evaluations = Vec::with_capacity(candidates.len());
    let mut best: Option<(f64, f64)> = None;
    for &beta in candidates {
        let value = evaluate(&CoverageCentric::new(beta, n_strata)?.select(scores, budget, seed)?)?;
        if value.is_nan() {
            return Err(PruneError::argument("value of a cut-off", value, "a number").into());
        }
        evaluations.push((beta, value));
        if best.is_none_or(|(best_beta, most)| value > most || value == most && beta < best_beta) {
            best = Some((beta, value));
        }
    }
    match best {
        Some((beta, _)) => Ok(CutoffChoice { beta, evaluations }),
        None => Err(PruneError::argument("candidates", "empty", "at least one cut-off").into()),
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

    #[test]
    fn the_smallest_of_equally_good_cutoffs() {
        let scores: Vec<f64> = (0..20).map(f64::from).collect();
        let choose = |candidates: &[f64], value: f64| {
            choose_hard_cutoff(&scores, Budget::Count(5), 4, 0, candidates, |_| Ok::<_, PruneError>(value))
        };
        assert_eq!(choose(&[0.3, 0.1, 0.2], 1.0).unwrap().beta, 0.1);
        assert!(choose(&[], 1.0).is_err() && choose(&[0.1], f64::NAN).is_err() && choose(&[0.9], 1.0).is_err());
    }
}
