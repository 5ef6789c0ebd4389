use std::sync::Arc;

use cl_data::{
    catalogue::Parameter,
    random::{choose, stream, uniform},
};

use super::{
    entry::{Entry, RuleNeeds, needed},
    ranking::{From, ranking},
    selection_rule::{SelectionRule, check, check_length, gather},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// The size of the Beta distribution's parameters, a + b.
const SIZE: f64 = 16.0;
/// How many of the highest scores tell where the distribution is anchored.
const N_ANCHORS: usize = 10;

/// DUAL's sampling: at random by score, times a Beta density over the mean prediction that moves towards the easy
/// examples as more is pruned.
///
/// ```text
/// r  = 1 - k / n                                   the share pruned
/// mu = mean confidence of the 10 highest scores
/// b  = 15 (1 - mu) (1 - r^c),  a = 16 - b
/// P(i next) ~ Beta(confidence_i; a, b) score_i     drawn without replacement
/// ```
///
/// Confidence is the mean probability of the label, the score DUAL's or another of at least 0. An example of weight 0
/// is kept only where no other is left, where the published code fails. Not nested: the density follows the budget.
/// O(n).
///
/// The formula is that of the published code `exp_cifar/data_subset.py`; another file of it has the exponent 2 + c.
/// The paper's own statement of it we have from memory alone, as its c = 5.5 for CIFAR-10, 4 for CIFAR-100.
///
/// Source: Cho et al. (2025), Lightweight Dataset Pruning without Full Training via Example Difficulty and
/// Prediction Uncertainty; drawing by exponential keys, Efraimidis and Spirakis (2006).
///
/// ```
/// use cl_prune::{BetaSampling, Budget, SelectionRule};
///
/// let rule = BetaSampling::new(vec![0.9, 0.5, 0.7, 0.2], 4.0)?;
/// assert_eq!(rule.select(&[0.1, 0.3, 0.2, 0.1], Budget::Count(2), 0)?.n_kept(), 2);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BetaSampling {
    confidence: Vec<f64>,
    c: f64,
}

pub(super) static ENTRY: Entry = Entry::new(
    "dual",
    "a sample by score and by a Beta density of the confidence (DUAL)",
    &[Parameter::with_default("c", "the exponent c_D, larger for easier data", "4")],
    |options| {
        let c = options.number("c")?;
        // A wrong exponent is refused before there are examples.
        BetaSampling::new(Vec::new(), c)?;
        Ok(Arc::new(move |inputs| {
            let confidence = needed(inputs.confidence, "dual", RuleNeeds::Confidence)?;
            Ok(Box::new(BetaSampling::new(confidence.to_vec(), c)?))
        }))
    },
)
.needs(RuleNeeds::Confidence)
.not_nested();

impl BetaSampling {
    /// The rule for examples of these mean predictions, with the exponent `c`, which is larger for easier data.
    ///
    /// # Errors
    /// Where a confidence is outside of [0, 1], or c not positive and finite.
    pub fn new(confidence: Vec<f64>, c: f64) -> Result<Self, PruneError> {
        if let Some(example) = confidence.iter().position(|value| !(0.0..=1.0).contains(value)) {
            let (value, expected) = (confidence[example], "a probability");
            return Err(PruneError::InvalidValue { what: "confidence", example, value, expected });
        }
        if !(c > 0.0 && c.is_finite()) {
            return Err(PruneError::argument("c", c, "a positive number"));
        }
        Ok(Self { confidence, c })
    }

    /// The parameters a and b where `n_kept` of `n` examples are kept and the anchors' mean confidence is `mu`.
    fn parameters(&self, n_kept: usize, n: usize, mu: f64) -> (f64, f64) {
        let pruned = 1.0 - n_kept as f64 / n as f64;
        let b = (SIZE - 1.0) * (1.0 - mu) * (1.0 - pruned.powf(self.c));
        (SIZE - b, b)
    }

    /// The parameters a and b of the density that this many are kept by.
    fn density(&self, scores: &[f64], confidence: &[f64], n_kept: usize, seed: u64) -> (f64, f64) {
        let anchors = anchors(scores, seed);
        let mu = anchors.iter().map(|&example| confidence[example]).sum::<f64>() / anchors.len().max(1) as f64;
        self.parameters(n_kept, scores.len(), mu)
    }

