//! Predicted probabilities of classes, and how far two of them diverge.

use super::features::AnyFeatures;
use crate::error::PruneError;

/// What a probability counts at least in a logarithm.
const LEAST: f64 = 1e-12;

/// How far the probabilities of an example may be from a sum of 1, as those in half precision are.
const TOLERANCE: f64 = 1e-3;

/// A distribution for each example, and the logarithms.
#[derive(Debug)]
pub(super) struct Distributions {
    probabilities: Vec<f64>,
    logarithms: Vec<f64>,
    n_classes: usize,
}

impl Distributions {
    /// Of these rows, made to sum to 1 exactly. O(n C).
    pub(super) fn new(argument: &'static str, rows: AnyFeatures<'_>) -> Result<Self, PruneError> {
        let n_classes = rows.n_features();
        let mut probabilities = Vec::with_capacity(rows.n_examples() * n_classes);
        rows.append_to(&mut probabilities);
        for (example, row) in probabilities.chunks_exact_mut(n_classes).enumerate() {
            if let Some(class) = row.iter().position(|value| !(0.0..=1.0 + TOLERANCE).contains(value)) {
                let value = format!("{} of class {class} of example {example}", row[class]);
                return Err(PruneError::argument(argument, value, "a probability in [0, 1]"));
            }
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > TOLERANCE {
                let value = format!("{sum} in sum over the classes of example {example}");
                return Err(PruneError::argument(argument, value, "1, give or take 0.001"));
            }
            row.iter_mut().for_each(|value| *value /= sum);
        }
        let logarithms = probabilities.iter().map(|value| value.max(LEAST).ln()).collect();
        Ok(Self { probabilities, logarithms, n_classes })
    }

    fn of(&self, example: usize) -> impl Iterator<Item = (f64, f64)> {
        let at = example * self.n_classes;
        let own = self.probabilities[at..][..self.n_classes].iter().copied();
        own.zip(self.logarithms[at..][..self.n_classes].iter().copied())
    }

    /// KL(p || q) = sum_c p_c (ln p_c - ln q_c).
    pub(super) fn divergence(&self, p: usize, q: usize) -> f64 {
        self.of(p).zip(self.of(q)).map(|((p, log_p), (_, log_q))| p * (log_p - log_q)).sum()
    }

    /// KL(p || q) / 2 + KL(q || p) / 2 = sum_c (p_c - q_c) (ln p_c - ln q_c) / 2, never negative.
    pub(super) fn symmetric_divergence(&self, p: usize, q: usize) -> f64 {
        let terms = self.of(p).zip(self.of(q)).map(|((p, log_p), (q, log_q))| (p - q) * (log_p - log_q));
        terms.sum::<f64>() / 2.0
    }
}
