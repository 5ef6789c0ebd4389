use std::{
    fmt::{self, Display},
    path::Path,
};

use serde::Serialize;
use serde_json::Value;

use crate::{
    error::StudyError,
    record::{Outcome, Record},
    results::Metric,
    runs::Progress,
    statistics::Better,
    study::Study,
};

/// How settings are chosen, declared as data: by their mean score over seeds on which nothing is judged.
///
/// ```text
/// score(c) = mean over seeds of the metric of run (c, seed);  chosen: the best score, of equal ones the first
/// ```
///
/// A candidate that has no score on one of the seeds, because training diverged, is out.
///
/// ```
/// use cl_study::{Better, Choice, Metric, Quiet, Record};
///
/// let choice = Choice::new("rate of random order", [100, 101, 102], Metric::scalar("validation"), Better::Higher);
/// let judged = [1, 2, 3];
/// let chosen = choice.choose(&[0.01, 0.1, 1.0], &judged, None, None, &Quiet, |&rate, seed| {
///     // Stands for a training, which diverges at a high rate.
///     let accuracy = 0.9 - (rate - 0.1_f64).abs() + seed as f64 / 1e6;
///     Ok::<_, &str>((rate < 1.0).then(|| Record::new().scalar("validation", accuracy)))
/// })?;
/// assert_eq!((chosen.candidate, chosen.at_ends.len()), (0.1, 0));
/// assert_eq!(chosen.means[2], None);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What the choice is called.
    pub name: String,
    /// The seeds that it is made on.
    pub seeds: Vec<u64>,
    /// The score of a run, on validation data.
    pub metric: Metric,
    /// Which way the score points.
    pub better: Better,
    /// All else that decides a run, as data.
    pub settings: Value,
}

/// What was chosen, and by what.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen<C> {
    /// The candidate.
    pub candidate: C,
    /// Its records, seed by seed.
    pub records: Vec<Record>,
    /// The mean score of every candidate; none where it is out.
    pub means: Vec<Option<f64>>,
    /// Its numbers that are the least or the greatest of several tried: what is best may lie beyond them.
    pub at_ends: Vec<GridEnd>,
}

/// A number chosen at an end of its grid.
#[derive(Debug, Clone, PartialEq)]
pub struct GridEnd {
    /// The name of the number; empty where candidates are numbers themselves.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Whether it is the greatest tried, and not the least.
    pub greatest: bool,
}

impl Display for GridEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.name.is_empty() { "" } else { " " };
        let end = if self.greatest { "greatest" } else { "least" };
        write!(formatter, "{}{separator}{} is the {end} tried", self.name, self.value)
    }
}

impl Choice {
    /// A choice by the mean of `metric` over these seeds.
    pub fn new(name: impl Into<String>, seeds: impl Into<Vec<u64>>, metric: Metric, better: Better) -> Self {
        Self { name: name.into(), seeds: seeds.into(), metric, better, settings: Value::Null }
    }

    /// The same with all else that decides a run, by which a journal tells it from others.
    pub fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }

    /// Runs every candidate with every seed, as [`Study::run`] does with threads and journal, and chooses. `run` gives
    /// none where training diverged. `judged` are the seeds that what is chosen will be judged on.
    ///
    /// # Errors
    /// Where a seed is among those judged, candidates or seeds repeat or are missing, a run fails, a score is missing
    /// or not finite, or every candidate is out; and as [`Study::run`].
    pub fn choose<C: Clone + Serialize + Sync, E: Display>(
        &self,
        candidates: &[C],
        judged: &[u64],
        jobs: Option<usize>,
        journal: Option<&Path>,
        progress: &dyn Progress,
        run: impl Fn(&C, u64) -> Result<Option<Record>, E> + Sync,
    ) -> Result<Chosen<C>, StudyError> {
        if let Some(seed) = self.seeds.iter().find(|seed| judged.contains(seed)) {
            return Err(StudyError::argument("seeds", seed, "seeds on which nothing is judged"));
        }
        let mut study = Study::new(&self.name, self.seeds.clone()).setting("choice", self.settings.clone());
        for candidate in candidates {
            let settings = serde_json::to_value(candidate)
                .map_err(|problem| StudyError::Failed { what: "writing JSON", problem: problem.to_string() })?;
            study = study.arm(settings.to_string(), settings);
        }
        // A run without a score is one without a record.
        let results = study.run(jobs, journal, progress, |one| {
            run(&candidates[one.arm_place], one.seed).map(Option::unwrap_or_default)
        })?;
        let mut best: Option<(f64, usize)> = None;
        let mut means = Vec::with_capacity(candidates.len());
        for (place, runs) in results.runs.chunks(self.seeds.len()).enumerate() {
            let mut sum = Some(0.0);
            for run in runs {
                let what = || format!("{} of candidate {}, seed {}", self.metric, run.arm, run.seed);
                let record = match &run.outcome {
                    Outcome::Record(record) => record,
                    Outcome::Failed(why) => {
                        let problem = format!("{}: {why}", what());
                        return Err(StudyError::Failed { what: "choosing", problem });
                    }
                };
                if *record == Record::default() {
                    sum = None;
                    continue;
                }
                let value = self.metric.of(record)?;
                if !value.is_finite() {
                    return Err(StudyError::NotFinite { what: what(), index: 0, value });
                }
                sum = sum.map(|sum| sum + value);
            }
            means.push(sum.map(|sum| sum / self.seeds.len() as f64));
            // Sums order candidates as means do, and are not rounded once more.
            if let Some(sum) = sum
                && best.is_none_or(|(best, _)| sum != best && self.better.reaches(sum, best))
            {
                best = Some((sum, place));
            }
        }
        let Some((_, place)) = best else {
            let why = format!("training diverges with every candidate of {}", self.name);
            return Err(StudyError::Undefined { what: "the choice", why });
        };
        let settings: Vec<&Value> = results.study.arms.iter().map(|arm| &arm.settings).collect();
        Ok(Chosen {
            candidate: candidates[place].clone(),
            records: results
                .records("choice", &results.study.arms[place].name)?
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            means,
            at_ends: grid_ends(settings[place], &settings),
        })
    }
}

