use cl_data::random;

use super::{TIES, check};
use crate::error::PacingError;

/// Several difficulties at once, joined into one.
///
/// Ranks are taken within each score, from 0 for the easiest to 1 for the hardest; equal scores share the mean of their ranks, so
/// that no score's unit or spread counts and joining invents no difference. The joint difficulty is a score like any other, for
/// any [`Order`](crate::Order).
///
/// ```
/// use cl_pacing::{EasyFirst, Order, SeveralScores};
///
/// let (length, rarity) = ([1.0, 2.0, 3.0], [0.9, 0.1, 0.2]);
/// let scores = SeveralScores::new(&[&length, &rarity])?;
/// // Example 1 is within the easiest half by both scores, the others by one.
/// assert_eq!(scores.intersection(), [1.0, 0.5, 1.0]);
/// assert_eq!(EasyFirst.order(&scores.weighted_rank(&[1.0, 1.0])?, 0)?[0], 1);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SeveralScores {
    ranks: Vec<Vec<f64>>,
}

impl SeveralScores {
    /// From the difficulties of the same examples by each score. O(n log n) per score.
    ///
    /// # Errors
    /// Where there is no score, lengths differ or a difficulty is NaN.
    pub fn new(scores: &[&[f64]]) -> Result<Self, PacingError> {
        let Some(first) = scores.first() else {
            return Err(PacingError::argument("scores", "none", "at least one score per example"));
        };
        for score in scores {
            check(score)?;
            PacingError::check_length("a score", score.len(), first.len())?;
        }
        Ok(Self { ranks: scores.iter().map(|score| ranks(score)).collect() })
    }

    /// The least prefix that holds an example by every score.
    ///
    /// ```text
    /// d_i = max over scores m of   rank_m(i)
    /// ```
    ///
    /// so that the examples with d <= f are the intersection of the easiest f of each score, as where a curriculum of several
    /// metrics admits what every one of them admits. Fewer than f of the data may be that easy.
    ///
    /// Source: the data sampler of DeepSpeed (data efficiency library, 2022), whose clusters are such intersections.
    pub fn intersection(&self) -> Vec<f64> {
        self.joint(|ranks| ranks.fold(0.0, f64::max))
    }

    /// The weighted mean of the ranks.
    ///
    /// ```text
    /// d_i = sum_m w_m rank_m(i) / sum_m w_m
    /// ```
    ///
    /// # Errors
    /// Unless there is one weight per score, finite and at least 0, and not all are 0.
    pub fn weighted_rank(&self, weights: &[f64]) -> Result<Vec<f64>, PacingError> {
        PacingError::check_length("weights", weights.len(), self.ranks.len())?;
        let sum: f64 = weights.iter().sum();
        if !(weights.iter().all(|&weight| weight >= 0.0) && sum.is_finite() && sum > 0.0) {
            let expected = "finite numbers of at least 0, not all 0, how much each score counts";
            return Err(PacingError::argument("weights", format!("{weights:?}"), expected));
        }
        Ok(self.joint(|ranks| ranks.zip(weights).map(|(rank, weight)| rank * weight / sum).sum()))
    }

    fn joint(&self, join: impl Fn(&mut dyn Iterator<Item = f64>) -> f64) -> Vec<f64> {
        let n = self.ranks.first().map_or(0, Vec::len);
        (0..n).map(|example| join(&mut self.ranks.iter().map(|ranks| ranks[example]))).collect()
    }
}

/// The rank of each entry in [0, 1], equal entries sharing the mean of theirs; 0 where there is but one entry.
fn ranks(score: &[f64]) -> Vec<f64> {
    // Which way ties fall is without consequence: they share.
    let order = random::argsort(&mut random::stream(0, TIES, 0), score);
    let last = (score.len().max(2) - 1) as f64;
    let mut ranks = vec![0.0; score.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| score[a] == score[b]) {
        let mean = first as f64 + (equal.len() - 1) as f64 / 2.0;
        equal.iter().for_each(|&example| ranks[example] = mean / last);
        first += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is at most f hard is what every score holds at most f hard.
        #[test]
        fn the_intersection_is_one(pairs in prop::collection::vec((-5i8..5, -5i8..5), 1..40), f in 0.0..=1.0f64) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).unzip();
            let scores = SeveralScores::new(&[&a, &b]).unwrap();
            let rank = |score: &[f64], i: usize| {
                let below = score.iter().filter(|&&other| other < score[i]).count() as f64;
                let equal = score.iter().filter(|&&other| other == score[i]).count() as f64;
                (below + (equal - 1.0) / 2.0) / (score.len().max(2) - 1) as f64
            };
            let (joint, mean) = (scores.intersection(), scores.weighted_rank(&[3.0, 1.0]).unwrap());
            for i in 0..a.len() {
                prop_assert_eq!(joint[i] <= f, rank(&a, i) <= f && rank(&b, i) <= f);
                prop_assert!((mean[i] - (0.75 * rank(&a, i) + 0.25 * rank(&b, i))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn what_is_no_set_of_scores_is_refused() {
        assert!(SeveralScores::new(&[]).is_err());
        assert!(SeveralScores::new(&[&[0.0], &[0.0, 1.0]]).is_err());
        assert!(SeveralScores::new(&[&[f64::NAN]]).is_err());
        let scores = SeveralScores::new(&[&[0.0, 1.0], &[1.0, 0.0]]).unwrap();
        for weights in [&[1.0][..], &[0.0, 0.0], &[-1.0, 2.0], &[f64::NAN, 1.0], &[f64::INFINITY, 1.0]] {
            assert!(scores.weighted_rank(weights).is_err(), "{weights:?}");
        }
    }
}
