//! Real classifiers on splits of one data set, whose truth over data sets is known because those are made.

use anyhow::Result;
use cl_data::{Dataset, GaussianMixture, MixtureComponent, stratified_split};
use cl_study::{Interval, Replications, Summary, Table, over_seeds};

use super::percent::percent;
use crate::progress::Bar;

const N_CLASSES: usize = 3;
const N_FEATURES: usize = 8;
const N: usize = 450;
const N_SPLITS: u64 = 20;

/// How often intervals over splits hold the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitCoverage {
    /// The true difference of accuracies over data sets.
    pub truth: f64,
    /// Of Student's interval, and of the one that allows for what splits share.
    pub coverage: [f64; 2],
}

/// Classes with means of their own in the first features, and noise in all.
fn data(n: usize, seed: u64) -> Result<Dataset<f64>> {
    let components = (0..N_CLASSES).map(|class| {
        let mean = (0..N_FEATURES).map(|feature| if feature % N_CLASSES == class { 0.9 } else { 0.0 }).collect();
        MixtureComponent { class, n_examples: n / N_CLASSES, mean, std: vec![1.0; N_FEATURES] }
    });
    Ok(GaussianMixture::new(components.collect())?.generate(seed)?)
}

/// The accuracies of the nearest class mean, by all features and by the first half of them.
fn accuracies(train: &Dataset<f64>, test: &Dataset<f64>) -> [f64; 2] {
    let mut means = [[0.0; N_FEATURES]; N_CLASSES];
    let mut counts = [0.0; N_CLASSES];
    for (example, &label) in train.labels().iter().enumerate() {
        counts[label] += 1.0;
        means[label].iter_mut().zip(train.example(example)).for_each(|(sum, x)| *sum += x);
    }
    means
        .iter_mut()
        .zip(counts)
        .for_each(|(mean, count)| mean.iter_mut().for_each(|sum| *sum /= f64::max(count, 1.0)));
    [N_FEATURES, N_FEATURES / 2].map(|width| {
        let right = test.labels().iter().enumerate().filter(|&(example, &label)| {
            let distance = |class: usize| -> f64 {
                test.example(example)[..width].iter().zip(&means[class]).map(|(x, mean)| (x - mean).powi(2)).sum()
            };
            let nearest = (0..N_CLASSES).min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
            nearest == Some(label)
        });
        right.count() as f64 / test.n_examples() as f64
    })
}

/// Cuts each of `trials` data sets into 20 splits.
///
/// # Errors
/// Where data cannot be made, which they can.
pub fn real_splits(trials: u64) -> Result<SplitCoverage> {
    // The truth: fresh training sets of the size of a split's, and large fresh test sets.
    let large = data(30_000, u64::MAX / 2)?;
    let mut truth = 0.0;
    let n_truth = 400;
    for seed in 0..n_truth {
        let [all, half] = accuracies(&data(N * 3 / 5, 1_000_000 + seed)?, &large);
        truth += (all - half) / n_truth as f64;
    }
    let mut held = [0u64; 2];
    for trial in 0..trials {
        let whole = data(N, trial)?;
        let mut gains = Vec::new();
        for split in 0..N_SPLITS {
            let parts = stratified_split(whole.labels(), &[0.6, 0.2, 0.2], 1_000 * trial + split)?;
            let [all, half] = accuracies(&whole.subset(&parts[0])?, &whole.subset(&parts[2])?);
            gains.push(all - half);
        }
        let alone = Summary::of(&gains)?.interval;
        let shared = Replications::resplit(gains, 0.25)?.interval(0.95);
        let holds =
            |interval: Option<Interval>| u64::from(interval.is_some_and(|interval| interval.contains(truth)));
        held[0] += holds(alone);
        held[1] += holds(shared);
    }
    Ok(SplitCoverage { truth, coverage: held.map(|held| held as f64 / trials as f64) })
}

pub(super) fn table(trials: u64, bar: &Bar) -> Result<Table> {
    let SplitCoverage { truth, coverage } = over_seeds(&[trials], None, bar, real_splits)?.remove(0)?;
    let mut table = Table::new(["true difference, points", "coverage before", "now"]);
    table.row([format!("{:.2}", 100.0 * truth), percent(coverage[0]), percent(coverage[1])])?;
    Ok(table)
}
