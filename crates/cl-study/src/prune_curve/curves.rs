use std::collections::HashMap;

use cl_data::Version;
use serde::{Deserialize, Serialize};

use super::prune_study::{EqualBudget, PruneOutcome, PruneStudy};
use crate::{
    error::StudyError,
    figure::LineFigure,
    statistics::{Paired, Summary},
    table::{Cell, Table},
};

/// One run of a prune study that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedPruneRun {
    /// The method.
    pub method: String,
    /// The part of the data that was kept.
    pub kept: f64,
    /// What was held equal.
    pub budget: EqualBudget,
    /// The seed.
    pub seed: u64,
    /// What it gave back; none where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<PruneOutcome>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl EndedPruneRun {
    pub(super) fn new(
        method: String,
        kept: f64,
        budget: EqualBudget,
        seed: u64,
        outcome: Result<PruneOutcome, String>,
    ) -> Self {
        let (outcome, failed) = match outcome {
            Ok(outcome) => (Some(outcome), None),
            Err(why) => (None, Some(why)),
        };
        Self { method, kept, budget, seed, outcome, failed }
    }
}

/// One point of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// The part of the data that was kept.
    pub kept: f64,
    /// The accuracy over seeds; none where all failed.
    pub accuracy: Option<Summary>,
    /// The runs that ended well.
    pub outcomes: Vec<PruneOutcome>,
}

/// The results of a prune study, which serialise: a study file. It carries the version of its form; a file without
/// one is of version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct PruneCurves {
    version: Version<1>,
    study: PruneStudy,
    runs: Vec<EndedPruneRun>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(default, rename = "version")]
    _version: Version<1>,
    study: PruneStudy,
    runs: Vec<EndedPruneRun>,
}

impl TryFrom<Unchecked> for PruneCurves {
    type Error = StudyError;

    fn try_from(unchecked: Unchecked) -> Result<Self, StudyError> {
        Self::new(unchecked.study, unchecked.runs)
    }
}

impl PruneCurves {
    /// The results of a study: every method at every fraction, budget and seed once, in any order.
    ///
    /// # Errors
    /// Where the study is none, a run is missing, of another study, or there twice, or an accuracy is not finite.
    pub fn new(study: PruneStudy, mut runs: Vec<EndedPruneRun>) -> Result<Self, StudyError> {
        study.check()?;
        let mut places = HashMap::new();
        for budget in &study.budgets {
            for method in &study.methods {
                for kept in &study.kept {
                    for seed in &study.seeds {
                        places.insert((*budget, method.as_str(), kept.to_bits(), *seed), places.len());
                    }
                }
            }
        }
        let n = study.budgets.len() * study.methods.len() * study.kept.len() * study.seeds.len();
        if places.len() != n {
            let methods = study.methods.join(", ");
            return Err(StudyError::argument("methods and seeds", methods, "every method, budget and seed once"));
        }
        if runs.len() != n {
            let (found, expected) = (runs.len(), n);
            let (what, why) = ("runs".to_owned(), "one per method, fraction, budget and seed");
            return Err(StudyError::LengthMismatch { what, found, expected, why });
        }
        let mut order = Vec::with_capacity(n);
        for run in &runs {
            let EndedPruneRun { method, kept, budget, seed, .. } = run;
            let name = || format!("{method}, {kept} kept, equal {budget}, seed {seed}");
            let Some(place) = places.remove(&(*budget, method.as_str(), kept.to_bits(), *seed)) else {
                return Err(StudyError::argument("runs", name(), "every run of the study once, and no other"));
            };
            if run.outcome.is_some() == run.failed.is_some() {
                return Err(StudyError::argument("runs", name(), "either an outcome or why it failed"));
            }
            if let Some(outcome) = run.outcome.as_ref().filter(|outcome| !outcome.accuracy.is_finite()) {
                let (what, value) = (format!("accuracy of {}", name()), outcome.accuracy);
                return Err(StudyError::NotFinite { what, index: 0, value });
            }
            order.push(place);
        }
        drop(places);
        let mut keyed: Vec<(usize, EndedPruneRun)> = order.into_iter().zip(runs.drain(..)).collect();
        keyed.sort_by_key(|&(place, _)| place);
        Ok(Self { version: Version, study, runs: keyed.into_iter().map(|(_, run)| run).collect() })
    }

