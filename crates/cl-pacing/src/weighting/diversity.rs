use std::fmt;
use std::sync::Arc;

use cl_data::{Fingerprint, Ids, catalogue::Parameter};

use super::entry::{LAMBDA, age, self_paced_entry};
use super::{
    Weighting, check_length, check_numbers, check_positive, hard_self_paced::check_lambda, self_paced::SelfPaced,
};
use crate::error::PacingError;

/// Self-paced learning with diversity (SPLD): easy examples, but rather of many groups than many of one.
///
/// ```text
/// v* = argmin over v in [0, 1]^n of   sum_i v_i l_i - lambda sum_i v_i - gamma sum_g ||v_g||_2
/// v*_(i) = 1 if l_(i) < lambda + gamma / (sqrt(i) + sqrt(i - 1)), else 0
/// ```
///
/// where v_g are the weights of group g (a class, a cluster), and l_(i) is the i-th lowest loss within its group, i from
/// 1: the first of a group gets gamma on top of lambda, further ones ever less. Equal losses rank by index; every
/// choice among them is optimal. The age is lambda; gamma keeps its ratio to it. O(n log n), of which only losses
/// below lambda + gamma are sorted; 8 bytes per example and another 16 for those sorted.
///
/// Source: Jiang, Meng, Yu, Lan, Shan and Hauptmann (2014), Self-paced learning with diversity, algorithm 1.
///
/// ```
/// use cl_pacing::{SelfPacedDiversity, Weighting};
///
/// // Three easy examples of group 0 and a harder one of group 1.
/// let mut weights = [0.0; 4];
/// SelfPacedDiversity::new(0.1, 0.5, vec![0, 0, 0, 1])?.weights(&[0.2, 0.25, 0.4, 0.5], &mut weights)?;
/// assert_eq!(weights, [1.0, 1.0, 0.0, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SelfPacedDiversity {
    lambda: f64,
    gamma: f64,
    groups: Arc<Groups>,
}

#[derive(Debug, PartialEq)]
struct Groups {
    /// The examples group by group, by index within each.
    examples: Vec<usize>,
    /// Where each group ends.
    ends: Vec<usize>,
    fingerprint: Fingerprint,
}

impl SelfPacedDiversity {
    /// From the age lambda, the weight gamma of diversity and the group of each example, any numbers.
    ///
    /// # Errors
    /// Unless lambda and gamma are finite and above 0.
    pub fn new(lambda: f64, gamma: f64, groups: Vec<usize>) -> Result<Self, PacingError> {
        check_lambda(lambda)?;
        check_positive("gamma", gamma)?;
        let mut examples: Vec<usize> = (0..groups.len()).collect();
        examples.sort_by_key(|&example| groups[example]);
        let is_end =
            |&place: &usize| place == examples.len() || groups[examples[place]] != groups[examples[place - 1]];
        let ends = (1..=examples.len()).filter(is_end).collect();
        let fingerprint = Fingerprint::of(&Ids::range(groups.len()), &groups);
        Ok(Self { lambda, gamma, groups: Arc::new(Groups { examples, ends, fingerprint }) })
    }
}

impl Weighting for SelfPacedDiversity {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        check_length(losses, weights)?;
        check_numbers(losses)?;
        let Groups { examples, ends, .. } = &*self.groups;
        PacingError::check_length("losses", losses.len(), examples.len())?;
        weights.fill(0.0);
        let mut eligible: Vec<(f64, usize)> = Vec::new();
        let mut start = 0;
        for &end in ends {
            let group = &examples[start..end];
            start = end;
            eligible.clear();
            // No rank admits more than the first.
            let most = self.lambda + self.gamma;
            eligible
                .extend(group.iter().map(|&example| (losses[example], example)).filter(|&(loss, _)| loss < most));
            eligible.sort_unstable_by(|a, b| (a.0 + 0.0).total_cmp(&(b.0 + 0.0)).then(a.1.cmp(&b.1)));
            for (rank, &(loss, example)) in (1..).zip(&eligible) {
                let rank = f64::from(rank);
                // Losses grow with the rank and thresholds fall: the first that fails is the end.
                if loss >= self.lambda + self.gamma / (rank.sqrt() + (rank - 1.0).sqrt()) {
                    break;
                }
                weights[example] = 1.0;
            }
        }
        Ok(())
    }
}

impl SelfPaced for SelfPacedDiversity {
    fn lambda(&self) -> f64 {
        self.lambda
    }

    fn with_lambda(&self, lambda: f64) -> Result<Arc<dyn SelfPaced>, PacingError> {
        check_lambda(lambda)?;
        let gamma = if lambda == self.lambda { self.gamma } else { self.gamma / self.lambda * lambda };
        check_positive("gamma", gamma)?;
        Ok(Arc::new(Self { lambda, gamma, groups: Arc::clone(&self.groups) }))
    }

