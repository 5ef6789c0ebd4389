use std::fmt;

use cl_data::Version;
use serde::{Deserialize, Serialize};

use crate::{
    error::{StudyError, check_length},
    record::{EndedRun, Outcome, Record},
    statistics::{Better, Bootstrap, Paired, Summary, TimeRatio, holm, time_ratio, time_to_target, value_at},
    study::Study,
    table::{Cell, Table},
};

/// All runs of a study, in the order of its declaration.
///
/// Saved, they carry the version of their form; results without one are of version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct StudyResults {
    version: Version<1>,
    /// The declaration.
    pub study: Study,
    /// Its runs: by setting, then by arm, then by seed.
    pub runs: Vec<EndedRun>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(default, rename = "version")]
    _version: Version<1>,
    study: Study,
    runs: Vec<EndedRun>,
}

impl TryFrom<Unchecked> for StudyResults {
    type Error = StudyError;

    fn try_from(Unchecked { study, runs, .. }: Unchecked) -> Result<Self, StudyError> {
        let declared = study.runs();
        check_length("runs", runs.len(), declared.len(), "one per setting, arm and seed")?;
        for (run, declared) in runs.iter().zip(&declared) {
            let name = |(setting, arm, seed): (&str, &str, u64)| format!("{arm} in {setting}, seed {seed}");
            let found = (run.setting.as_str(), run.arm.as_str(), run.seed);
            let expected = (declared.setting.name.as_str(), declared.arm.name.as_str(), declared.seed);
            if found != expected {
                return Err(StudyError::argument("runs", name(found), name(expected)));
            }
        }
        drop(declared);
        Ok(Self::new(study, runs))
    }
}

/// The number by which arms are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Metric {
    /// A scalar of the record.
    Scalar(String),
    /// A curve where a budget is spent: the last value measured by then. With `updates` and with `examples` for
    /// steps, the two equal-budget comparisons.
    AtBudget {
        /// The curve.
        curve: String,
        /// The curve that holds its steps.
        steps: String,
        /// The budget, in those steps.
        budget: f64,
    },
}

impl Metric {
    /// A scalar of the record.
    pub fn scalar(name: impl Into<String>) -> Self {
        Self::Scalar(name.into())
    }

    /// The value of `curve` when `budget` of `steps` are spent.
    pub fn at_budget(curve: impl Into<String>, steps: impl Into<String>, budget: f64) -> Self {
        Self::AtBudget { curve: curve.into(), steps: steps.into(), budget }
    }

    pub(crate) fn of(&self, record: &Record) -> Result<f64, StudyError> {
        match self {
            Self::Scalar(name) => record
                .scalars
                .get(name)
                .copied()
                .ok_or_else(|| StudyError::unknown("scalar", name, record.scalars.keys().map(String::as_str))),
            Self::AtBudget { curve: name, steps, budget } => {
                value_at(curve(record, steps)?, curve(record, name)?, *budget)?.ok_or_else(|| {
                    StudyError::argument("budget", budget, format!("at least the first of the {steps}"))
                })
            }
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(name) => f.write_str(name),
            Self::AtBudget { curve, steps, budget } => write!(f, "{curve} at {budget} {steps}"),
        }
    }
}

fn curve<'a>(record: &'a Record, name: &str) -> Result<&'a [f64], StudyError> {
    let known = || record.curves.keys().map(String::as_str);
    record.curves.get(name).map(Vec::as_slice).ok_or_else(|| StudyError::unknown("curve", name, known()))
}

/// One arm against the control in one setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The name of the arm.
    pub arm: String,
    /// The arm over all its seeds.
    pub summary: Summary,
    /// The arm minus the control, over seeds on which both ended well.
    pub paired: Paired,
    /// The p value of Wilcoxon's test, by Holm's correction over all arms compared.
    pub holm_p: f64,
    /// The number of seeds on which the arm or the control failed.
    pub missing: usize,
    /// Whether both made the same number of `updates` on every seed; none where it was not recorded.
    pub equal_updates: Option<bool>,
    /// Whether both processed the same number of `examples` on every seed; none where it was not recorded.
    pub equal_examples: Option<bool>,
}

