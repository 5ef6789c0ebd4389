use serde::{Deserialize, Serialize};

use super::{coverage_centric::CoverageCentric, selection_rule::SelectionRule};
use crate::{budget::Budget, error::PruneError, selection::Selection};

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
    fn the_best_cutoff_wherever_it_stands() {
        let scores: Vec<f64> = (0..20).map(f64::from).collect();
        let values = [0.2, 0.9, 0.9, 0.5];
        let mut tried = values.iter();
        let candidates = [0.0, 0.3, 0.1, 0.2];
        let choice = choose_hard_cutoff(&scores, Budget::Count(5), 4, 0, &candidates, |_| {
            tried.next().copied().ok_or(PruneError::Count { count: 5, n_examples: 4 })
        });
        let choice = choice.unwrap();
        assert_eq!(choice.beta, 0.1);
        assert_eq!(choice.evaluations, [(0.0, 0.2), (0.3, 0.9), (0.1, 0.9), (0.2, 0.5)]);
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
