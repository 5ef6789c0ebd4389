//! What every study trains and tests on, and how a study is run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cl_data::io::CifarPart;
use cl_data::{Dataset, Standardization};
use cl_study::{EndedRun, Metric, Record, Run, Study, StudyResults};
use serde_json::{Value, json};

use super::training::Recipe;
use crate::{
    annotations::HumanLabels,
    data_dir::{DataDir, first},
    progress::Bar,
};

/// The labels of the data set.
pub(super) const CLEAN: &str = "clean";

/// What every run records: the accuracy on the test images.
pub(super) const TEST: &str = "test";

/// CIFAR-10.
pub(super) struct Problem {
    pub(super) train: Dataset<f32>,
    pub(super) test: Dataset<f32>,
    /// The names of the labels that there are, and the labels: those of the data set, then those of people.
    pub(super) labels: Vec<(&'static str, Vec<usize>)>,
    pub(super) recipe: Recipe,
    pub(super) seeds: Vec<u64>,
}

impl Problem {
    /// The first `n` images of either set, standardised by the training images.
    pub(super) fn read(data_dir: &Path, n: usize, n_epochs: u64, seeds: Vec<u64>) -> Result<Self> {
        let folder = DataDir::open(data_dir)?;
        let whole = folder.cifar10(CifarPart::Train)?;
        let people = folder.human_labels(whole.labels())?;
        let (train, test) = (first(&whole, n)?, first(&folder.cifar10(CifarPart::Test)?, n)?);
        let mut labels = vec![(CLEAN, train.labels().to_vec())];
        match people {
            Some(HumanLabels { aggregate, worst, .. }) => {
                let part = |labels: Vec<usize>| labels[..train.n_examples()].to_vec();
                labels.extend([("vote of three", part(aggregate)), ("worst of three", part(worst))]);
            }
            None => eprintln!("{}: no cifar-10n/, the labels of people are left out", data_dir.display()),
        }
        let standardization = Standardization::fit(&train)?;
        let (train, test) = (standardization.apply(train)?, standardization.apply(test)?);
        let recipe = Recipe::new(train.n_examples(), n_epochs);
        Ok(Self { train, test, labels, recipe, seeds })
    }

    /// The labels of this name.
    pub(super) fn labels(&self, name: &str) -> Result<&[usize]> {
        let found = self.labels.iter().find(|(other, _)| *other == name);
        found.map(|(_, labels)| &labels[..]).with_context(|| format!("no labels named {name}"))
    }

    /// The share of labels that are not the data set's.
    pub(super) fn noise(&self, name: &str) -> Result<f64> {
        let (labels, clean) = (self.labels(name)?, self.labels(CLEAN)?);
        Ok(labels.iter().zip(clean).filter(|(one, other)| one != other).count() as f64 / labels.len() as f64)
    }

    /// What a journal is of, beside arms and seeds.
    pub(super) fn settings(&self) -> Value {
        json!({ "data": self.train.fingerprint().to_string(), "recipe": self.recipe })
    }
}

/// Where journals are, and how many runs go at a time.
pub(super) struct Studies {
    pub(super) journals: PathBuf,
    pub(super) jobs: Option<usize>,
}

impl Studies {
    /// Runs what is not in the journal yet.
    pub(super) fn run(
        &self,
        study: &Study,
        run: impl Fn(&Run<'_>) -> Result<Record> + Sync,
    ) -> Result<StudyResults> {
        let (bar, journal) = (Bar::new(&study.name), self.journals.join(format!("{}.jsonl", study.name)));
        let results =
            study.run(self.jobs, Some(&journal), &bar, |one| run(one).map_err(|error| format!("{error:#}")))?;
        bar.clear();
        if let Some(EndedRun { arm, seed, outcome, .. }) = results.failed().next() {
            bail!("{}, {arm}, seed {seed}: {outcome:?}", study.name);
        }
        Ok(results)
    }
}

/// A number of an arm, one per seed.
pub(super) fn values(results: &StudyResults, arm: &str, name: &str) -> Result<Vec<f64>> {
    Ok(results.values("all", arm, &Metric::scalar(name))?.into_iter().flatten().collect())
}