/// Where a candidate, a number or an object of numbers, lies at an end of those tried.
fn grid_ends(chosen: &Value, tried: &[&Value]) -> Vec<GridEnd> {
    let end = |name: &str, value: &Value, of: &dyn Fn(&Value) -> Option<f64>| {
        let value = value.as_f64()?;
        let values: Vec<f64> = tried.iter().filter_map(|&other| of(other)).collect();
        let (less, more) = (values.iter().any(|&other| other < value), values.iter().any(|&other| other > value));
        (less != more).then(|| GridEnd { name: name.to_owned(), value, greatest: less })
    };
    match chosen {
        Value::Object(numbers) => {
            numbers.iter().filter_map(|(name, value)| end(name, value, &|other| other[name].as_f64())).collect()
        }
        number => end("", number, &Value::as_f64).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::runs::Quiet;

    fn choice(better: Better) -> Choice {
        Choice::new("test", [7, 8], Metric::scalar("score"), better)
    }

    fn scored(score: f64) -> Result<Option<Record>, String> {
        Ok(Some(Record::new().scalar("score", score)))
    }

    #[test]
    fn the_best_mean_and_of_equal_ones_the_first() {
        let scores = [[1.0, 3.0], [2.0, 4.0], [4.0, 2.0], [9.0, f64::NAN]];
        let choose = |better| {
            let run = |&at: &usize, seed: u64| match scores[at][seed as usize - 7] {
                score if score.is_nan() => Ok(None),
                score => scored(score),
            };
            choice(better).choose(&[0, 1, 2, 3], &[1], Some(2), None, &Quiet, run).unwrap()
        };
        let highest = choose(Better::Higher);
        assert_eq!((highest.candidate, &highest.means[..]), (1, &[Some(2.0), Some(3.0), Some(3.0), None][..]));
        assert_eq!(highest.records.iter().map(|record| record.scalars["score"]).collect::<Vec<_>>(), [2.0, 4.0]);
        assert_eq!((highest.at_ends.len(), choose(Better::Lower).candidate), (0, 0));
    }

    #[test]
    fn ends_of_grids_are_told() {
        let tried = [json!({"rate": 0.1, "length": 5}), json!({"rate": 0.2, "length": 5}), json!(null)];
        let told = |chosen: &Value, tried: &[&Value]| -> Vec<String> {
            grid_ends(chosen, tried).iter().map(ToString::to_string).collect()
        };
        let all: Vec<&Value> = tried.iter().collect();
        assert_eq!(told(&tried[1], &all), ["rate 0.2 is the greatest tried"]);
        assert_eq!(told(&json!(1), &[&json!(1), &json!(3), &json!(2)]), ["1 is the least tried"]);
        assert!(told(&json!(2), &[&json!(1), &json!(3), &json!(2)]).is_empty());
        assert!(told(&json!(2), &[&json!(2)]).is_empty() && told(&json!("a"), &[&json!("b")]).is_empty());
    }

    #[test]
    fn a_journal_keeps_what_was_run() {
        let folder = tempfile::tempdir().unwrap();
        let (path, n_runs) = (folder.path().join("choice.jsonl"), AtomicUsize::new(0));
        let choose = |choice: Choice| {
            choice.choose(&[0.5, 0.25], &[], None, Some(&path), &Quiet, |&candidate, _| {
                n_runs.fetch_add(1, Ordering::Relaxed);
                scored(candidate)
            })
        };
        let chosen = choose(choice(Better::Lower)).unwrap();
        assert_eq!(choose(choice(Better::Lower)).unwrap(), chosen);
        assert_eq!(n_runs.load(Ordering::Relaxed), 4);
        let error = choose(choice(Better::Lower).settings(json!("other data"))).unwrap_err().to_string();
        assert!(error.contains("expected \"other data\""), "{error}");
    }

    #[test]
    fn what_cannot_be_chosen_is_refused() {
        let refused =
            |candidates: &[f64], judged: &[u64], run: fn(&f64, u64) -> Result<Option<Record>, String>| {
                choice(Better::Higher).choose(candidates, judged, None, None, &Quiet, run).unwrap_err().to_string()
            };
        let good = |&score: &f64, _| scored(score);
        assert!(refused(&[1.0], &[8, 9], good).starts_with("argument seeds is 8"));
        assert!(refused(&[], &[], good).contains("arms of the study"));
        assert!(refused(&[1.0, 1.0], &[], good).contains("two arms"));
        assert!(refused(&[1.0, f64::INFINITY], &[], good).contains("candidate null, seed 7 is inf"));
        assert!(refused(&[1.0], &[], |_, _| Ok(None)).contains("every candidate of test"));
        assert!(refused(&[1.0], &[], |_, _| Err("no data".into())).ends_with("seed 7: no data"));
        assert!(refused(&[1.0], &[], |_, _| Ok(Some(Record::new().scalar("x", 1.0)))).contains("unknown scalar"));
    }
}
