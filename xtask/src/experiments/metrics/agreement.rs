//! How far the scores of several runs agree: with one another, with themselves under other seeds, over epochs.

use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use cl_difficulty::agreement::top_overlap;
use cl_difficulty::spearman;
use cl_study::{Cell, Evidence, Figure, HeatMap, Interval, Record, Replications, Scale, StudyResults, Table};

use super::{
    claims::{LOGIT_MARGIN, STABLE},
    protocol::{Protocol, TOP},
};
use crate::{
    claim::{Measurement, Part},
    experiment::Findings,
};

/// The article's three metrics, the margin being that of the trained network's logits.
const THREE: [&str; 3] = ["loss", "logit_margin", "forgetting"];

/// The runs of one data set, one per seed, each with the scores that `names` names.
pub(super) struct Agreement<'a> {
    protocol: &'a Protocol,
    names: Vec<&'static str>,
    records: Vec<&'a Record>,
}

/// The records of an arm.
pub(super) fn records<'a>(results: &'a StudyResults, arm: &str) -> Result<Vec<&'a Record>> {
    Ok(results.records("all", arm)?.into_iter().flatten().collect())
}

/// The mean over seeds with its interval, seeds without a value left out.
pub(super) fn over_defined(values: impl IntoIterator<Item = f64>) -> Result<Measurement> {
    let defined: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    match defined[..] {
        [] => Ok(Measurement::Undefined { why: "a score is constant and ranks nothing".into() }),
        _ => Ok(Measurement::over_seeds(&defined)?),
    }
}

/// The mean over all pairs of n runs, with an interval that knows that pairs share runs: Student's, of the jackknife's
/// pseudo-values.
///
/// ```text
/// U = mean over i < j of u_ij          pseudo-value_i = n U - (n - 1) U without run i          mean of them: U
/// ```
///
/// Source: Arvesen (1969), Jackknifing U-Statistics.
fn over_pairs(n: usize, value: impl Fn(usize, usize) -> Result<f64>) -> Result<Measurement> {
    let mut values = vec![0.0; n * n];
    for (i, j) in (0..n).flat_map(|i| (0..i).map(move |j| (i, j))) {
        values[i * n + j] = value(i, j)?;
    }
    let mean_without = |left_out: Option<usize>| {
        let kept = |at: usize| Some(at) != left_out;
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).filter(|&(i, j)| kept(i) && kept(j));
        let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), (i, j)| (sum + values[i * n + j], count + 1.0));
        sum / count
    };
    let all = mean_without(None);
    if all.is_nan() {
        return Ok(Measurement::Undefined { why: "constant under some seed".into() });
    }
    if n < 3 {
        return Ok(Measurement::undefined(format!("{all:.3} of one pair of seeds, which has no interval")));
    }
    let (runs, others) = (n as f64, n as f64 - 1.0);
    let pseudo: Vec<f64> = (0..n).map(|run| runs * all - others * mean_without(Some(run))).collect();
    Ok(Measurement::over_seeds(&pseudo)?)
}

/// The ranks of the examples that both runs have.
fn in_common(a: &[f64], b: &[f64]) -> (Vec<f64>, Vec<f64>) {
    a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan()).unzip()
}

/// A mean with its interval, as a cell.
pub(super) fn cell(measurement: &Measurement) -> Cell {
    match measurement {
        Measurement::Sampled { evidence } => Cell::interval(evidence.estimate(), evidence.interval(0.95), 2),
        Measurement::Number { value } => Cell::number(*value, 2),
        Measurement::Text { text } => Cell::text(text.clone()),
        Measurement::Undefined { .. } => Cell::text("undefined"),
    }
}

/// The kinds of agreement between two scores of a run.
const KINDS: [&str; 3] = ["spearman", "kendall", "overlap"];

impl<'a> Agreement<'a> {
    pub(super) fn new(protocol: &'a Protocol, records: Vec<&'a Record>) -> Self {
        Self { protocol, names: protocol.names(), records }
    }

    pub(super) fn names(&self) -> &[&'static str] {
        &self.names
    }

    fn at(&self, name: &str) -> Result<usize> {
        self.names.iter().position(|other| *other == name).ok_or_else(|| anyhow!("no score {name}"))
    }

    fn of_pair(&self, kind: &str, i: usize, j: usize) -> Vec<f64> {
        let (i, j) = (i.max(j), i.min(j));
        let pair = i * i.saturating_sub(1) / 2 + j;
        self.records.iter().map(|record| record.curves[kind].get(pair).copied().unwrap_or(f64::NAN)).collect()
    }

    /// The correlation of two scores, one value per seed, NaN where undefined.
    pub(super) fn spearman(&self, a: &str, b: &str) -> Result<Vec<f64>> {
        Ok(self.of_pair("spearman", self.at(a)?, self.at(b)?))
    }