    /// The declaration.
    pub fn study(&self) -> &PruneStudy {
        &self.study
    }

    /// All runs: by budget, then by method, then by fraction, then by seed.
    pub fn runs(&self) -> &[EndedPruneRun] {
        &self.runs
    }

    /// The runs that failed.
    pub fn failed(&self) -> impl Iterator<Item = &EndedPruneRun> {
        self.runs.iter().filter(|run| run.failed.is_some())
    }

    /// The runs of one method under one budget: by fraction, then by seed.
    pub(super) fn runs_of(&self, method: &str, budget: EqualBudget) -> Result<&[EndedPruneRun], StudyError> {
        let study = &self.study;
        let methods = || study.methods.iter().map(String::as_str);
        let method_at = methods()
            .position(|name| name == method)
            .ok_or_else(|| StudyError::unknown("method", method, methods()))?;
        let budget_at = study.budgets.iter().position(|&one| one == budget).ok_or_else(|| {
            let known: Vec<String> = study.budgets.iter().map(ToString::to_string).collect();
            StudyError::unknown("equal budget", &budget.to_string(), known.iter().map(String::as_str))
        })?;
        let n = study.kept.len() * study.seeds.len();
        let first = (budget_at * study.methods.len() + method_at) * n;
        Ok(&self.runs[first..first + n])
    }

    /// Accuracy against the part kept, largest first.
    ///
    /// # Errors
    /// For a method or budget that the study does not have.
    pub fn curve(&self, method: &str, budget: EqualBudget) -> Result<Vec<CurvePoint>, StudyError> {
        let runs = self.runs_of(method, budget)?;
        let point = |runs: &[EndedPruneRun]| {
            let outcomes: Vec<PruneOutcome> = runs.iter().filter_map(|run| run.outcome.clone()).collect();
            let accuracies: Vec<f64> = outcomes.iter().map(|outcome| outcome.accuracy).collect();
            let accuracy = if accuracies.is_empty() { None } else { Some(Summary::of(&accuracies)?) };
            Ok(CurvePoint { kept: runs[0].kept, accuracy, outcomes })
        };
        runs.chunks(self.study.seeds.len()).map(point).collect()
    }

