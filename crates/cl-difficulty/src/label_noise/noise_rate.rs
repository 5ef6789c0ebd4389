use cl_data::random::{self, MAX_RESAMPLES};
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use super::confident_learning::ConfidentLearning;
use crate::error::DifficultyError;

/// An estimated share of wrong labels with its bootstrap interval, which contains it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseRate {
    /// The estimate.
    pub estimate: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl ConfidentLearning {
    /// The share of wrong labels that the confident joint implies, with a centred percentile interval at `level`
    /// over `n_resamples` bootstrap resamples of the examples.
    ///
    /// ```text
    /// rate = 1 - 1/n sum_i n_i C_ii / sum_j C_ij                C_ii at least 1
    /// low  = rate + quantile((1 - level) / 2) - median          of the rates of the resamples; high likewise,
    /// high = rate + quantile((1 + level) / 2) - median          both within [0, 1]
    /// ```
    ///
    /// Quantiles alone are biased where classes are small, until the estimate lies outside: a resample may lose all
    /// confident examples of a label, which then counts as right, or all right ones, where C_ii is then 1. Of 1,000
    /// classes of 5 examples, one confidently right and in every tenth class one confidently of another, the rate is
    /// 5.0 % and those of resamples 3.0 to 4.6 %, around 3.7 %; without these two cases, 4.1 to 5.8 %, around 5.0 %.
    /// The median is taken out, not the mean, so that the interval contains the estimate at any level; nothing is
    /// reflected, since a rate near zero has its error above. The estimate has the same bias and keeps it, as in
    /// cleanlab: the interval is for what the estimator gives on average over as many examples. In simulations it
    /// contained that in 94 to 96 % of the samples at a level of 95 %, of 10 classes of 2,000 as of 1,000 classes of 5.
    ///
    /// Two errors are not in the interval. The model's: one that errs makes right labels look wrong. And that of the
    /// thresholds, which stay those of all examples: where many probabilities lie near them it is too narrow (at a
    /// level of 95 %, softmax outputs of ten classes that are right for 94, 85 and 67 % of the examples gave 94, 92
    /// and 89 %), and a class all of whose few examples are wrong has a threshold near zero, so that whoever is
    /// unsure counts as wrong.
    ///
    /// A resample is a multinomial draw of three counts per label that occurs, so that each is O(C) whatever the
    /// number of examples; the result is the same for any number of threads.
    ///
    /// Source of the rate: Northcutt, Jiang, Chuang (2021), Confident Learning, equation 3, off the diagonal; of
    /// the interval: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 10 (bias) and 13
    /// (percentiles).
    ///
    /// # Errors
    /// Unless 0 < level < 1 and there is at least one resample, [`MAX_RESAMPLES`] at most.
    ///
    /// ```
    /// use cl_difficulty::ConfidentLearning;
    ///
    /// let probabilities = [[0.9, 0.1], [0.1, 0.9]].concat().repeat(50);
    /// let labels: Vec<usize> = (0..100).map(|i| if i < 20 { 0 } else { i % 2 }).collect();
    /// let rate = ConfidentLearning::fit(&probabilities, &labels, 2)?.noise_rate(1000, 0.95, 0)?;
    /// assert!(rate.low < 0.1 && (rate.estimate - 0.1).abs() < 1e-12 && rate.high > 0.1);
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn noise_rate(&self, n_resamples: usize, level: f64, seed: u64) -> Result<NoiseRate, DifficultyError> {
        if !((1..=MAX_RESAMPLES).contains(&n_resamples) && level > 0.0 && level < 1.0) {
            return Err(DifficultyError::InvalidArgument {
                argument: "n_resamples and level",
                value: format!("{n_resamples} and {level}"),
                expected: "from 1 to 10,000,000 resamples and a level between 0 and 1",
            });
        }
        let labels: Vec<Label> = (self.counts.rows().iter().zip(&self.label_counts).enumerate())
            .filter(|(_, (_, count))| **count > 0)
            .map(|(given, (row, &count))| {
                let (right, confident) =
                    (self.counts.count(given, given), row.iter().map(|&(_, n)| n).sum::<u64>());
                Label { right, wrong: confident - right, unsure: count - confident }
            })
            .collect();
        let estimate = rate(&labels);
        let resample = |resample| Ok(rate(&resampled(&labels, seed, resample)?));
        let rates: Result<Vec<f64>, DifficultyError> =
            (0..n_resamples as u64).into_par_iter().map(resample).collect();
        let mut rates = rates?;
        rates.sort_by(f64::total_cmp);
        let at = |share: f64| rates[(share * (rates.len() - 1) as f64).round() as usize];
        let tail = (1.0 - level) / 2.0;
        let end = |share: f64| (estimate + (at(share) - at(0.5))).clamp(0.0, 1.0);
        Ok(NoiseRate { estimate, low: end(tail), high: end(1.0 - tail) })
    }
}

/// What the rate asks of the examples with one given label: how many are confidently of it, of another class, of
/// none.
#[derive(Clone, Copy)]
struct Label {
    right: u64,
    wrong: u64,
    unsure: u64,
}

impl Label {
    fn n_examples(self) -> u64 {
        self.right + self.wrong + self.unsure
    }
}

fn rate(labels: &[Label]) -> f64 {
    let right = |label: &Label| {
        let diagonal = label.right.max(1);
        label.n_examples() as f64 * (diagonal as f64 / (label.wrong + diagonal) as f64)
    };
    let right: f64 = labels.iter().map(right).sum();
    let n_examples: u64 = labels.iter().map(|label| label.n_examples()).sum();
    (1.0 - right / n_examples as f64).max(0.0)
}

/// As many examples drawn with replacement: a multinomial draw of the counts, each binomial given those before.
fn resampled(labels: &[Label], seed: u64, resample: u64) -> Result<Vec<Label>, DifficultyError> {
    let mut rng = random::stream(seed, "noise rate", resample);
    let mut mass: u64 = labels.iter().map(|label| label.n_examples()).sum();
    let mut left = mass;
    let mut draw = |count: u64| -> Result<u64, DifficultyError> {
        let drawn = if count == mass {
            left
        } else {
            let invalid = |_| DifficultyError::InvalidArgument {
                argument: "noise rate",
                value: count.to_string(),
                expected: "a count",
            };
            Binomial::new(left, count as f64 / mass as f64).map_err(invalid)?.sample(&mut rng)
        };
        left -= drawn;
        mass -= count;
        Ok(drawn)
    };
    let label = |&Label { right, wrong, unsure }: &Label| {
        Ok(Label { right: draw(right)?, wrong: draw(wrong)?, unsure: draw(unsure)? })
    };
    labels.iter().map(label).collect()
}
