//! Ratios of times and correlations.

use anyhow::Result;
use cl_data::random;
use cl_difficulty::spearman;
use cl_study::{Bootstrap, Evidence, Replications, Scale, Table, over_seeds};
use rand_distr::{Distribution, StandardNormal};

use super::percent::percent;
use crate::progress::Bar;

/// Shares of 95 % intervals that hold the true ratio of times: plain percentiles of a bootstrap over seeds, percentiles
/// expanded for the number of seeds, and the mean of logarithms. Times are log-normal, of deviation 0.5.
///
/// # Errors
/// Where a time is not finite, which none is.
pub fn ratio_coverage(n: usize, trials: u64) -> Result<[f64; 3]> {
    // The ratio of mean times, and that of typical ones, are both exp(-0.2): both arms are spread alike.
    let truth = (-0.2f64).exp();
    let mut held = [0u64; 3];
    for trial in 0..trials {
        let mut rng = random::stream(trial, "simulated times", n as u64);
        let mut time = |log: f64| -> f64 {
            let z: f64 = StandardNormal.sample(&mut rng);
            (log + 0.5 * z).exp()
        };
        let pairs: Vec<(f64, f64)> = (0..n).map(|_| (time(-0.2), time(0.0))).collect();
        let ratio = |pairs: &[(f64, f64)]| {
            let sums = pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
            sums.0 / sums.1
        };
        let plain = Bootstrap::new(400, trial)?;
        for (which, bootstrap) in [plain, plain.expanded(n)?].into_iter().enumerate() {
            held[which] += u64::from(bootstrap.percentile(&pairs, ratio)?.contains(truth));
        }
        let saved = pairs.iter().map(|(own, other)| 1.0 - own / other).collect();
        let saved = Replications::independent(saved)?.on(Scale::Saving)?.interval(0.95);
        held[2] += u64::from(saved.is_some_and(|interval| interval.contains(1.0 - truth)));
    }
    Ok(held.map(|held| held as f64 / trials as f64))
}

/// Shares of 95 % intervals over seeds that hold a true correlation of 0.9: Student's, and that by Fisher's z; and the share
/// of Student's that reach beyond 1.
///
/// # Errors
/// Where a correlation is not finite, which none is.
pub fn correlation_coverage(n: usize, trials: u64) -> Result<[f64; 3]> {
    let truth = 0.9f64;
    let mut counts = [0u64; 3];
    for trial in 0..trials {
        let mut rng = random::stream(trial, "simulated correlations", n as u64);
        let values: Vec<f64> = (0..n)
            .map(|_| {
                let z: f64 = StandardNormal.sample(&mut rng);
                (truth.atanh() + 0.6 * z).tanh()
            })
            .collect();
        let values = Replications::independent(values)?;
        let plain = values.interval(0.95);
        counts[0] += u64::from(plain.is_some_and(|interval| interval.contains(truth)));
        counts[2] += u64::from(plain.is_some_and(|interval| interval.high > 1.0));
        let fisher = values.on(Scale::Correlation)?.interval(0.95);
        counts[1] += u64::from(fisher.is_some_and(|interval| interval.contains(truth)));
    }
    Ok(counts.map(|count| count as f64 / trials as f64))
}

/// Shares of 95 % intervals that hold the truth, of the other kinds of evidence at the sizes that they are used at: the exact
/// interval of a share of 0.1 over 40 trials, the rank correlation of 200 pairs, and the least of three differences that are
/// all worth nothing, over 20 repetitions.
///
/// # Errors
/// Where evidence is none, which it is not.
pub fn other_evidence(trials: u64) -> Result<[f64; 3]> {
    let mut held = [0u64; 3];
    // Spearman's correlation of normal pairs whose Pearson correlation is 0.6: 6 / pi asin(0.3).
    let rho = 6.0 / std::f64::consts::PI * 0.3f64.asin();
    for trial in 0..trials {
        let mut rng = random::stream(trial, "simulated evidence", 0);
        let successes = (0..40).filter(|_| random::below(&mut rng, 10) == 0).count() as u64;
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let pairs: (Vec<f64>, Vec<f64>) = (0..200)
            .map(|_| {
                let (common, own) = (normal(), normal());
                (common, 0.6 * common + 0.8 * own)
            })
            .unzip();
        let spearman = spearman(&pairs.0, &pairs.1)?.unwrap_or(0.0);
        let arm: Vec<f64> = (0..20).map(|_| normal()).collect();
        let others = (0..3).map(|_| Replications::independent(arm.iter().map(|own| own - normal()).collect()));
        let evidence = [
            (Evidence::trials(successes, 40)?, 0.1),
            (Evidence::rank_correlation(spearman, 200)?, rho),
            (Evidence::least_of(others.collect::<Result<_, _>>()?)?, 0.0),
        ];
        for (held, (evidence, truth)) in held.iter_mut().zip(evidence) {
            *held += u64::from(evidence.interval(0.95).is_some_and(|interval| interval.contains(truth)));
        }
    }
    Ok(held.map(|held| held as f64 / trials as f64))
}

pub(super) fn others_table(trials: u64, bar: &Bar) -> Result<Table> {
    let coverage = over_seeds(&[trials], None, bar, other_evidence)?.remove(0)?;
    let mut table =
        Table::new(["a share of 0.1, 40 trials", "a rank correlation, 200 pairs", "the least of three, n = 20"]);
    table.row(coverage.map(percent))?;
    Ok(table)
}

pub(super) fn table(trials: u64, bar: &Bar) -> Result<Table> {
    const NS: [u64; 4] = [3, 5, 10, 20];
    let done = over_seeds(&NS, None, bar, |n| -> Result<_> {
        Ok((ratio_coverage(n as usize, trials.min(2_000))?, correlation_coverage(n as usize, trials)?))
    })?;
    let mut table = Table::new([
        "n",
        "ratio, percentiles (before)",
        "ratio, expanded percentiles",
        "ratio, logarithms (now)",
        "correlation 0.9, Student (before)",
        "of them beyond 1",
        "correlation 0.9, Fisher's z (now)",
    ]);
    for (n, done) in NS.into_iter().zip(done) {
        let (ratio, correlation) = done?;
        let [plain, fisher, beyond] = correlation.map(percent);
        let [percentiles, expanded, logarithms] = ratio.map(percent);
        table.row([n.to_string(), percentiles, expanded, logarithms, plain, beyond, fisher])?;
    }
    Ok(table)
}
