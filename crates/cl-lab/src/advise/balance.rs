use cl_study::{StudyError, quantile};
use serde::Serialize;

use super::sentence::{CannotSay, Sentence};
use crate::problem::{Problem, Task};

/// How many examples each class has; of numbers, how they are spread.
///
/// ```text
/// ratio               examples of the largest class / of the smallest that has any
/// effective classes   exp(-sum_k p_k ln p_k): as many equal classes would be as hard to guess
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Balance {
    /// Why there is nothing to tell.
    pub cannot_say: Option<CannotSay>,
    /// Every class that has examples, the largest first.
    pub classes: Vec<ClassCount>,
    /// How many times the smallest class goes into the largest.
    pub ratio: Option<f64>,
    /// The effective number of classes.
    pub effective_classes: Option<f64>,
    /// How the numbers are spread.
    pub numbers: Option<Spread>,
}

/// A class and how many examples it has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassCount {
    /// Its name.
    pub class: String,
    /// Its examples.
    pub examples: usize,
    /// Their share of all.
    pub share: f64,
}

/// Quantiles and moments of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// A quarter is below it.
    pub lower_quartile: f64,
    /// Half is below it.
    pub median: f64,
    /// Three quarters are below it.
    pub upper_quartile: f64,
    /// The greatest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation, of all of them.
    pub standard_deviation: f64,
}

impl Spread {
    /// Of finite numbers.
    ///
    /// # Errors
    /// Where there is none, or one is not finite.
    pub(super) fn of(values: &[f64]) -> Result<Self, StudyError> {
        let at = |p: f64| quantile(values, p);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        Ok(Self {
            min: at(0.0)?,
            lower_quartile: at(0.25)?,
            median: at(0.5)?,
            upper_quartile: at(0.75)?,
            max: at(1.0)?,
            mean,
            standard_deviation: (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt(),
        })
    }

    /// In words, where it stands at `of`.
    pub(super) fn sentence(&self, what: &str, of: &str) -> Sentence {
        let at = |name: &str| format!("{of}/{name}");
        Sentence::new(what)
            .words(" goes from ")
            .short(at("min"), self.min)
            .words(" to ")
            .short(at("max"), self.max)
            .words(", half of it between ")
            .short(at("lower_quartile"), self.lower_quartile)
            .words(" and ")
            .short(at("upper_quartile"), self.upper_quartile)
            .words("; mean ")
            .short(at("mean"), self.mean)
            .words(", standard deviation ")
            .short(at("standard_deviation"), self.standard_deviation)
            .words(".")
    }
}

impl Balance {
    /// Of one's data.
    ///
    /// # Errors
    /// Where a number to predict is not finite, which data sets have none of.
    pub(super) fn of(problem: &Problem) -> Result<Self, StudyError> {
        let data = problem.data();
        match problem.task() {
            Task::Classification => Ok(Self::of_labels(data.labels(), data.class_names())),
            Task::Regression => {
                let numbers: Vec<f64> =
                    (0..data.n_examples()).map(|example| f64::from(data.targets(example)[0])).collect();
                Ok(Self { numbers: Some(Spread::of(&numbers)?), ..Self::nothing() })
            }
        }
    }

    /// Of labels and the names of their classes.
    pub(super) fn of_labels(labels: &[usize], names: &[String]) -> Self {
        let mut counts = vec![0usize; names.len()];
        labels.iter().for_each(|&label| counts[label] += 1);
        let n = labels.len() as f64;
        let count = |(class, &examples): (&String, &usize)| ClassCount {
            class: class.clone(),
            examples,
            share: examples as f64 / n,
        };
        let mut classes: Vec<ClassCount> =
            names.iter().zip(&counts).filter(|(_, count)| **count > 0).map(count).collect();
        // A stable sort: equal classes keep their order.
        classes.sort_by_key(|class| std::cmp::Reverse(class.examples));
        let ratio = classes.first().zip(classes.last()).map(|(l, s)| l.examples as f64 / s.examples as f64);
        let entropy: f64 = classes.iter().map(|class| -class.share * class.share.ln()).sum();
        Self { classes, ratio, effective_classes: Some(entropy.exp()), ..Self::nothing() }
    }

    /// Where there is nothing to tell.
    pub(super) fn unknown(cannot_say: CannotSay) -> Self {
        Self { cannot_say: Some(cannot_say), ..Self::nothing() }
    }

    fn nothing() -> Self {
        Self { cannot_say: None, classes: Vec::new(), ratio: None, effective_classes: None, numbers: None }
    }

    /// In words.
    pub(super) fn sentences(&self) -> Vec<Sentence> {
        if let Some(cannot_say) = &self.cannot_say {
            return vec![cannot_say.sentence()];
        }
        if let Some(numbers) = &self.numbers {
            return vec![numbers.sentence("What is to be predicted", "/balance/numbers")];
        }
        let (Some(largest), Some(smallest)) = (self.classes.first(), self.classes.last()) else {
            return Vec::new();
        };
        let last = self.classes.len() - 1;
        let mut sentence = Sentence::new("The largest class, ")
            .name("/balance/classes/0/class", &largest.class)
            .words(", has ")
            .count("/balance/classes/0/examples", largest.examples)
            .words(" examples, the smallest, ")
            .name(format!("/balance/classes/{last}/class"), &smallest.class)
            .words(", ")
            .count(format!("/balance/classes/{last}/examples"), smallest.examples);
        if let Some(ratio) = self.ratio {
            sentence = sentence.words(", a ratio of ").number("/balance/ratio", ratio, 1);
        }
        if let Some(effective) = self.effective_classes {
            sentence = sentence
                .words(". They are as hard to guess as ")
                .number("/balance/effective_classes", effective, 1)
                .words(" equal classes");
        }
        vec![sentence.words(".")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_counted() {
        let names: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        let balance = Balance::of_labels(&[2, 0, 2, 2, 0, 2], &names);
        let counts: Vec<(&str, usize)> =
            balance.classes.iter().map(|class| (class.class.as_str(), class.examples)).collect();
        assert_eq!((counts, balance.ratio), (vec![("c", 4), ("a", 2)], Some(2.0)));
        // By hand: exp(-(2/3 ln 2/3 + 1/3 ln 1/3)) = 3 / 2^(2/3).
        assert!((balance.effective_classes.unwrap() - 3.0 / 2f64.powf(2.0 / 3.0)).abs() < 1e-12);
        assert!(balance.sentences()[0].text.contains("c, has 4 examples, the smallest, a, 2, a ratio of 2.0"));
    }

    #[test]
    fn numbers_have_quantiles() {
        let spread = Spread::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((spread.min, spread.lower_quartile, spread.median, spread.max), (1.0, 1.75, 2.5, 4.0));
        assert!((spread.standard_deviation - 1.25f64.sqrt()).abs() < 1e-12);
        assert!(Spread::of(&[]).is_err());
    }
}
