use cl_data::Scalar;
use rayon::prelude::*;

use super::confident_learning::check;
use crate::error::DifficultyError;

/// How good a label is, between 0 and 1: low values mean that it is likely wrong.
///
/// Source: Northcutt, Jiang, Chuang (2021), Confident Learning, and cleanlab 2.9.
///
/// ```
/// use cl_difficulty::LabelQuality;
///
/// let probabilities = [0.5, 0.25, 0.25, 0.0, 1.0, 0.0];
/// assert_eq!(LabelQuality::NormalizedMargin.scores(&probabilities, &[0, 0], 3)?, [0.625, 0.0]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelQuality {
    /// p_y.
    SelfConfidence,
    /// [`normalized_margin`].
    NormalizedMargin,
    /// [`confidence_weighted_entropy`], whose limits are right.
    ConfidenceWeightedEntropy,
}

impl LabelQuality {
    /// Of one label, a class that has a probability; 0 of any other.
    pub fn score(self, probabilities: &[f64], label: usize) -> f64 {
        match self {
            Self::SelfConfidence => probabilities.get(label).copied().unwrap_or(0.0),
            Self::NormalizedMargin => normalized_margin(probabilities, label),
            Self::ConfidenceWeightedEntropy => confidence_weighted_entropy(probabilities, label, false),
        }
    }

    /// Of each label; `probabilities` holds c per example, example by example. O(n C).
    ///
    /// # Errors
    /// On lengths that do not agree, a label out of range, and numbers that are no probabilities.
    pub fn scores<T: Scalar>(
        self,
        probabilities: &[T],
        labels: &[usize],
        n_classes: usize,
    ) -> Result<Vec<f64>, DifficultyError> {
        check(probabilities, labels, n_classes)?;
        let score = |own: &mut Vec<f64>, (row, &label): (&[T], &usize)| {
            own.clear();
            own.extend(row.iter().map(|p| p.as_f64()));
            self.score(own, label)
        };
        Ok(probabilities.par_chunks_exact(n_classes).zip(labels).map_init(Vec::new, score).collect())
    }
}

/// -sum p ln p in nats, where 0 ln 0 = 0: no epsilon.
pub(crate) fn entropy(p: &[f64]) -> f64 {
    p.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum()
}

/// The normalised margin of a label: 1 where it is certain, 0 where another class is.
///
/// ```text
/// (p_y - max_{k != y} p_k + 1) / 2                             in [0, 1], lower = more likely wrong
/// ```
///
/// `label` is a class of `probabilities`, or else 0 is returned. O(C). Source: Northcutt, Jiang, Chuang (2021),
/// Confident Learning.
///
/// ```
/// assert_eq!(cl_difficulty::normalized_margin(&[0.5, 0.25, 0.25], 0), 0.625);
/// ```
pub fn normalized_margin(probabilities: &[f64], label: usize) -> f64 {
    let Some(own) = probabilities.get(label) else { return 0.0 };
    let others = probabilities.iter().enumerate().filter(|(class, _)| *class != label);
    let other = others.map(|(_, &p)| p).fold(0.0, f64::max);
    (own - other + 1.0) / 2.0
}

/// The self-confidence of a label, weighed by how certain the whole prediction is.
///
/// ```text
/// ln(1 + h) / h,      h = H / p_y,      H = -sum_k p_k ln p_k / ln C           in [0, 1], lower = more likely wrong
/// ```
///
/// Its limit for h -> 0 is 1: a right label that the model is certain of is the best there is. The code of
/// cleanlab 2.9 clips p_y and the denominator at 1e-6 and returns about 0 there, the worst; with `cleanlab` so
/// does this function. p_y = 0 gives 0, the limit, and so does a `label` that is no class. O(C).
///
/// ```
/// use cl_difficulty::confidence_weighted_entropy;
///
/// assert_eq!(confidence_weighted_entropy(&[1.0, 0.0], 0, false), 1.0);
/// assert!(confidence_weighted_entropy(&[1.0, 0.0], 0, true) < 1e-6);
/// assert!((confidence_weighted_entropy(&[0.5, 0.5], 0, false) - 3f64.ln() / 2.0).abs() < 1e-15);
/// ```
pub fn confidence_weighted_entropy(probabilities: &[f64], label: usize, cleanlab: bool) -> f64 {
    const CLIP: f64 = 1e-6;
    let Some(&own) = probabilities.get(label) else { return 0.0 };
    let entropy = entropy(probabilities) / (probabilities.len() as f64).ln();
    if cleanlab {
        let h = entropy / own.max(CLIP);
        return h.ln_1p() / h.max(CLIP);
    }
    let h = entropy / own;
    if h == 0.0 {
        1.0
    } else if h.is_finite() {
        h.ln_1p() / h
    } else {
        0.0
    }
}
