//! Training on everything: how well it does, what is forgotten in it, and how hard each image is.

use std::ops::Range;

use anyhow::{Context as _, Result, bail};
use cl_difficulty::{NeverLearned, Recorder};
use cl_model::{Observer, Presentation};
use cl_study::{Record, Study, StudyResults};

use super::problem::{CLEAN, Problem, Studies, TEST};

/// The arm with the perceptron.
pub(super) const PERCEPTRON: &str = "perceptron";

/// What is recorded beside the accuracy.
pub(super) const NEVER_FORGOTTEN: &str = "never forgotten";
pub(super) const NEVER_LEARNED: &str = "never learned";
pub(super) const FORGETTING: &str = "forgetting";
pub(super) const EL2N: &str = "el2n";

/// One run on everything for every seed and kind of label.
pub(super) struct Scores {
    pub(super) results: StudyResults,
}

/// A recorder that sees some epochs alone.
struct During {
    epochs: Range<u64>,
    recorder: Recorder,
}

impl Observer<f32> for During {
    fn presented(&mut self, presentation: &Presentation<'_, f32>) {
        if self.epochs.contains(&presentation.epoch.index) {
            self.recorder.presented(presentation);
        }
    }
}

/// The epochs that EL2N is averaged over: early ones, and not the first, in which an image is seen by a network that has
/// seen nothing.
pub(super) fn early(n_epochs: u64) -> Range<u64> {
    1..(n_epochs / 4).max(2)
}

impl Scores {
    pub(super) fn measure(problem: &Problem, studies: &Studies) -> Result<Self> {
        let mut study = Study::new("scores", problem.seeds.clone());
        for (name, _) in &problem.labels {
            study = study.arm(*name, problem.settings());
        }
        study = study.arm(PERCEPTRON, problem.settings());
        let results = studies.run(&study, |run| {
            let is_perceptron = run.arm.name == PERCEPTRON;
            let labels = problem.labels(if is_perceptron { CLEAN } else { &run.arm.name })?;
            let train = problem.train.clone().with_labels(labels.to_vec())?;
            let (n, recipe) = (train.n_examples(), problem.recipe);
            let mut whole = Recorder::new(n);
            let mut during = During { epochs: early(recipe.n_epochs), recorder: Recorder::new(n) };
            let accuracy = if is_perceptron {
                recipe.perceptrons_accuracy(&train, &problem.test, run.seed, &mut [&mut whole])?
            } else {
                let mut sampler = recipe.shuffled(&train, run.seed)?;
                let observers: &mut [&mut dyn Observer<f32>] = &mut [&mut whole, &mut during];
                recipe.test_accuracy(&train, &problem.test, &mut sampler, run.seed, observers)?
            };
            if let Some(error) = whole.error().or(during.recorder.error()) {
                bail!("{error}");
            }
            let share = |flags: Vec<bool>| flags.iter().filter(|&&is| is).count() as f64 / n as f64;
            let record = Record::new()
                .scalar(TEST, accuracy)
                .scalar(NEVER_FORGOTTEN, share(whole.forgetting.unforgettable()))
                .scalar(NEVER_LEARNED, share(whole.forgetting.never_learned()));
            if is_perceptron {
                return Ok(record);
            }
            let el2n = during.recorder.el2n.values()?;
            Ok(record.curve(FORGETTING, whole.forgetting.values(NeverLearned::Toneva)).curve(EL2N, el2n))
        })?;
        Ok(Self { results })
    }

    /// A score of each image, from the run of this seed under these labels.
    pub(super) fn of(&self, problem: &Problem, labels: &str, seed: u64, score: &str) -> Result<&[f64]> {
        let place = problem.seeds.iter().position(|&other| other == seed);
        let records = self.results.records("all", labels)?;
        let record = place.and_then(|place| records[place]);
        let curve = record.and_then(|record| record.curves.get(score));
        curve.map(Vec::as_slice).with_context(|| format!("no {score} of {labels}, seed {seed}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_epochs_are_not_the_first() {
        assert_eq!([4, 8, 10, 40].map(early), [1..2, 1..2, 1..2, 1..10]);
    }
}