impl StudyResults {
    pub(crate) fn new(study: Study, runs: Vec<EndedRun>) -> Self {
        Self { version: Version, study, runs }
    }

    /// The runs that failed.
    pub fn failed(&self) -> impl Iterator<Item = &EndedRun> {
        self.runs.iter().filter(|run| matches!(run.outcome, Outcome::Failed(_)))
    }

    /// The records of one arm in one setting, in the order of the seeds; none where the run failed.
    ///
    /// # Errors
    /// For a name that the study does not have.
    pub fn records(&self, setting: &str, arm: &str) -> Result<Vec<Option<&Record>>, StudyError> {
        let study = &self.study;
        let settings = || study.settings.iter().map(|setting| setting.name.as_str());
        let arms = || study.arms.iter().map(|arm| arm.name.as_str());
        let unknown_setting = || StudyError::unknown("setting", setting, settings());
        let setting_at = settings().position(|name| name == setting).ok_or_else(unknown_setting)?;
        let unknown_arm = || StudyError::unknown("arm", arm, arms());
        let arm_at = arms().position(|name| name == arm).ok_or_else(unknown_arm)?;
        let n_seeds = study.seeds.len();
        let first = (setting_at * study.arms.len() + arm_at) * n_seeds;
        let runs = self.runs.get(first..first + n_seeds).unwrap_or_default();
        Ok(runs
            .iter()
            .map(|run| match &run.outcome {
                Outcome::Record(record) => Some(record),
                Outcome::Failed(_) => None,
            })
            .collect())
    }

    /// The metric of one arm in one setting, in the order of the seeds; none where the run failed.
    ///
    /// # Errors
    /// For a name that the study or a record does not have, or a value that is not finite.
    pub fn values(&self, setting: &str, arm: &str, metric: &Metric) -> Result<Vec<Option<f64>>, StudyError> {
        let value = |(at, record): (usize, Option<&Record>)| {
            let Some(record) = record else { return Ok(None) };
            match metric.of(record)? {
                value if value.is_finite() => Ok(Some(value)),
                value => {
                    let what = format!("{metric} of arm {arm:?} in setting {setting:?}");
                    Err(StudyError::NotFinite { what, index: at, value })
                }
            }
        };
        self.records(setting, arm)?.into_iter().enumerate().map(value).collect()
    }

    /// Mean, spread and interval of one arm, over the runs that ended well.
    ///
    /// # Errors
    /// As [`values`](Self::values), and where no run ended well.
    pub fn summary(&self, setting: &str, arm: &str, metric: &Metric) -> Result<Summary, StudyError> {
        let values: Vec<f64> = self.values(setting, arm, metric)?.into_iter().flatten().collect();
        Summary::of(&values)
    }

    /// One arm minus another, over the seeds on which both ended well.
    ///
    /// # Errors
    /// As [`values`](Self::values), and where there is no such seed.
    pub fn paired(&self, setting: &str, arm: &str, control: &str, metric: &Metric) -> Result<Paired, StudyError> {
        let (arm, control) = (self.values(setting, arm, metric)?, self.values(setting, control, metric)?);
        Paired::of(arm.iter().zip(control).filter_map(|(arm, control)| Some((*arm)? - control?)).collect())
    }

    /// How much sooner than the control one arm reaches a target, over seeds.
    ///
    /// A failed run has no time, and counts as one that never arrives.
    ///
    /// # Errors
    /// For a name that the study or a record does not have, curves without steps, or values that are not finite.
    #[expect(clippy::too_many_arguments, reason = "two arms, a curve over steps and a target are that many")]
    pub fn time_ratio(
        &self,
        setting: &str,
        arm: &str,
        control: &str,
        values: &str,
        steps: &str,
        target: f64,
        better: Better,
        bootstrap: &Bootstrap,
    ) -> Result<TimeRatio, StudyError> {
        let times = |arm| -> Result<Vec<Option<f64>>, StudyError> {
            let time = |record: Option<&Record>| match record {
                Some(record) => time_to_target(curve(record, steps)?, curve(record, values)?, target, better),
                None => Ok(None),
            };
            self.records(setting, arm)?.into_iter().map(time).collect()
        };
        time_ratio(&times(arm)?, &times(control)?, bootstrap)
    }

