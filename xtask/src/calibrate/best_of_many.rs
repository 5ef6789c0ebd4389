//! The best of many strategies: what is said of it where all are worth the same.

use anyhow::Result;
use cl_data::random;
use cl_study::{Better, Evidence, Replications, Rule, Sign, Table, Verdict, best_of, over_seeds};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::percent::percent;
use crate::progress::Bar;

const N_STRATEGIES: usize = 180;
const N_SEEDS: usize = 3;
const N_STANDARD: usize = 90;
const N_FRESH: usize = 20;
const MARGIN: f64 = 0.5;
/// Test examples for each other one, of a split.
const SHARED: f64 = 1.0 / 3.0;

/// What is true of the strategies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestOfMany {
    /// What a strategy that is better gains over plain training.
    pub gain: f64,
    /// The share of them that gain it; the others gain nothing.
    pub better: f64,
    /// The correlation of the runs of a seed over strategies.
    pub correlation: f64,
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Shares of `trials` grids of which the best is called better than plain training: by the best test mean less the best of as
/// many means of plain training, and by the strategy of best validation on fresh splits.
///
/// # Errors
/// Where a value is not finite, which none is.
pub fn best_of_many(truth: BestOfMany, trials: u64) -> Result<[f64; 2]> {
    let rule = Rule::difference(Sign::Positive, MARGIN)?;
    let BestOfMany { gain, better, correlation } = truth;
    let (common, own) = (correlation.sqrt(), (1.0 - correlation).sqrt());
    let n_better = (better * N_STRATEGIES as f64).round() as usize;
    let mut found = [0u64; 2];
    for trial in 0..trials {
        let mut rng = random::stream(trial, "simulated grid", 0);
        let of_seeds: Vec<f64> = (0..N_SEEDS).map(|_| normal(&mut rng)).collect();
        let (mut best_test, mut chosen) = (f64::NEG_INFINITY, (f64::NEG_INFINITY, 0.0));
        for strategy in 0..N_STRATEGIES {
            let worth = if strategy < n_better { gain } else { 0.0 };
            let (mut test, mut validation) = (0.0, 0.0);
            for of_seed in &of_seeds {
                let run = worth + common * of_seed;
                test += (run + own * normal(&mut rng)) / N_SEEDS as f64;
                validation += (run + own * normal(&mut rng)) / N_SEEDS as f64;
            }
            best_test = best_test.max(test);
            if validation > chosen.0 {
                chosen = (validation, worth);
            }
        }
        let standard: Vec<f64> = (0..N_STANDARD).map(|_| normal(&mut rng)).collect();
        let luck = best_of(&standard, N_SEEDS, N_STRATEGIES, Better::Higher, 200, trial)?;
        found[0] += u64::from(best_test - luck.interval.high > MARGIN);
        // On fresh splits the chosen strategy and plain training share the seed, and splits a part of what is left.
        let deviation = own * 2f64.sqrt();
        let (of_all, of_one) = ((SHARED / (1.0 + SHARED)).sqrt(), (1.0 / (1.0 + SHARED)).sqrt());
        let common = of_all * normal(&mut rng);
        let fresh = (0..N_FRESH).map(|_| chosen.1 + deviation * (common + of_one * normal(&mut rng)));
        let fresh = Evidence::Replications(Replications::resplit(fresh.collect(), SHARED)?).against(rule);
        found[1] += u64::from(fresh.verdict == Verdict::Reproduced);
    }
    Ok(found.map(|found| found as f64 / trials as f64))
}

pub(super) fn table(trials: u64, bar: &Bar) -> Result<Table> {
    let mut truths = Vec::new();
    for correlation in [0.6, 0.9] {
        truths.extend([(0.0, 1.0), (1.0, 1.0), (1.0, 0.1), (2.0, 0.1)].map(|(gain, better)| BestOfMany {
            gain,
            better,
            correlation,
        }));
    }
    let places: Vec<u64> = (0..truths.len() as u64).collect();
    let done = over_seeds(&places, None, bar, |at| best_of_many(truths[at as usize], trials))?;
    let mut table =
        Table::new(["true gain", "of strategies", "correlation of a seed's runs", "found before", "now"]);
    for (truth, done) in truths.iter().zip(done) {
        let [before, now] = done?.map(percent);
        let better = percent(truth.better);
        table.row([format!("{} points", truth.gain), better, truth.correlation.to_string(), before, now])?;
    }
    Ok(table)
}
