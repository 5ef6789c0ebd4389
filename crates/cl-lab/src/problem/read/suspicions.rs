use std::ops::Range;

use cl_data::Dataset;
use cl_data::io::listed;

use super::{by_feature::by_feature, duplicates::ByFeatures, tells::tells};
use crate::{
    error::LabError,
    problem::{Problem, Task},
};

/// Columns of categories: their names, and which features they became, in ascending order.
type Categories = [(String, Range<usize>)];

/// From this correlation on a feature is the number to predict.
const COPY: f64 = 0.999_999;

/// What a feature looks like.
enum Look {
    /// It carries something, as far as can be seen.
    Plain,
    Constant,
    /// It gives the answer away, in words.
    Tells(String),
}

/// What is likely wrong with data: features that give the answer away, that are constant, examples that are there twice.
/// O(n d + n log n).
///
/// # Errors
/// Where every feature is constant.
pub(super) fn suspicions(problem: &Problem, categories: &Categories) -> Result<Vec<String>, LabError> {
    let (data, task, target) = (problem.data(), problem.task(), problem.target());
    let answers = answers(data, task);
    let looks =
        by_feature(data, |feature, values| look(values, data, task, &answers, is_alone(feature, categories)));
    let names = data.feature_names();
    let constant: Vec<&String> = names
        .iter()
        .zip(&looks)
        .filter(|(_, look)| matches!(look, Look::Constant))
        .map(|(name, _)| name)
        .collect();
    if constant.len() == names.len() {
        let constant = listed(&constant);
        let wrong = format!("every feature is constant ({constant}), expected one at least that differs");
        return Err(LabError::problem(problem.name(), wrong));
    }
    let mut warnings = Vec::new();
    let mut telling: Vec<String> = names
        .iter()
        .zip(&looks)
        .filter_map(|(name, look)| match look {
            Look::Tells(how) => Some(format!("`{name}` ({how})")),
            Look::Plain | Look::Constant => None,
        })
        .collect();
    for (name, features) in categories {
        let of_example = |example: usize| {
            let values = &data.example(example)[features.clone()];
            values.iter().position(|&value| value != 0.0).map_or(u32::MAX, |place| place as u32)
        };
        let values: Vec<u32> = (0..data.n_examples()).map(of_example).collect();
        if let Some(n) = tells(&values, &answers) {
            telling.push(format!("`{name}` ({})", said(n, &answers)));
        }
    }
    if !telling.is_empty() {
        warnings.push(format!(
            "a leak? these give `{target}` away: {}; leave out what is not known before `{target}` is",
            listed(&telling)
        ));
    }
    if !constant.is_empty() {
        let verb = if constant.len() == 1 { "feature is" } else { "features are" };
        warnings.push(format!(
            "{} {verb} constant (in single precision) and carry nothing: {}",
            constant.len(),
            listed(&constant)
        ));
    }
    warnings.extend(of_examples(problem, &answers));
    Ok(warnings)
}

/// What is to be predicted of each example, different for different answers.
fn answers(data: &Dataset<f32>, task: Task) -> Vec<u32> {
    match task {
        Task::Classification => data.labels().iter().map(|&label| label as u32).collect(),
        Task::Regression => {
            (0..data.n_examples()).map(|example| (data.targets(example)[0] + 0.0).to_bits()).collect()
        }
    }
}

/// Whether a feature is a column of its own and none of several that became of one.
fn is_alone(feature: usize, categories: &Categories) -> bool {
    let next = categories.partition_point(|(_, features)| features.end <= feature);
    categories.get(next).is_none_or(|(_, features)| !features.contains(&feature))
}

fn look(values: &[f32], data: &Dataset<f32>, task: Task, answers: &[u32], is_alone: bool) -> Look {
    if values.iter().all(|value| *value == values[0]) {
        return Look::Constant;
    }
    if !is_alone {
        return Look::Plain;
    }
    match task {
        Task::Classification => {
            let values: Vec<u32> = values.iter().map(|&value| (value + 0.0).to_bits()).collect();
            tells(&values, answers).map_or(Look::Plain, |n| Look::Tells(said(n, answers)))
        }
        Task::Regression => {
            let correlation = correlation(values, |example| data.targets(example)[0].into());
            match correlation.abs() > COPY {
                true => Look::Tells(format!("correlation {correlation:.7}")),
                false => Look::Plain,
            }
        }
    }
}