    /// So that gamma, which grows with it, stays finite, and their sum.
    fn largest_lambda(&self) -> f64 {
        f64::MAX / 4.0 / (self.gamma / self.lambda).max(1.0)
    }

    fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        let Groups { examples, ends, .. } = &*self.groups;
        let n = weights.len().min(losses.len());
        let linear: f64 = weights.iter().zip(losses).map(|(weight, loss)| weight * (loss - self.lambda)).sum();
        let mut start = 0;
        let norms: f64 = ends
            .iter()
            .map(|&end| {
                let group = examples[std::mem::replace(&mut start, end)..end].iter();
                group.filter(|&&example| example < n).map(|&example| weights[example].powi(2)).sum::<f64>().sqrt()
            })
            .sum();
        linear - self.gamma * norms
    }
}

impl fmt::Display for SelfPacedDiversity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lambda, gamma, groups } = self;
        write!(
            formatter,
            "self-paced diversity (lambda = {lambda}, gamma = {gamma}, groups {})",
            groups.fingerprint
        )
    }
}

self_paced_entry! {
    ENTRY = "diversity" | "spld": "self-paced with diversity over the classes given (SPLD)",
    [LAMBDA, Parameter::new("gamma", "the weight of diversity, above 0")],
    |options, given| {
        let groups = options.given(given.classes, "classes", "the class or group of each example")?.to_vec();
        SelfPacedDiversity::new(age(options)?, options.number("gamma")?, groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against every selection, and against points inside of the cube, between which the objective is concave.
        #[test]
        fn weights_minimise_the_objective(
            examples in prop::collection::vec((0.0..2.0f64, 0usize..3), 1..9),
            lambda in 0.01..1.5, gamma in 0.01..1.5, inside in prop::collection::vec(prop::collection::vec(0.0..=1.0f64, 9), 30),
        ) {
            let (losses, groups): (Vec<f64>, Vec<usize>) = examples.into_iter().unzip();
            let weighting = SelfPacedDiversity::new(lambda, gamma, groups).unwrap();
            let mut best = vec![f64::NAN; losses.len()];
            weighting.weights(&losses, &mut best).unwrap();
            let least = weighting.objective(&best, &losses);
            for selection in 0u32..1 << losses.len() {
                let other: Vec<f64> = (0..losses.len()).map(|i| f64::from(selection >> i & 1)).collect();
                prop_assert!(weighting.objective(&other, &losses) >= least - 1e-12);
            }
            for other in inside {
                prop_assert!(weighting.objective(&other[..losses.len()], &losses) >= least - 1e-12);
            }
        }
    }

    /// 3 (2 - 1) + 4 (0.5 - 1) - 0.5 |(3, 4)| in one group, and the largest age whose gamma is finite.
    #[test]
    fn the_objective_and_the_largest_age_are_as_defined() {
        let diversity = SelfPacedDiversity::new(1.0, 0.5, vec![7, 7]).unwrap();
        assert_eq!(diversity.objective(&[3.0, 4.0], &[2.0, 0.5]), 3.0 - 2.0 - 2.5);
        assert_eq!(diversity.largest_lambda(), f64::MAX / 4.0);
        let steep = SelfPacedDiversity::new(1.0, 8.0, vec![0]).unwrap();
        assert_eq!(steep.largest_lambda(), f64::MAX / 32.0);
        assert!(steep.with_lambda(steep.largest_lambda()).is_ok());
    }

    #[test]
    fn the_age_takes_gamma_along_and_bad_input_is_refused() {
        let weighting = SelfPacedDiversity::new(0.5, 0.25, vec![7, 3, 7]).unwrap();
        let older = weighting.with_lambda(1.0).unwrap();
        assert_eq!(
            older.to_string().split(", groups").next(),
            Some("self-paced diversity (lambda = 1, gamma = 0.5")
        );
        assert!(weighting.with_lambda(weighting.largest_lambda()).is_ok());
        assert!(
            SelfPacedDiversity::new(0.0, 1.0, vec![]).is_err()
                && SelfPacedDiversity::new(1.0, 0.0, vec![]).is_err()
        );
        assert!(weighting.weights(&[0.0; 2], &mut [0.0; 2]).is_err());
        assert!(weighting.weights(&[0.0, f64::NAN, 0.0], &mut [0.0; 3]).is_err());
        // Of equal losses within a group the first.
        let mut weights = [0.0; 3];
        weighting.weights(&[0.7, 9.0, 0.7], &mut weights).unwrap();
        assert_eq!(weights, [1.0, 0.0, 0.0]);
    }
}
