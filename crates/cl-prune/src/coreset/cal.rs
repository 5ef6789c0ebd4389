use std::sync::Arc;

use cl_data::{Scalar, catalogue::Parameter};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    distributions::Distributions,
    entry::{Entry, Method},
    features::{AnyFeatures, Features},
    greedy::check_left,
    objective::Coreset,
    request::{Request, Size},
};
use crate::error::PruneError;

/// CAL, contrastive active learning: examples that the model sees unlike their neighbours.
///
/// ```text
/// s(x) = 1/k sum_{l in kNN(x)} KL(p_l || p_x),   KL(p || q) = sum_c p_c ln(p_c / q_c)
/// ```
///
/// The neighbours are the k nearest by Euclidean distance among the examples that have labels, or among all others where none has
/// one (as many as there are, the lowest index of equals); p are the predicted probabilities of the classes, of which one counts
/// 1e-12 at least in a logarithm. Those of the highest score are chosen, the lowest index of equals: near the decision boundary.
/// A published implementation keeps the lowest, which are those like their neighbours. A gain is the score. Nested.
/// O(n m d + n k C) for m examples with labels, O(n C) memory.
///
/// Source: Margatina, Vernikos, Barrault and Aletras (2021), Active learning by acquiring contrastive examples, algorithm 1.
///
/// ```
/// use cl_prune::coreset::{Cal, Features};
///
/// // Of four examples in a row the third is taken for another class than those beside it.
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 3.0], 1)?;
/// let probabilities = Features::new(&[0.9f32, 0.1, 0.9, 0.1, 0.1, 0.9, 0.9, 0.1], 2)?;
/// assert_eq!(Cal::new(2)?.select(&features, probabilities, &[], 1)?.order, [2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cal {
    k: usize,
}

pub(super) static ENTRY: Entry = Entry::new(
    "cal",
    "contrastive active learning: predicted unlike their neighbours among those chosen before (else among all)",
    "the mean divergence of the neighbours' class probabilities from its own",
    &[Parameter::with_default("k", "the number of neighbours", "10")],
    |options| Ok(Arc::new(Cal::new(options.number("k")?)?)),
)
.needs_probabilities();

impl Method for Cal {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        let what = "the predicted probabilities of each example";
        let probabilities = request.probabilities.ok_or(PruneError::Missing { rule: "cal", what })?;
        self.select(features, probabilities, request.before, request.count)
    }

    fn bytes(&self, size: &Size) -> f64 {
        16.0 * size.n * size.d + 32.0 * size.n
    }
}

impl Cal {
    /// With this many neighbours.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where there is none.
    pub fn new(k: usize) -> Result<Self, PruneError> {
        if k == 0 { Err(PruneError::argument("k", k, "at least 1")) } else { Ok(Self { k }) }
    }

    /// The `count` examples of highest score beside those `labelled`; a row of probabilities for each example.
    ///
    /// # Errors
    /// [`PruneError::Count`] where fewer are left; [`PruneError::LengthMismatch`] where there are not as many rows as examples;
    /// [`PruneError::InvalidArgument`] where a row is no distribution, or one of `labelled` is no example or occurs twice.
    pub fn select<'p, T: Scalar>(
        &self,
        features: &Features<'_, T>,
        probabilities: impl Into<AnyFeatures<'p>>,
        labelled: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        let n = features.n_examples();
        check_left(labelled, n, count)?;
        let probabilities = probabilities.into();
        if probabilities.n_examples() != n {
            let found = probabilities.n_examples();
            return Err(PruneError::LengthMismatch { what: "probabilities", found, expected: n });
        }
        let distributions = Distributions::new("probabilities", probabilities)?;
        let mut is_open = vec![true; n];
        labelled.iter().for_each(|&example| is_open[example] = false);
        let open: Vec<usize> = (0..n).filter(|&example| is_open[example]).collect();
        let all: Vec<usize> = if labelled.is_empty() { open.clone() } else { labelled.to_vec() };
        let score = |&example: &usize| (example, self.score(features, &distributions, &all, example));
        let mut scores: Vec<(usize, f64)> = open.par_iter().with_min_len(16).map(score).collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut coreset = Coreset::with_capacity(count);
        scores.iter().take(count).for_each(|&(example, score)| coreset.push(example, score));
        Ok(coreset)
    }

    /// s(x): 0 where there is no other.
    fn score<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        distributions: &Distributions,
        among: &[usize],
        example: usize,
    ) -> f64 {
        let own = features.example(example);
        let squared = |other: usize| -> f64 {
            let pairs = own.iter().zip(features.example(other));
            pairs.map(|(a, b)| (a.as_f64() - b.as_f64()).powi(2)).sum()
        };
        let others = among.iter().filter(|&&other| other != example);
        let mut others: Vec<(f64, usize)> = others.map(|&other| (squared(other), other)).collect();
        let nearer = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if others.len() > self.k {
            others.select_nth_unstable_by(self.k - 1, nearer);
            others.truncate(self.k);
        }
        others.sort_unstable_by(nearer);
        let sum: f64 = others.iter().map(|&(_, other)| distributions.divergence(other, example)).sum();
        sum / others.len().max(1) as f64
    }
}
