//! Whole reports: many claims with several conditions each.

use anyhow::Result;
use cl_data::random;
use cl_study::{Evidence, Replications, Rule, Sign, Summary, Table, Verdict, over_seeds, verdict::judge_all};
use rand_distr::{Distribution, StandardNormal};

use super::percent::percent;
use crate::progress::Bar;

const N_CLAIMS: usize = 60;

/// Conditions of a claim: every twentieth claim has 22, the others have 3.
fn conditions(claim: usize) -> usize {
    if claim.is_multiple_of(20) { 22 } else { 3 }
}
const MARGIN: f64 = 0.5;

/// What reports say that the truth belies, before and now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReportRates {
    /// The mean share of false verdicts among those decided.
    pub false_discoveries: [f64; 2],
    /// The share of claims with any false verdict.
    pub false_claims: [f64; 2],
    /// The share of true conditions, a point above zero, that are found.
    pub found: [f64; 2],
}

/// Simulates `trials` reports of 60 claims: a tenth are true by one point, the others are worth just the margin, where
/// anything that is said of them but no effect is false. Conditions of a claim are correlated by a half.
///
/// # Errors
/// Where a value is not finite, which none is.
pub fn reports(n: usize, trials: u64) -> Result<ReportRates> {
    let rule = Rule::difference(Sign::Positive, MARGIN)?;
    let half = 0.5f64.sqrt();
    let mut sums = [[0.0; 2]; 3];
    for trial in 0..trials {
        let mut rng = random::stream(trial, "simulated reports", n as u64);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut all: Vec<(usize, f64, Evidence)> = Vec::new();
        for claim in 0..N_CLAIMS {
            let truth = if claim % 10 == 0 { MARGIN + 1.0 } else { MARGIN };
            let common: Vec<f64> = (0..n).map(|_| normal()).collect();
            for _ in 0..conditions(claim) {
                let values = common.iter().map(|common| truth + half * common + half * normal()).collect();
                all.push((claim, truth, Evidence::Replications(Replications::independent(values)?)));
            }
        }
        let tests: Vec<(usize, &Evidence, Rule)> =
            all.iter().map(|(claim, _, evidence)| (*claim, evidence, rule)).collect();
        let judged = judge_all(&tests)?;
        let now: Vec<Verdict> = judged.iter().map(|judged| judged.verdict).collect();
        let before: Vec<Verdict> = all
            .iter()
            .map(|(.., evidence)| match evidence {
                Evidence::Replications(values) => {
                    let interval = Summary::of(values.values()).ok().and_then(|summary| summary.interval);
                    interval.map_or(Verdict::NotTested, |interval| rule.of(interval))
                }
                _ => Verdict::NotTested,
            })
            .collect();
        for (which, verdicts) in [before, now].into_iter().enumerate() {
            let is_false = |at: usize| {
                let decided = !matches!(verdicts[at], Verdict::Undecided | Verdict::NotTested);
                decided && verdicts[at] != rule.at(all[at].1)
            };
            let wrong = (0..all.len()).filter(|&at| is_false(at)).count() as f64;
            let decided = verdicts.iter().filter(|verdict| **verdict != Verdict::Undecided).count() as f64;
            let claims =
                (0..N_CLAIMS).filter(|claim| (0..all.len()).any(|at| all[at].0 == *claim && is_false(at)));
            let is_true = |at: &usize| all[*at].1 > MARGIN;
            let found = (0..all.len()).filter(is_true).filter(|&at| verdicts[at] == Verdict::Reproduced).count();
            let n_true = (0..all.len()).filter(is_true).count();
            sums[0][which] += wrong / f64::max(decided, 1.0);
            sums[1][which] += claims.count() as f64 / N_CLAIMS as f64;
            sums[2][which] += found as f64 / n_true as f64;
        }
    }
    let [false_discoveries, false_claims, found] = sums.map(|sums| sums.map(|sum| sum / trials as f64));
    Ok(ReportRates { false_discoveries, false_claims, found })
}

pub(super) fn table(trials: u64, bar: &Bar) -> Result<Table> {
    const NS: [u64; 2] = [10, 20];
    let done = over_seeds(&NS, None, bar, |n| reports(n as usize, trials))?;
    let mut table = Table::new([
        "n",
        "false of those decided, before",
        "now",
        "claims with any false verdict, before",
        "now",
        "found of what is true, before",
        "now",
    ]);
    for (n, done) in NS.into_iter().zip(done) {
        let ReportRates { false_discoveries, false_claims, found } = done?;
        let cells = [false_discoveries, false_claims, found].concat();
        table.row([n.to_string()].into_iter().chain(cells.into_iter().map(percent)))?;
    }
    Ok(table)
}
