use cl_difficulty::{MetricSettings, Recorder, log};
use cl_pacing::ShuffleSampler;
use cl_study::{Progress, Replications, Scale};
use rayon::prelude::*;
use serde::Serialize;

use super::{
    sentence::{CannotSay, Sentence},
    tuning::for_epochs,
};
use crate::{
    error::LabError,
    metric::Metric,
    problem::{Problem, Task},
    recipe::Recipe,
    split::Shares,
};

/// The share of examples that training never forgets, and of those that it never learns.
///
/// ```text
/// never forgotten    right at some presentation, and at every later one
/// never learned      right at none
/// ```
///
/// Source: Toneva et al. (2019), An Empirical Study of Example Forgetting during Deep Neural Network Learning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forgetting {
    /// Why nothing can be said.
    pub cannot_say: Option<CannotSay>,
    /// What was watched: `training`, of models of this command on parts of the data, or `log`, of a model of one's own.
    pub from: &'static str,
    /// The share never forgotten, the mean over trainings.
    pub never_forgotten: Option<f64>,
    /// The lower end of its 95 % interval; none of one training.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The share never learned, the mean over trainings.
    pub never_learned: Option<f64>,
    /// The lower end of its 95 % interval.
    pub never_learned_low: Option<f64>,
    /// The upper end.
    pub never_learned_high: Option<f64>,
    /// Trainings.
    pub seeds: usize,
    /// Passes over what a training is on.
    pub epochs: u64,
    /// Examples of a training.
    pub examples: usize,
}

/// The shares never forgotten and never learned of each training.
struct Counted {
    from: &'static str,
    shares: Vec<[f64; 2]>,
    epochs: u64,
    examples: usize,
    /// By how much training parts overlap: see [`Replications::resplit`].
    overlap: f64,
}

impl Forgetting {
    /// Watches `n_seeds` trainings, each on a training part, first weights and an order of its own.
    ///
    /// # Errors
    /// Where the data cannot be split.
    pub(super) fn of(
        problem: &Problem,
        recipe: &Recipe,
        epochs: u64,
        n_seeds: usize,
        progress: &dyn Progress,
    ) -> Result<Self, LabError> {
        if problem.task() == Task::Regression {
            return Ok(Self::unknown(CannotSay::because(
                "a number is never right, so that it is never forgotten either",
                "a class to predict",
            )));
        }
        let metric = Metric::default_of(problem.task());
        let run = |seed: u64| -> Result<(Option<[f64; 2]>, usize), LabError> {
            let parts = problem.split(Shares::default(), None, seed)?;
            let n = parts.train.n_examples();
            let recipe = for_epochs(recipe, n, epochs);
            let mut recorder = Recorder::new(n);
            let mut sampler = ShuffleSampler::new(n, recipe.batch_size, seed)?;
            let fitted = recipe.fit_observed(
                problem,
                &parts.train,
                &parts,
                metric,
                &mut sampler,
                seed,
                &mut [&mut recorder],
            )?;
            progress.advanced();
            let share = |flags: Vec<bool>| flags.iter().filter(|&&flag| flag).count() as f64 / n as f64;
            let whole = !fitted.diverged && recorder.error().is_none();
            let shares = [share(recorder.forgetting.unforgettable()), share(recorder.forgetting.never_learned())];
            Ok((whole.then_some(shares), n))
        };
        let runs: Vec<Result<_, LabError>> = (0..n_seeds as u64).into_par_iter().map(run).collect();
        let runs = runs.into_iter().collect::<Result<Vec<_>, LabError>>()?;
        let examples = runs.first().map_or(0, |&(_, n)| n);
        let shares: Vec<[f64; 2]> = runs.into_iter().filter_map(|(shares, _)| shares).collect();
        if shares.len() < 2 {
            let why = "fewer than two trainings could be watched to their end";
            return Ok(Self::unknown(CannotSay::because(why, "more time")));
        }
        let part = examples as f64 / problem.data().n_examples() as f64;
        Self::counted(Counted { from: "training", shares, epochs, examples, overlap: part / (1.0 - part) })
    }