    /// Every arm but the control against the control, with Holm's correction over them.
    ///
    /// # Errors
    /// As [`paired`](Self::paired).
    pub fn compare(&self, setting: &str, control: &str, metric: &Metric) -> Result<Vec<Comparison>, StudyError> {
        let arms = self.study.arms.iter().map(|arm| arm.name.as_str()).filter(|&arm| arm != control);
        let mut comparisons = arms
            .map(|arm| {
                let paired = self.paired(setting, arm, control, metric)?;
                Ok(Comparison {
                    arm: arm.to_owned(),
                    summary: self.summary(setting, arm, metric)?,
                    holm_p: paired.wilcoxon.p,
                    missing: self.study.seeds.len() - paired.differences.len(),
                    equal_updates: self.equal_budget(setting, arm, control, "updates")?,
                    equal_examples: self.equal_budget(setting, arm, control, "examples")?,
                    paired,
                })
            })
            .collect::<Result<Vec<_>, StudyError>>()?;
        let p_values: Vec<f64> = comparisons.iter().map(|comparison| comparison.holm_p).collect();
        for (comparison, p) in comparisons.iter_mut().zip(holm(&p_values)?) {
            comparison.holm_p = p;
        }
        Ok(comparisons)
    }

    fn equal_budget(
        &self,
        setting: &str,
        arm: &str,
        control: &str,
        scalar: &str,
    ) -> Result<Option<bool>, StudyError> {
        let spent = |arm| -> Result<Vec<_>, StudyError> {
            Ok(self.records(setting, arm)?.into_iter().map(|record| record?.scalars.get(scalar)).collect())
        };
        let pairs: Vec<_> =
            spent(arm)?.into_iter().zip(spent(control)?).filter_map(|(arm, control)| arm.zip(control)).collect();
        Ok((!pairs.is_empty()).then(|| pairs.iter().all(|(arm, control)| arm == control)))
    }

    /// A table of all arms in one setting: mean with interval, difference to the control with interval, share of
    /// seeds above the control, effect size, tests, and whether the budgets are equal.
    ///
    /// # Errors
    /// As [`compare`](Self::compare).
    pub fn table(
        &self,
        setting: &str,
        control: &str,
        metric: &Metric,
        digits: usize,
    ) -> Result<Table, StudyError> {
        let mut table = Table::new([
            "arm".to_owned(),
            "runs".to_owned(),
            metric.to_string(),
            format!("difference to {control}"),
            "seeds higher".to_owned(),
            "effect size".to_owned(),
            "sign test p".to_owned(),
            "Wilcoxon p".to_owned(),
            "Holm p".to_owned(),
            "equal budget".to_owned(),
        ]);
        let baseline = self.summary(setting, control, metric)?;
        let head = [Cell::text(control), Cell::count(baseline.n), Cell::mean(&baseline, digits)];
        table.row(head.into_iter().chain(vec![Cell::Missing; 7]))?;
        for Comparison { arm, summary, paired, holm_p, equal_updates, equal_examples, .. } in
            self.compare(setting, control, metric)?
        {
            table.row([
                Cell::text(arm),
                Cell::count(summary.n),
                Cell::mean(&summary, digits),
                Cell::interval(paired.mean_difference, paired.interval, digits),
                Cell::text(format!("{}/{}", paired.higher.successes, paired.higher.total)),
                paired.effect_size.map_or(Cell::Missing, |d| Cell::number(d, 2)),
                Cell::number(paired.sign_test.p, 4),
                Cell::number(paired.wilcoxon.p, 4),
                Cell::number(holm_p, 4),
                match (equal_updates, equal_examples) {
                    (Some(true), Some(true)) => Cell::text("updates, examples"),
                    (Some(true), _) => Cell::text("updates"),
                    (_, Some(true)) => Cell::text("examples"),
                    (None, None) => Cell::Missing,
                    _ => Cell::text("no"),
                },
            ])?;
        }
        Ok(table)
    }
}
