//! Differences over repetitions, fresh ones and splits that share data.

use anyhow::Result;
use cl_data::random;
use cl_study::{Evidence, Replications, Rule, Sign, Summary, Table, Verdict, over_seeds};
use rand_distr::{Distribution, StandardNormal};

use super::{percent::percent, values::Kind};
use crate::progress::Bar;

/// How many repetitions there are, and what they share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// Repetitions.
    pub n: usize,
    /// Test examples for each training example of splits of one data set; 0 for fresh data.
    pub test_to_train: f64,
}

/// The largest difference that is not worth naming.
const MARGIN: f64 = 0.5;

/// What came of many studies of one kind, design and truth.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    /// Shares of the intervals that hold the true mean: Student's alone, and the one that allows for what is shared, of
    /// studies that have one.
    pub coverage: [f64; 2],
    /// The share of rank-based intervals that hold the true pseudo-median; none where there is no interval.
    pub rank_coverage: Option<f64>,
    /// Shares of verdicts that the truth belies: by Student's interval alone, and by both.
    pub false_verdicts: [f64; 2],
    /// Shares of studies that do not find the truth.
    pub missed: [f64; 2],
}

/// Simulates `trials` studies of a true difference.
///
/// # Errors
/// Where a value is not finite, which none is.
pub fn difference(kind: Kind, design: Design, truth: f64, trials: u64) -> Result<Cell> {
    let Design { n, test_to_train } = design;
    let rule = Rule::difference(Sign::Positive, MARGIN)?;
    // Two test parts of a share f of the data have f in common: a share r / (1 + r) of a value's variance.
    let shared = test_to_train / (1.0 + test_to_train);
    let (common, own) = (shared.sqrt(), (1.0 - shared).sqrt());
    let mean = truth + own * kind.mean();
    let typical = truth + kind.pseudo_median(own);
    let right = rule.at(typical);
    let mut counts = [[0u64; 2]; 3];
    let (mut ranked, mut held, mut spread) = (0u64, 0u64, 0u64);
    for trial in 0..trials {
        let mut rng = random::stream(trial, "simulated differences", n as u64);
        let of_all: f64 = StandardNormal.sample(&mut rng);
        let values: Vec<f64> = (0..n).map(|_| truth + common * of_all + own * kind.draw(&mut rng)).collect();
        let alone = Summary::of(&values)?.interval;
        let evidence = Evidence::Replications(Replications::resplit(values, test_to_train)?);
        let finding = evidence.against(rule);
        let verdicts = [alone.map_or(Verdict::NotTested, |interval| rule.of(interval)), finding.verdict];
        for (which, (interval, verdict)) in [alone, finding.interval].into_iter().zip(verdicts).enumerate() {
            counts[0][which] += u64::from(interval.is_some_and(|interval| interval.contains(mean)));
            let decided = !matches!(verdict, Verdict::Undecided | Verdict::NotTested);
            counts[1][which] += u64::from(decided && verdict != right);
            counts[2][which] += u64::from(verdict != right);
        }
        spread += u64::from(finding.interval.is_some());
        if let Some(interval) = finding.rank_interval {
            ranked += 1;
            held += u64::from(interval.contains(typical));
        }
    }
    let [mut coverage, false_verdicts, missed] =
        counts.map(|counts| counts.map(|count| count as f64 / trials as f64));
    coverage[1] *= trials as f64 / spread.max(1) as f64;
    let rank_coverage = (ranked > 0).then(|| held as f64 / ranked as f64);
    Ok(Cell { coverage, rank_coverage, false_verdicts, missed })
}

const NS: [usize; 5] = [3, 5, 10, 20, 30];

pub(super) fn table(trials: u64, bar: &Bar) -> Result<Table> {
    let mut cells = Vec::new();
    for kind in Kind::ALL {
        for test_to_train in [0.0, 0.25] {
            for n in NS {
                cells.extend([0.0, MARGIN, 1.0].map(|truth| (kind, Design { n, test_to_train }, truth)));
            }
        }
    }
    let places: Vec<u64> = (0..cells.len() as u64).collect();
    let done = over_seeds(&places, None, bar, |at| {
        let (kind, design, truth) = cells[at as usize];
        difference(kind, design, truth, trials)
    })?;
    let mut table = Table::new([
        "values",
        "repetitions",
        "n",
        "truth",
        "coverage before",
        "now",
        "ranks",
        "false before",
        "now",
        "missed before",
        "now",
    ]);
    for ((kind, Design { n, test_to_train }, truth), cell) in cells.iter().zip(done) {
        let Cell { coverage, rank_coverage, false_verdicts, missed } = cell?;
        table.row([
            kind.name().to_owned(),
            if *test_to_train > 0.0 { "splits" } else { "fresh" }.to_owned(),
            n.to_string(),
            format!("{truth}"),
            percent(coverage[0]),
            percent(coverage[1]),
            rank_coverage.map_or("none".into(), percent),
            percent(false_verdicts[0]),
            percent(false_verdicts[1]),
            percent(missed[0]),
            percent(missed[1]),
        ])?;
    }
    Ok(table)
}
