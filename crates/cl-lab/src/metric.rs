use std::{fmt, str::FromStr};

use cl_data::Dataset;
use cl_model::{Evaluation, log_softmax};
use serde::{Deserialize, Serialize};

use crate::{error::LabError, problem::Task};

/// How good a model is on examples that it has not seen.
///
/// ```text
/// accuracy             the share of examples whose most probable class is theirs
/// balanced-accuracy    the mean over classes of the share of theirs that is classified right
/// log-loss             the mean of -ln p_y, in nats; lower is better
/// auc                  P(s > s') + P(s = s') / 2 for an example of a class and one of none of it, s its probability:
///                      of two classes that of the second, of more the mean over classes
/// r2                   1 - sum (y - f)^2 / sum (y - mean y)^2
/// ```
///
/// Classes that the examples lack count nowhere.
///
/// ```
/// use cl_lab::{Metric, Task};
///
/// assert_eq!("balanced-accuracy".parse::<Metric>()?, Metric::BalancedAccuracy);
/// assert_eq!(Metric::default_of(Task::Regression), Metric::R2);
/// # Ok::<(), cl_lab::LabError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The share classified right.
    Accuracy,
    /// The mean over classes of it.
    BalancedAccuracy,
    /// The mean cross-entropy.
    LogLoss,
    /// The area under the receiver operating characteristic.
    Auc,
    /// The share of the variance that is explained.
    R2,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Accuracy, Self::BalancedAccuracy, Self::LogLoss, Self::Auc, Self::R2];

    /// What is taken where nothing is asked for.
    pub fn default_of(task: Task) -> Self {
        match task {
            Task::Classification => Self::Accuracy,
            Task::Regression => Self::R2,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced-accuracy",
            Self::LogLoss => "log-loss",
            Self::Auc => "auc",
            Self::R2 => "r2",
        }
    }

    /// What it is of.
    pub fn task(self) -> Task {
        if self == Self::R2 { Task::Regression } else { Task::Classification }
    }

    /// Whether more is better.
    pub fn higher_is_better(self) -> bool {
        self != Self::LogLoss
    }

    /// What differences are told in: their unit, and how many of it a difference of 1 is.
    pub fn unit(self) -> (&'static str, f64) {
        match self {
            Self::LogLoss => ("nats", 1.0),
            _ => ("points", 100.0),
        }
    }

    /// The largest difference that is not worth naming, where none is given: half a point, a hundredth of a nat.
    pub fn default_margin(self) -> f64 {
        if self == Self::LogLoss { 0.01 } else { 0.005 }
    }

    /// How much better `value` is than `other`: their difference, or its opposite where less is better.
    pub fn gain(self, value: f64, other: f64) -> f64 {
        if self.higher_is_better() { value - other } else { other - value }
    }

    /// The metric of a model's outputs for `data`; NaN where it is none, because a class or a variance is lacking.
    pub fn of(self, evaluation: &Evaluation<f32>, data: &Dataset<f32>) -> f64 {
        match self {
            Self::Accuracy => evaluation.accuracy(),
            Self::BalancedAccuracy => balanced_accuracy(&evaluation.correct, data),
            Self::LogLoss => {
                let of = |(example, row): (usize, &[f64])| -row[data.labels()[example]];
                mean(log_probabilities(evaluation, data).chunks_exact(data.n_classes()).enumerate().map(of))
            }
            Self::Auc => {
                let c = data.n_classes();
                let scores = log_probabilities(evaluation, data);
                let of_class = |class: usize| {
                    let members: Vec<bool> = data.labels().iter().map(|&label| label == class).collect();
                    let scores: Vec<f64> = scores.chunks_exact(c).map(|row| row[class]).collect();
                    area(&scores, &members)
                };
                let counts = data.class_counts();
                match c {
                    2 => of_class(1).unwrap_or(f64::NAN),
                    _ => mean((0..c).filter(|&class| counts[class] > 0).filter_map(of_class)),
                }
            }
            Self::R2 => {
                let number = |example: usize| f64::from(data.targets(example)[0]);
                let n = data.n_examples();
                let average = mean((0..n).map(number));
                let total: f64 = (0..n).map(|example| (number(example) - average).powi(2)).sum();
                let errors = evaluation.outputs.iter().enumerate();
                let left: f64 =
                    errors.map(|(example, &output)| (number(example) - f64::from(output)).powi(2)).sum();
                if total > 0.0 { 1.0 - left / total } else { f64::NAN }
            }
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = LabError;

    fn from_str(name: &str) -> Result<Self, LabError> {
        let names: Vec<&str> = Self::ALL.iter().map(|metric| metric.name()).collect();
        let found = Self::ALL.into_iter().find(|metric| metric.name() == name);
        found.ok_or_else(|| LabError::argument("metric", name, format!("one of {}", names.join(", "))))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    sum / n as f64
}

fn balanced_accuracy(correct: &[bool], data: &Dataset<f32>) -> f64 {
    let mut right = vec![0usize; data.n_classes()];
    data.labels().iter().zip(correct).for_each(|(&label, &correct)| right[label] += usize::from(correct));
    let counts = data.class_counts();
    mean(right.iter().zip(&counts).filter(|&(_, &n)| n > 0).map(|(&right, &n)| right as f64 / n as f64))
}

/// ln p of every class, c per example.
fn log_probabilities(evaluation: &Evaluation<f32>, data: &Dataset<f32>) -> Vec<f64> {
    let logits: Vec<f64> = evaluation.outputs.iter().map(|&logit| f64::from(logit)).collect();
    let mut logs = vec![0.0; logits.len()];
    let c = data.n_classes().max(1);
    logits.chunks_exact(c).zip(logs.chunks_exact_mut(c)).for_each(|(logits, logs)| log_softmax(logits, logs));
    logs
}

/// The area under the curve by Mann and Whitney's statistic, ties by their mean rank; none where all or none are members.
fn area(scores: &[f64], members: &[bool]) -> Option<f64> {
    let (n_members, n) = (members.iter().filter(|&&member| member).count(), scores.len());
    let n_others = n - n_members;
    if n_members == 0 || n_others == 0 {
        return None;
    }
    let ranks = cl_difficulty::average_ranks(scores).ok()?;
    let sum: f64 = ranks.iter().zip(members).filter(|&(_, &member)| member).map(|(rank, _)| rank).sum();
    let (m, o) = (n_members as f64, n_others as f64);
    Some((sum - m * (m + 1.0) / 2.0) / (m * o))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn evaluated(outputs: &[f32], data: &Dataset<f32>) -> Evaluation<f32> {
        let c = outputs.len() / data.n_examples();
        let largest = |row: &[f32]| (0..c).fold(0, |best, at| if row[at] > row[best] { at } else { best });
        let correct =
            outputs.chunks_exact(c).zip(data.labels()).map(|(row, &label)| largest(row) == label).collect();
        Evaluation { outputs: outputs.to_vec(), losses: vec![0.0; data.n_examples()], correct }
    }

    #[test]
    fn metrics_of_a_small_table() {
        let data = Dataset::new(1, vec![0.0; 4], vec![0, 0, 0, 1], 2).unwrap();
        let outputs = [2.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 3.0];
        let of = |metric: Metric| metric.of(&evaluated(&outputs, &data), &data);
        assert_eq!((of(Metric::Accuracy), of(Metric::Auc)), (0.75, 1.0));
        assert!((of(Metric::BalancedAccuracy) - (2.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12);
        let nats =
            [(-2f64).exp(), (-1f64).exp(), 1f64.exp(), (-3f64).exp()].map(f64::ln_1p).iter().sum::<f64>() / 4.0;
        assert!((of(Metric::LogLoss) - nats).abs() < 1e-12);
        let numbers =
            Dataset::new(1, vec![0.0; 3], vec![0; 3], 1).unwrap().with_targets(1, vec![1.0, 2.0, 3.0]).unwrap();
        let of = |outputs: &[f32]| Metric::R2.of(&evaluated(outputs, &numbers), &numbers);
        assert_eq!((of(&[1.0, 2.0, 3.0]), of(&[2.0; 3]), of(&[1.0, 2.0, 2.0])), (1.0, 0.0, 0.5));
        assert!(Metric::LogLoss.gain(0.3, 0.5) > 0.0 && Metric::Accuracy.gain(0.3, 0.5) < 0.0);
        assert!("acc".parse::<Metric>().unwrap_err().to_string().contains("balanced-accuracy"));
    }

    proptest! {
        /// The rank formula is the definition over all pairs.
        #[test]
        fn area_is_over_pairs(cases in prop::collection::vec((0i8..6, any::<bool>()), 1..40)) {
            let (scores, members): (Vec<f64>, Vec<bool>) =
                cases.into_iter().map(|(score, member)| (f64::from(score), member)).unzip();
            let (mut sum, mut n) = (0.0, 0.0);
            for (a, _) in scores.iter().zip(&members).filter(|&(_, &member)| member) {
                for (b, _) in scores.iter().zip(&members).filter(|&(_, &member)| !member) {
                    sum += if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 };
                    n += 1.0;
                }
            }
            match area(&scores, &members) {
                None => prop_assert!(n == 0.0),
                Some(area) => prop_assert!((area - sum / n).abs() < 1e-12),
            }
        }
    }
}