    /// One row per method and fraction: accuracy, its difference to the control over the same seeds, what was kept
    /// (class balance and wrong labels) and what it cost.
    ///
    /// ```text
    /// class balance   entropy of the classes kept / ln(number of classes), 1 where all are equal
    /// wrong labels    share of the examples kept
    /// saved           examples of the run on all of the data - examples of this run - those of the scoring
    /// ```
    ///
    /// Means over the seeds that ended well; `saved` needs 1 among the fractions.
    ///
    /// # Errors
    /// For a control or budget that the study does not have.
    pub fn table(&self, budget: EqualBudget, control: &str) -> Result<Table, StudyError> {
        let mut table = Table::new([
            "method".to_owned(),
            "kept".to_owned(),
            "accuracy".to_owned(),
            format!("minus {control}"),
            "class balance".to_owned(),
            "wrong labels".to_owned(),
            "examples".to_owned(),
            "for scores".to_owned(),
            "saved".to_owned(),
        ]);
        let n_seeds = self.study.seeds.len();
        let whole = self.curve(PruneStudy::RANDOM, budget)?.into_iter().find(|point| point.kept == 1.0);
        let full = whole.and_then(|point| mean_of(&point.outcomes, |outcome| Some(outcome.examples as f64)));
        let controls = self.runs_of(control, budget)?;
        for method in &self.study.methods {
            let runs = self.runs_of(method, budget)?;
            for (at, point) in self.curve(method, budget)?.into_iter().enumerate() {
                let same = at * n_seeds..(at + 1) * n_seeds;
                let pairs = runs[same.clone()].iter().zip(&controls[same]);
                let (own, theirs): (Vec<f64>, Vec<f64>) = pairs
                    .filter_map(|(run, control)| {
                        Some((run.outcome.as_ref()?.accuracy, control.outcome.as_ref()?.accuracy))
                    })
                    .unzip();
                let difference = if method == control || own.is_empty() {
                    Cell::Missing
                } else {
                    let paired = Paired::between(&own, &theirs)?;
                    Cell::Mean { value: paired.mean_difference, interval: paired.interval, digits: 4 }
                };
                let mean = |value: &dyn Fn(&PruneOutcome) -> Option<f64>| mean_of(&point.outcomes, value);
                let number = |value: Option<f64>, digits| value.map_or(Cell::Missing, |v| Cell::number(v, digits));
                let examples = mean(&|outcome| Some(outcome.examples as f64));
                let scoring = mean(&|outcome| Some(outcome.scoring_examples as f64));
                let saved = match (full, examples, scoring) {
                    (Some(full), Some(examples), Some(scoring)) => Some(full - examples - scoring),
                    _ => None,
                };
                table.row([
                    Cell::text(method),
                    Cell::number(point.kept, 3),
                    point.accuracy.as_ref().map_or(Cell::Missing, |summary| Cell::mean(summary, 4)),
                    difference,
                    number(mean(&|outcome| class_balance(&outcome.kept_per_class)), 3),
                    number(mean(&|outcome| Some(outcome.wrong_labels? as f64 / outcome.n_kept.max(1) as f64)), 4),
                    number(examples, 0),
                    number(scoring, 0),
                    number(saved, 0),
                ])?;
            }
        }
        Ok(table)
    }

    /// The curves of all methods with 95 % bands over seeds; points where all runs failed are left out.
    ///
    /// # Errors
    /// For a budget that the study does not have.
    pub fn figure(&self, budget: EqualBudget) -> Result<LineFigure, StudyError> {
        let title = format!("{}: at equal {budget}", self.study.name);
        let mut figure = LineFigure::new(title, "part of the data kept", "accuracy");
        for method in &self.study.methods {
            let (x, summaries): (Vec<f64>, Vec<Summary>) = self
                .curve(method, budget)?
                .into_iter()
                .filter_map(|point| point.accuracy.map(|accuracy| (point.kept, accuracy)))
                .unzip();
            if !x.is_empty() {
                figure = figure.line_of_means(method, &x, &summaries);
            }
        }
        Ok(figure)
    }
}

/// The mean of what those outcomes hold that hold it.
fn mean_of(outcomes: &[PruneOutcome], value: impl Fn(&PruneOutcome) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = outcomes.iter().filter_map(value).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The entropy of the classes as a part of the most that it can be; none for fewer than two classes or no example.
fn class_balance(counts: &[usize]) -> Option<f64> {
    let n: usize = counts.iter().sum();
    if counts.len() < 2 || n == 0 {
        return None;
    }
    let shares = counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / n as f64);
    Some(-shares.map(|share| share * share.ln()).sum::<f64>() / (counts.len() as f64).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balance_of_classes() {
        assert_eq!(class_balance(&[]), None);
        assert_eq!(class_balance(&[3]), None);
        assert_eq!(class_balance(&[0, 0]), None);
        assert_eq!(class_balance(&[5, 0]), Some(0.0));
        assert!((class_balance(&[7, 7, 7]).unwrap() - 1.0).abs() < 1e-12);
        let quarter = class_balance(&[1, 3]).unwrap();
        assert!((quarter - (0.25 * 4f64.log2() + 0.75 * (4.0f64 / 3.0).log2())).abs() < 1e-12);
    }
}