/// What is said of a feature of so many values, each of which goes with one answer.
fn said(n: usize, answers: &[u32]) -> String {
    let mut distinct = answers.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    match distinct.len() == n {
        true => format!("a copy: {n} values for {n} answers"),
        false => format!("each of its {n} values goes with one answer"),
    }
}

/// The correlation of Pearson; 0 where one of both is constant.
fn correlation(values: &[f32], other: impl Fn(usize) -> f64) -> f64 {
    let n = values.len() as f64;
    let pair = |at: usize| (f64::from(values[at]), other(at));
    let (mut mean_x, mut mean_y) = (0.0, 0.0);
    for (x, y) in (0..values.len()).map(pair) {
        (mean_x, mean_y) = (mean_x + x / n, mean_y + y / n);
    }
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in (0..values.len()).map(pair) {
        let (x, y) = (x - mean_x, y - mean_y);
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
    }
    let product = xx.sqrt() * yy.sqrt();
    if product > 0.0 { xy / product } else { 0.0 }
}

/// Examples that are there twice, or on both sides.
fn of_examples(problem: &Problem, answers: &[u32]) -> Vec<String> {
    let (data, target) = (problem.data(), problem.target());
    let by_features = ByFeatures::new(data);
    let found = by_features.duplicates(answers);
    let mut warnings = Vec::new();
    if let Some((first, second)) = found.first {
        let hint = if problem.groups().is_some() { "" } else { "; --groups keeps them together" };
        warnings.push(format!(
            "{} examples have the features of an earlier one (examples {first} and {second} first, from 0): tested on \
             after its twin was trained on, one is no test{hint}",
            found.n_again
        ));
    }
    if found.n_contradicting > 0 {
        warnings.push(format!(
            "{} examples have the features of one with another `{target}`: no model can be right about all of them",
            found.n_contradicting
        ));
    }
    if let Some(n) = problem.test().map(|test| by_features.n_shared(test)).filter(|&n| n > 0) {
        warnings.push(format!("{n} examples of the test set have the features of one that is trained on"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two plain features, beside those of each example.
    fn problem(task: Task, more: impl Fn(usize) -> Vec<f32>) -> Problem {
        let n = 60;
        let d = 2 + more(0).len();
        let plain = |i: usize| [((i * 37) % 61) as f32, ((i * i) % 59) as f32 * 0.5];
        let features = (0..n).flat_map(|i| plain(i).into_iter().chain(more(i))).collect();
        let data = match task {
            Task::Classification => Dataset::new(d, features, (0..n).map(|i| i % 3).collect(), 3).unwrap(),
            Task::Regression => {
                let numbers = (0..n).map(|i| ((i * 7) % 13) as f32).collect();
                Dataset::new(d, features, vec![0; n], 1).unwrap().with_targets(1, numbers).unwrap()
            }
        };
        of_data(task, data)
    }

    fn of_data(task: Task, data: Dataset<f32>) -> Problem {
        Problem::new("a.csv", task, data).unwrap().with_target("y")
    }

    fn warnings(problem: &Problem) -> Vec<String> {
        suspicions(problem, &[]).unwrap()
    }

    #[test]
    fn plain_data_raise_no_suspicion() {
        for task in [Task::Classification, Task::Regression] {
            assert!(warnings(&problem(task, |_| vec![])).is_empty());
        }
    }

    #[test]
    fn a_copy_of_the_label_is_seen() {
        let copy = problem(Task::Classification, |i| vec![[9.0, 2.0, -4.0][i % 3], (i % 6) as f32]);
        let found = warnings(&copy);
        let expected = "a leak? these give `y` away: `x2` (a copy: 3 values for 3 answers), `x3` (each of its 6 \
                        values goes with one answer); leave out what is not known before `y` is";
        assert_eq!(found, [expected]);
        let almost = problem(Task::Classification, |i| vec![if i == 59 { 0.0 } else { (i % 3) as f32 }]);
        assert!(warnings(&almost).is_empty());
    }

    #[test]
    fn a_line_through_the_number_is_seen() {
        let line = problem(Task::Regression, |i| vec![3.0 - 2.0 * ((i * 7) % 13) as f32]);
        assert!(warnings(&line)[0].contains("`x2` (correlation -1.0000000)"), "{:?}", warnings(&line));
        let near = problem(Task::Regression, |i| vec![((i * 7) % 13) as f32 + (i % 2) as f32 * 0.1]);
        assert!(warnings(&near).is_empty());
    }

    #[test]
    fn columns_of_categories_are_looked_at_as_one() {
        let one_hot = |i: usize| (0..3).map(|class| f32::from(u8::from(i % 3 == class))).collect::<Vec<_>>();
        let leak = problem(Task::Classification, one_hot);
        assert!(warnings(&leak).is_empty(), "each feature alone tells one class of three");
        let found = suspicions(&leak, &[("c".into(), 2..5)]).unwrap();
        assert!(found[0].contains("`c` (a copy: 3 values for 3 answers)"), "{found:?}");
        // What tells of two classes as a feature tells as a column, once.
        let is_first = |i: usize| usize::from(i.is_multiple_of(3));
        let three = problem(Task::Classification, |i| vec![is_first(i) as f32; 2]);
        let data = three.data().clone().with_labels((0..60).map(is_first).collect()).unwrap();
        let found = suspicions(&of_data(Task::Classification, data), &[("c".into(), 2..4)]).unwrap();
        assert!(
            found[0].contains("`c` (a copy: 2 values for 2 answers);") && !found[0].contains("x2"),
            "{found:?}"
        );
    }

    #[test]
    fn constant_features_are_listed_and_all_of_them_refused() {
        let some = problem(Task::Classification, |_| vec![4.0, 1.0 + 1e-9]);
        assert_eq!(warnings(&some), ["2 features are constant (in single precision) and carry nothing: x2, x3"]);
        let data = Dataset::new(2, [1.0, 2.0].repeat(40), (0..40).map(|i| i % 2).collect(), 2).unwrap();
        let refused = suspicions(&of_data(Task::Classification, data), &[]).unwrap_err().to_string();
        assert!(refused.starts_with("a.csv: every feature is constant (x0, x1), expected one"), "{refused}");
    }

    #[test]
    fn twins_are_counted() {
        let plain = problem(Task::Classification, |_| vec![]);
        let mut features = plain.data().features().as_slice().to_vec();
        features.copy_within(0..4, 6 * 2);
        let test = Dataset::new(2, features[..6].to_vec(), vec![0; 3], 3).unwrap();
        let data = Dataset::new(2, features, (0..60).map(|i| (i + i / 7) % 3).collect(), 3).unwrap();
        let twins = of_data(Task::Classification, data).with_test(test).unwrap();
        let found = warnings(&twins);
        let expected = "2 examples have the features of an earlier one (examples 0 and 6 first, from 0)";
        assert!(found[0].starts_with(expected), "{found:?}");
        // 0 and 6 have class 0; 1 has class 1 and 7 class (7 + 1) % 3 = 2.
        assert!(found[1].starts_with("2 examples have the features of one with another `y`"), "{found:?}");
        assert_eq!(found[2], "3 examples of the test set have the features of one that is trained on");
    }

    #[test]
    fn the_correlation_is_that_of_pearson() {
        let (x, y) = ([1.0f32, 2.0, 4.0, 7.0], [2.0, 1.0, 5.0, 3.0]);
        // Deviations -2.5 -1.5 .5 3.5 and -.75 -1.75 2.25 .25: 6.5 over the root of 21 times 8.75.
        let expected = 6.5 / (21.0f64 * 8.75).sqrt();
        assert!((correlation(&x, |at| y[at]) - expected).abs() < 1e-12);
        assert_eq!(correlation(&[3.0; 4], |at| y[at]), 0.0);
    }
}
