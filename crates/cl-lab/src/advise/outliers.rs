use cl_study::quantile;
use serde::Serialize;

use super::sentence::{CannotSay, Sentence};
use crate::{error::LabError, problem::Problem};

/// Numbers that models which have not seen them miss by far: as near as numbers come to wrong labels.
///
/// ```text
/// error    y - f(x), f of models that have not seen the example
/// spread   1.4826 times the median of |error - median error|: of normal errors their standard deviation
/// outlier  |error - median error| > 4 spreads            of normal errors, 1 in 16,000
/// r2       1 - sum error^2 / sum (y - mean y)^2
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outliers {
    /// Why there is nothing to tell.
    pub cannot_say: Option<CannotSay>,
    /// The share of the variance that the models explain.
    pub r2: Option<f64>,
    /// The spread of their errors.
    pub spread: Option<f64>,
    /// As many spreads from the median error is an outlier.
    pub beyond: f64,
    /// How many there are.
    pub count: usize,
    /// All of them, the farthest first.
    pub listed: Vec<Outlier>,
}

/// A number far from what models say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlier {
    /// The example.
    pub id: String,
    /// Its number.
    pub given: f64,
    /// What models say that have not seen it.
    pub predicted: f64,
    /// Their difference.
    pub error: f64,
}

/// As many spreads from the median error is an outlier.
const BEYOND: f64 = 4.0;

impl Outliers {
    /// By the predictions of models that have not seen the example.
    ///
    /// # Errors
    /// Where a prediction is not finite.
    pub(super) fn of(problem: &Problem, predicted: &[f64]) -> Result<Self, LabError> {
        let data = problem.data();
        let given: Vec<f64> = (0..data.n_examples()).map(|example| f64::from(data.targets(example)[0])).collect();
        let errors: Vec<f64> = given.iter().zip(predicted).map(|(given, predicted)| given - predicted).collect();
        let middle = quantile(&errors, 0.5)?;
        let away: Vec<f64> = errors.iter().map(|error| (error - middle).abs()).collect();
        let spread = 1.4826 * quantile(&away, 0.5)?;
        let mean = given.iter().sum::<f64>() / given.len() as f64;
        let total: f64 = given.iter().map(|given| (given - mean).powi(2)).sum();
        let left: f64 = errors.iter().map(|error| error * error).sum();
        let mut far: Vec<usize> = (0..away.len()).filter(|&example| away[example] > BEYOND * spread).collect();
        far.sort_by(|&a, &b| away[b].total_cmp(&away[a]).then(a.cmp(&b)));
        let listed: Vec<Outlier> = far
            .into_iter()
            .map(|example| Outlier {
                id: data.ids().get(example).unwrap_or_default().into_owned(),
                given: given[example],
                predicted: predicted[example],
                error: errors[example],
            })
            .collect();
        Ok(Self {
            cannot_say: None,
            r2: Some(1.0 - left / total),
            spread: Some(spread),
            beyond: BEYOND,
            count: listed.len(),
            listed,
        })
    }

    /// Where there is nothing to tell.
    pub(super) fn unknown(cannot_say: CannotSay) -> Self {
        let cannot_say = Some(cannot_say);
        Self { cannot_say, r2: None, spread: None, beyond: BEYOND, count: 0, listed: Vec::new() }
    }

    /// In words.
    pub(super) fn sentences(&self) -> Vec<Sentence> {
        if let Some(cannot_say) = &self.cannot_say {
            return vec![cannot_say.sentence()];
        }
        let (Some(r2), Some(spread)) = (self.r2, self.spread) else { return Vec::new() };
        let mut sentence = Sentence::new("Models that had not seen them explain ")
            .percent("/outliers/r2", r2)
            .words(" of the variance, with errors that spread by ")
            .short("/outliers/spread", spread)
            .words("; numbers missed by more than ")
            .number("/outliers/beyond", self.beyond, 0)
            .words(" times that: ")
            .count("/outliers/count", self.count);
        for (at, outlier) in self.listed.iter().take(N_SHOWN).enumerate() {
            let of = |name: &str| format!("/outliers/listed/{at}/{name}");
            sentence = sentence
                .words(if at == 0 { "; the farthest: " } else { ", " })
                .name(of("id"), &outlier.id)
                .words(" (")
                .short(of("given"), outlier.given)
                .words(", rather ")
                .short(of("predicted"), outlier.predicted)
                .words(")");
        }
        vec![sentence.words(".")]
    }
}

/// Outliers on the page.
const N_SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Task;
    use cl_data::Dataset;

    #[test]
    fn what_is_far_is_told() {
        let n = 100;
        let numbers: Vec<f32> = (0..n).map(|at| at as f32).collect();
        let data = Dataset::new(1, numbers.clone(), vec![0; n], 1).unwrap().with_targets(1, numbers).unwrap();
        let problem = Problem::new("made", Task::Regression, data).unwrap();
        let mut predicted: Vec<f64> = (0..n).map(|at| at as f64 + if at % 2 == 0 { 1.0 } else { -1.0 }).collect();
        predicted[40] -= 50.0;
        predicted[7] += 30.0;
        let outliers = Outliers::of(&problem, &predicted).unwrap();
        let ids: Vec<&str> = outliers.listed.iter().map(|outlier| outlier.id.as_str()).collect();
        assert_eq!((ids, outliers.count), (vec!["40", "7"], 2));
        assert!((outliers.spread.unwrap() - 1.4826).abs() < 1e-9 && outliers.r2.unwrap() > 0.9);
    }
}