    /// The smallest correlation of any two of the article's three metrics, per seed.
    fn smallest(&self) -> Result<Vec<f64>> {
        let pairs = [[0, 1], [0, 2], [1, 2]].map(|[a, b]| self.spearman(THREE[a], THREE[b]));
        let [first, second, third] = pairs;
        let (first, second, third) = (first?, second?, third?);
        // NaN is smaller than any number here: what is undefined bears nothing out.
        let smaller = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) };
        Ok((0..first.len()).map(|seed| smaller(first[seed], smaller(second[seed], third[seed]))).collect())
    }

    fn ranks(&self, name: &str) -> Result<Vec<&Vec<f64>>> {
        let key = format!("ranks of {name}");
        let ranks = self.records.iter().map(|record| record.curves.get(&key));
        ranks.map(|ranks| ranks.ok_or_else(|| anyhow!("no {key}"))).collect()
    }

    /// The correlation of a score with itself under other seeds.
    pub(super) fn between_seeds(&self, name: &str) -> Result<Measurement> {
        let ranks = self.ranks(name)?;
        over_pairs(ranks.len(), |i, j| {
            let (a, b) = in_common(ranks[i], ranks[j]);
            Ok(spearman(&a, &b)?.unwrap_or(f64::NAN))
        })
    }

    /// How many of the hardest stay the hardest under other seeds.
    fn top_between_seeds(&self, name: &str) -> Result<Measurement> {
        let ranks = self.ranks(name)?;
        over_pairs(ranks.len(), |i, j| {
            let (a, b) = in_common(ranks[i], ranks[j]);
            let overlap = top_overlap(&a, &b, &[TOP], (i * ranks.len() + j) as u64)?;
            Ok(overlap.into_iter().flatten().next().unwrap_or(f64::NAN))
        })
    }

    /// The correlation of a score at each checkpoint with that at the end, seeds in their order; empty for a score of
    /// the trained network.
    pub(super) fn over_epochs(&self, name: &str) -> Vec<Vec<f64>> {
        let key = format!("epochs of {name}");
        let of = |at: usize| self.records.iter().map(|record| record.curves[&key][at]).collect();
        let n = self.records.first().map_or(0, |record| record.curves[&key].len());
        (0..n).map(of).collect()
    }

    /// Correlations of a run as they are judged, with an interval that allows for the examples that runs share.
    pub(super) fn correlations(&self, values: impl IntoIterator<Item = f64>) -> Result<Measurement> {
        self.shared(over_defined(values)?)?.on(Scale::Correlation).map_err(Into::into)
    }

    /// The same for any number.
    pub(super) fn shared(&self, measurement: Measurement) -> Result<Measurement> {
        match measurement {
            Measurement::Sampled { evidence: Evidence::Replications(values) } => {
                Ok(Measurement::over_splits(values.values(), self.protocol.shared)?)
            }
            other => Ok(other),
        }
    }

    /// Judges what is said of the three metrics.
    pub(super) fn judge(&self, findings: &mut Findings, conditions: &str) -> Result<()> {
        let smallest = self.correlations(self.smallest()?)?;
        findings.measure(LOGIT_MARGIN.id, Part::Real, conditions, smallest);
        let mut of_each = Vec::new();
        for name in THREE {
            if let Measurement::Sampled { evidence: Evidence::Replications(values) } = self.between_seeds(name)? {
                of_each.push(Replications::resplit(values.values().to_vec(), self.protocol.shared)?);
            }
        }
        let stability = if of_each.len() == THREE.len() {
            Measurement::Sampled { evidence: Evidence::least_of(of_each)? }
        } else {
            Measurement::undefined("a score is constant, or there are too few runs")
        };
        findings.measure(STABLE.id, Part::Real, conditions, stability);
        Ok(())
    }

    /// The mean over seeds for every pair; none where undefined under every seed.
    fn matrix(&self, kind: &str) -> Result<Vec<Vec<Option<f64>>>> {
        let n = self.names.len();
        let value = |i: usize, j: usize| -> Result<Option<f64>> {
            if i != j {
                return Ok(over_defined(self.of_pair(kind, i, j))?.estimate());
            }
            let ranks = self.ranks(self.names[i])?;
            let varies = |ranks: &Vec<f64>| {
                let mut of_run = ranks.iter().filter(|rank| !rank.is_nan());
                let first = of_run.next();
                of_run.any(|rank| Some(rank) != first)
            };
            Ok(ranks.iter().any(|ranks| varies(ranks)).then_some(1.0))
        };
        (0..n).map(|i| (0..n).map(|j| value(i, j)).collect()).collect()
    }

    /// A heat map of the mean Spearman correlation of every pair.
    pub(super) fn figure(&self, findings: &mut Findings, name: &str, title: &str, caption: String) -> Result<()> {
        let n = self.names.len() as u32;
        let names = || self.names.iter().copied();
        let svg = HeatMap::new(title, names(), names(), self.matrix("spearman")?)
            .diverging(-1.0, 1.0)
            .value_name("Spearman correlation")
            .render(330 + 34 * n, 230 + 24 * n)?;
        findings.figure(name, caption, svg);
        Ok(())
    }

    /// One row per score: with the loss, with the other scores, with itself under other seeds and at half of the
    /// epochs. Every pair goes to a CSV file beside the report, and every number into the results.
    pub(super) fn report(&self, findings: &mut Findings, key: &str, conditions: &str) -> Result<()> {
        let loss = self.at("loss")?;
        let mut table = Table::new([
            "score",
            "Spearman with loss",
            "Kendall tau-b with loss",
            "mean Spearman with the others",
            "with itself, other seed",
            "hardest 10 % shared, other seed",
            "with itself, half of the epochs",
        ]);
        for (i, &name) in self.names.iter().enumerate() {
            let others = (0..self.names.len()).filter(|&j| j != i).map(|j| self.of_pair("spearman", i, j));
            let mut sums = vec![(0.0, 0.0); self.records.len()];
            for values in others {
                let defined = sums.iter_mut().zip(values).filter(|(_, value)| !value.is_nan());
                defined.for_each(|((sum, count), value)| (*sum, *count) = (*sum + value, *count + 1.0));
            }
            let half = self.protocol.half().and_then(|half| self.over_epochs(name).into_iter().nth(half));
            let with_loss = |kind| match i == loss {
                true => Ok(Cell::Missing),
                false => over_defined(self.of_pair(kind, i, loss)).map(|value| cell(&value)),
            };
            table.row([
                Cell::text(name),
                with_loss("spearman")?,
                with_loss("kendall")?,
                cell(&over_defined(sums.into_iter().map(|(sum, count)| sum / count))?),
                cell(&self.between_seeds(name)?),
                cell(&self.top_between_seeds(name)?),
                half.map_or(Ok(Cell::Missing), |half| over_defined(half).map(|value| cell(&value)))?,
            ])?;
            findings.number(format!("{key}_epochs_{name}"), self.over_epochs(name))?;
            findings.number(format!("{key}_between_seeds_{name}"), self.between_seeds(name)?)?;
        }
        findings.tables.push((format!("Agreement of the scores: {conditions}"), table));
        findings.number(format!("{key}_scores"), &self.names)?;
        findings.number(format!("{key}_checkpoints"), &self.protocol.checkpoints)?;
        for kind in KINDS {
            let of_seeds: Vec<&Vec<f64>> = self.records.iter().map(|record| &record.curves[kind]).collect();
            findings.number(format!("{key}_{kind}_pairs"), of_seeds)?;
            findings.number(format!("{key}_{kind}_matrix"), self.matrix(kind)?)?;
        }
        findings.files.push((format!("metrics-{key}-pairs.csv"), self.csv()?));
        Ok(())
    }

    /// Every pair with every kind of agreement: mean, and the ends of its interval.
    fn csv(&self) -> Result<String> {
        let mut text = String::from("score,other");
        for kind in ["spearman", "kendall_tau_b", "overlap_of_hardest_tenth"] {
            write!(text, ",{kind},{kind}_low,{kind}_high")?;
        }
        for (i, j) in (0..self.names.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
            write!(text, "\n{},{}", self.names[j], self.names[i])?;
            for kind in KINDS {
                match over_defined(self.of_pair(kind, i, j))? {
                    Measurement::Sampled { evidence } => match evidence.interval(0.95) {
                        Some(Interval { low, high }) => write!(text, ",{},{low},{high}", evidence.estimate())?,
                        None => write!(text, ",{},,", evidence.estimate())?,
                    },
                    _ => text += ",,,",
                }
            }
        }
        text.push('\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of the pseudo-values is the mean over pairs, and values that do not differ have no spread.
    #[test]
    fn the_jackknife_keeps_the_mean_over_pairs() {
        let values = [[0.0; 4], [0.1, 0.0, 0.0, 0.0], [0.4, 0.2, 0.0, 0.0], [0.9, 0.3, 0.5, 0.0]];
        let measured = over_pairs(4, |i, j| Ok(values[i][j])).unwrap();
        let Measurement::Sampled { evidence } = &measured else { panic!("{measured:?}") };
        let (mean, interval) = (evidence.estimate(), evidence.interval(0.95).unwrap());
        assert!((mean - 0.4).abs() < 1e-12 && evidence.n() == 4);
        // By hand: U without each run is 1/3, 0.6, 13/30, 7/30; pseudo-values 0.6, -0.2, 0.3, 0.9.
        let spread = [0.6f64, -0.2, 0.3, 0.9].iter().map(|p| (p - 0.4).powi(2)).sum::<f64>();
        let half_width = 3.182_446_305 * (spread / 3.0 / 4.0).sqrt();
        assert!((interval.half_width() - half_width).abs() < 1e-6, "{interval:?}");
        let constant = over_pairs(3, |_, _| Ok(0.5)).unwrap();
        assert_eq!(constant.estimate(), Some(0.5));
        assert!(matches!(over_pairs(2, |_, _| Ok(0.5)).unwrap(), Measurement::Undefined { .. }));
        assert!(matches!(over_pairs(3, |_, _| Ok(f64::NAN)).unwrap(), Measurement::Undefined { .. }));
    }
}