    fn select_with(
        &self,
        scores: &[f64],
        confidence: &[f64],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        check(scores)?;
        if let Some(example) = scores.iter().position(|score| !(*score >= 0.0 && score.is_finite())) {
            let (value, expected) = (scores[example], "a finite number of at least 0");
            return Err(PruneError::InvalidValue { what: "score", example, value, expected });
        }
        let n = scores.len();
        let n_kept = budget.resolve(n)?;
        let (a, b) = self.density(scores, confidence, n_kept, seed);
        let mut rng = stream(seed, "beta sampling", 0);
        // The smallest of exponential variables with rates w is each with probability proportional to w, and so on
        // for those left. In logarithms, since a density may overflow; its constant factor plays no part.
        let keys: Vec<f64> = scores
            .iter()
            .zip(confidence)
            .map(|(&score, &p)| {
                let exponential = -(1.0 - uniform(&mut rng)).ln();
                exponential.ln() - log_weight(score, p, a, b)
            })
            .collect();
        let order = ranking(&keys, From::Lowest, &mut rng);
        Selection::of_ranking(self.name(), order, n_kept, |_, _| false)
    }
}

/// The examples of the highest scores, ties at the last place by the seed. O(n).
fn anchors(scores: &[f64], seed: u64) -> Vec<usize> {
    if scores.len() <= N_ANCHORS {
        return (0..scores.len()).collect();
    }
    let mut values = scores.to_vec();
    let (_, &mut least, _) = values.select_nth_unstable_by(N_ANCHORS - 1, |a, b| b.total_cmp(a));
    let mut anchors: Vec<usize> = (0..scores.len()).filter(|&example| scores[example] > least).collect();
    let tied: Vec<usize> = (0..scores.len()).filter(|&example| scores[example] == least).collect();
    let chosen = choose(&mut stream(seed, "score ties", 0), tied.len(), N_ANCHORS.saturating_sub(anchors.len()));
    anchors.extend(chosen.into_iter().map(|at| tied[at]));
    anchors
}

/// ln(p^(a-1) (1-p)^(b-1) score).
fn log_weight(score: f64, p: f64, a: f64, b: f64) -> f64 {
    // 0 ln 0 = 0, and nothing outweighs a score of 0.
    let times_log = |factor: f64, x: f64| if factor == 0.0 { 0.0 } else { factor * x.ln() };
    let density = times_log(a - 1.0, p) + times_log(b - 1.0, 1.0 - p);
    if score == 0.0 { f64::NEG_INFINITY } else { density + score.ln() }
}