    /// As a log of one's own model has it; of several runs each is a training.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub(super) fn of_log(runs: &mut [Box<dyn log::Source>]) -> Result<Self, LabError> {
        let metrics = [MetricSettings::parse("unforgettable", &[])?, MetricSettings::parse("never_learned", &[])?];
        let (mut shares, mut epochs, mut examples) = (Vec::new(), 0, 0);
        for run in runs {
            if metrics.iter().any(|metric| log::unavailable(metric, run.contents(), false).is_some()) {
                return Ok(Self::unknown(CannotSay::because(
                    "the log does not tell which examples were right",
                    "a log of logits, of probabilities or of what was right, with labels",
                )));
            }
            let scored = log::score(run.as_mut(), &metrics, &log::Scoring::default(), &mut ())?;
            let n = scored.ids.len();
            let share = |column: usize| scored.columns[column].values.to_floats().iter().sum::<f64>() / n as f64;
            shares.push([share(0), share(1)]);
            (epochs, examples) = (run.contents().epochs.len() as u64, n);
        }
        if epochs < 2 {
            return Ok(Self::unknown(CannotSay::because("the log has one epoch", "a log of two epochs at least")));
        }
        Self::counted(Counted { from: "log", shares, epochs, examples, overlap: 0.0 })
    }

    fn counted(counted: Counted) -> Result<Self, LabError> {
        let Counted { from, shares, epochs, examples, overlap } = counted;
        let of = |which: usize| -> Result<(f64, Option<f64>, Option<f64>), LabError> {
            let values: Vec<f64> = shares.iter().map(|shares| shares[which]).collect();
            let values = Replications::resplit(values, overlap)?.on(Scale::Share)?;
            let interval = values.interval(0.95);
            Ok((values.mean(), interval.map(|interval| interval.low), interval.map(|interval| interval.high)))
        };
        let (never_forgotten, low, high) = of(0)?;
        let (never_learned, never_learned_low, never_learned_high) = of(1)?;
        Ok(Self {
            cannot_say: None,
            from,
            never_forgotten: Some(never_forgotten),
            low,
            high,
            never_learned: Some(never_learned),
            never_learned_low,
            never_learned_high,
            seeds: shares.len(),
            epochs,
            examples,
        })
    }

    /// Where nothing can be said.
    pub(super) fn unknown(cannot_say: CannotSay) -> Self {
        Self {
            cannot_say: Some(cannot_say),
            from: "training",
            never_forgotten: None,
            low: None,
            high: None,
            never_learned: None,
            never_learned_low: None,
            never_learned_high: None,
            seeds: 0,
            epochs: 0,
            examples: 0,
        }
    }

    /// In words.
    pub(super) fn sentences(&self) -> Vec<Sentence> {
        if let Some(cannot_say) = &self.cannot_say {
            return vec![cannot_say.sentence()];
        }
        let of = |name: &str| format!("/forgetting/{name}");
        let interval =
            |sentence: Sentence, low: (&str, Option<f64>), high: (&str, Option<f64>)| match (low.1, high.1) {
                (Some(l), Some(h)) => {
                    sentence.words(" (").percent(of(low.0), l).words(" to ").percent(of(high.0), h).words(")")
                }
                _ => sentence,
            };
        let (Some(kept), Some(never)) = (self.never_forgotten, self.never_learned) else { return Vec::new() };
        let sentence = Sentence::new("Never forgotten once learned: ").percent(of("never_forgotten"), kept);
        let sentence = interval(sentence, ("low", self.low), ("high", self.high));
        let sentence = sentence.words("; never learned: ").percent(of("never_learned"), never);
        let sentence = interval(
            sentence,
            ("never_learned_low", self.never_learned_low),
            ("never_learned_high", self.never_learned_high),
        );
        let whose = if self.from == "log" { " epochs of your model, runs: " } else { " epochs, trainings: " };
        vec![
            sentence
                .words("; in ")
                .count(of("epochs"), self.epochs as usize)
                .words(whose)
                .count(of("seeds"), self.seeds)
                .words("."),
        ]
    }
}
