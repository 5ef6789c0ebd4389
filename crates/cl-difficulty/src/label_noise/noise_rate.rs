use cl_data::random;
use rand_distr::{Binomial, Distribution};

use super::confident_learning::ConfidentLearning;
use crate::error::DifficultyError;

/// An estimated share of wrong labels with its bootstrap interval.
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
    /// The share of wrong labels that the confident joint implies, with a percentile interval at `level` over
    /// `n_resamples` bootstrap resamples of the examples.
    ///
    /// ```text
    /// rate = 1 - 1/n sum_i n_i C_ii / sum_j C_ij
    /// ```
    ///
    /// The thresholds stay those of all examples while these are resampled, so that a resample is a multinomial
    /// draw of the counts: O(C^2) each. The interval holds the sampling error, not the model's: a model that
    /// errs makes right labels look wrong.
    ///
    /// # Errors
    /// Unless 0 < level < 1 and there is at least one resample.
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
        if n_resamples == 0 || !(level > 0.0 && level < 1.0) {
            return Err(DifficultyError::InvalidArgument {
                argument: "n_resamples and level",
                value: format!("{n_resamples} and {level}"),
                expected: "at least one resample and a level between 0 and 1",
            });
        }
        let (c, n) = (self.n_classes, self.n_examples());
        let estimate = rate(&self.counts, &self.label_counts);
        // Cells of the joint, the last of each row for examples confident of no class.
        let cells: Vec<(usize, usize, u64)> = (0..c)
            .flat_map(|given| {
                let row = &self.counts[given * c..][..c];
                let confident: u64 = row.iter().sum();
                let all = row.iter().copied().chain([self.label_counts[given] - confident]).enumerate();
                all.map(move |(class, count)| (given, class, count))
            })
            .filter(|&(.., count)| count > 0)
            .collect();
        let mut rates = Vec::with_capacity(n_resamples);
        for resample in 0..n_resamples as u64 {
            let mut rng = random::stream(seed, "noise rate", resample);
            let (mut counts, mut label_counts) = (vec![0; c * c], vec![0; c]);
            let (mut left, mut mass) = (n, n);
            for &(given, class, count) in &cells {
                // A multinomial draw cell by cell: each is binomial given those before.
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
                label_counts[given] += drawn;
                if class < c {
                    counts[given * c + class] += drawn;
                }
            }
            rates.push(rate(&counts, &label_counts));
        }
        rates.sort_by(f64::total_cmp);
        let at = |share: f64| rates[(share * (rates.len() - 1) as f64).round() as usize];
        let tail = (1.0 - level) / 2.0;
        Ok(NoiseRate { estimate, low: at(tail), high: at(1.0 - tail) })
    }
}

fn rate(counts: &[u64], label_counts: &[u64]) -> f64 {
    let c = label_counts.len();
    let right = |(given, &n): (usize, &u64)| {
        let row = &counts[given * c..][..c];
        let diagonal = row[given].max(1);
        let sum = row.iter().sum::<u64>() - row[given] + diagonal;
        n as f64 * (diagonal as f64 / sum as f64)
    };
    let right: f64 = label_counts.iter().enumerate().map(right).sum();
    (1.0 - right / label_counts.iter().sum::<u64>() as f64).max(0.0)
}