impl SelectionRule for BetaSampling {
    fn name(&self) -> &'static str {
        "dual"
    }

    fn is_nested(&self) -> bool {
        false
    }

    fn n_of_weight_zero(&self, scores: &[f64], selection: &Selection, seed: u64) -> Option<usize> {
        if self.confidence.len() != scores.len() {
            return None;
        }
        let (a, b) = self.density(scores, &self.confidence, selection.n_kept(), seed);
        let weight = |&&example: &&usize| log_weight(scores[example], self.confidence[example], a, b);
        Some(selection.kept.iter().filter(|example| weight(example) == f64::NEG_INFINITY).count())
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check_length("confidence", self.confidence.len(), scores.len())?;
        self.select_with(scores, &self.confidence, budget, seed)
    }

    fn select_among(
        &self,
        scores: &[f64],
        members: &[usize],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        check_length("confidence", self.confidence.len(), scores.len())?;
        let scores = gather("member", scores, members)?;
        self.select_with(&scores, &gather("member", &self.confidence, members)?, budget, seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fixture says how it was computed.
    #[test]
    fn parameters_and_weights_are_those_of_numpy() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/dual.json")).unwrap();
        let floats = |value: &serde_json::Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
        let (score, confidence) = (floats(&golden["score"]), floats(&golden["confidence"]));
        let n = score.len();
        for case in golden["cases"].as_array().unwrap() {
            let number = |name: &str| case[name].as_f64().unwrap();
            let anchors = anchors(&score, 0);
            let mu = anchors.iter().map(|&example| confidence[example]).sum::<f64>() / anchors.len() as f64;
            assert!((mu - number("mu")).abs() < 1e-14);
            let rule = BetaSampling::new(confidence.clone(), number("c")).unwrap();
            let (a, b) = rule.parameters(number("k") as usize, n, mu);
            assert!((a - number("a")).abs() < 1e-13 && (b - number("b")).abs() < 1e-13, "{a} {b}");
            let weights: Vec<f64> =
                score.iter().zip(&confidence).map(|(&score, &p)| log_weight(score, p, a, b).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for (weight, expected) in weights.iter().zip(floats(&case["probabilities"])) {
                assert!((weight / sum - expected).abs() <= 1e-11 * expected, "{} {expected}", weight / sum);
            }
        }
    }

    /// SciPy: beta.logpdf(p, a, b) - beta.logpdf(q, a, b) + log(score_p / score_q), whose constants cancel.
    #[test]
    fn weights_are_the_density_times_the_score() {
        let difference = log_weight(0.2, 0.7, 11.5, 4.5) - log_weight(0.3, 0.4, 11.5, 4.5);
        let expected = 10.5 * (0.7f64 / 0.4).ln() + 3.5 * (0.3f64 / 0.6).ln() + (0.2f64 / 0.3).ln();
        assert!((difference - expected).abs() < 1e-12);
    }

    #[test]
    fn the_distribution_moves_to_the_easy_as_more_is_pruned() {
        let rule = BetaSampling::new(vec![0.5; 10], 4.0).unwrap();
        let mean = |n_kept| {
            let (a, b) = rule.parameters(n_kept, 10, 0.4);
            assert!((a + b - 16.0).abs() < 1e-12);
            a / (a + b)
        };
        // Nothing pruned: b = 15 * 0.6 = 9.
        assert!((mean(10) - 7.0 / 16.0).abs() < 1e-12);
        assert!((mean(5) - (16.0 - 9.0 * (1.0 - 0.0625)) / 16.0).abs() < 1e-12);
        assert!((1..10).all(|n_kept| mean(n_kept) > mean(n_kept + 1)));
    }

    /// The probability of being the single one kept is the weight's share.
    #[test]
    fn examples_are_drawn_by_weight() {
        let confidence = vec![0.9, 0.6, 0.3, 0.8];
        let scores = [0.1, 0.3, 0.4, 0.0];
        let rule = BetaSampling::new(confidence.clone(), 2.0).unwrap();
        let (a, b) = rule.parameters(1, 4, confidence.iter().sum::<f64>() / 4.0);
        let weights: Vec<f64> = (0..4).map(|i| log_weight(scores[i], confidence[i], a, b).exp()).collect();
        let mut counts = [0.0; 4];
        let n_draws = 20_000;
        for seed in 0..n_draws {
            counts[rule.select(&scores, Budget::Count(1), seed).unwrap().kept[0]] += 1.0;
        }
        for (count, weight) in counts.iter().zip(&weights) {
            let expected = weight / weights.iter().sum::<f64>();
            assert!((count / n_draws as f64 - expected).abs() < 0.02, "{counts:?} {weights:?}");
        }
        assert_eq!(counts[3], 0.0);
    }

    #[test]
    fn anchors_are_the_highest_scores() {
        let scores: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 13)).collect();
        // Three scores each of 12 to 10, and one of the three or four of 9.
        for seed in 0..20 {
            let mut values: Vec<f64> = anchors(&scores, seed).into_iter().map(|example| scores[example]).collect();
            values.sort_by(|a, b| b.total_cmp(a));
            let mut sorted = scores.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            assert_eq!(values, sorted[..10]);
        }
        assert_eq!(anchors(&scores[..7], 0), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(anchors(&[0.0, -0.0].repeat(8), 3).len(), 10);
        let first = |seed| anchors(&[1.0; 12], seed)[0];
        assert_eq!((0..200).map(first).collect::<std::collections::HashSet<_>>().len(), 12);
    }

    #[test]
    fn extremes_are_kept_or_not_without_failing() {
        let rule = BetaSampling::new(vec![1.0, 0.0, 1.0, 0.5], 4.0).unwrap();
        for count in 0..=4 {
            for scores in [[0.0; 4], [0.1, 0.2, 0.0, 0.3]] {
                assert_eq!(rule.select(&scores, Budget::Count(count), 0).unwrap().n_kept(), count);
            }
        }
        assert!(BetaSampling::new(vec![1.1], 4.0).is_err() && BetaSampling::new(vec![0.5], 0.0).is_err());
        assert!(rule.select(&[0.1, -0.1, 0.0, 0.0], Budget::Count(1), 0).is_err());
        assert!(rule.select(&[0.1], Budget::Count(1), 0).is_err());
    }
}
