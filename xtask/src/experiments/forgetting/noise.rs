//! Label noise: where relabelled examples land in the ranking by forgetting, and what each rule keeps of them.

mod landing;
mod report;
mod rules;

use anyhow::Result;
use cl_study::{Record, Study};
use serde_json::json;

use super::removal::{Forgotten, Recipe, choice};
use crate::{
    data_dir::{DataDir, first},
    experiment::{Context, Findings},
    noisy_split::{NoisySplit, Pool},
};
use landing::{landing, share};
use report::Report;
use rules::{KEPT, NOISE, RULES, Scores, TRAINED};

/// Runs whose forgetting events are added up for a score.
const N_SCORING_RUNS: u64 = 5;

const NOTE: &str = "Label noise: the rules go by forgetting events over five runs that no arm trains from, but for DUAL \
     (one run), the median of the class as labelled, and prototypes (k-means on the features). `Tuned` is the learning \
     rate that validates best for training on everything under the noise, `memorising` the largest one tried, which \
     learns more of the wrong labels, as the paper's networks do: by its figure 3 (ResNet18, 200 epochs, CIFAR-10, \
     20 % relabelled; read off the figure) the relabelled have 5 to 20 events, most often 13, and of the same examples \
     0.39 had none before. Under the right labels everything else is the same: learning rate, first weights and orders. \
     Confident learning takes probabilities out of fold, and what these networks get wrong looks like noise to it. \
     Validation labels are as noisy as training labels; every repetition cuts training, validation and test part of \
     digits anew, and intervals of measurements allow for what such cuts share; test labels are right, and read once, after the last update. \
     D2's neighbours are the ten nearest by features, with distances in units of their mean; at the default gamma its \
     reverse messages then take from a neighbour nine tenths of the value of what was picked.";

/// Learning rates tried for training on everything. Noise asks for small ones, at which few wrong labels are learned.
const RATES: [f64; 6] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

/// How long and how fast a network is trained.
#[derive(Debug, Clone, Copy)]
enum Regime {
    /// With the learning rate that validates best for training on everything.
    Tuned,
    /// With the largest learning rate, so that wrong labels are learned in the end, as the paper's networks learn
    /// theirs.
    Memorising,
}

/// A data set and the sizes of what is done with it.
struct NoisySet {
    key: &'static str,
    name: &'static str,
    pool: Pool,
    batch_size: usize,
    n_epochs: u64,
    regimes: &'static [Regime],
    seeds: Vec<u64>,
}

/// The part of the experiment on UCI digits.
pub(super) fn noise(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let set = NoisySet {
        key: "digits",
        name: "UCI digits",
        pool: Pool::digits()?,
        batch_size: 32,
        n_epochs: if context.quick { 10 } else { 50 },
        regimes: &[Regime::Tuned, Regime::Memorising],
        seeds: context.seeds.clone(),
    };
    set.report(findings, context)?;
    findings.notes.push(NOTE.to_owned());
    Ok(())
}

/// The same on the first images of Fashion-MNIST.
pub(super) fn images(findings: &mut Findings, context: &Context<'_>, folder: &DataDir) -> Result<()> {
    const FASHION: &str = "fashion-mnist";
    if folder.folder(FASHION).is_none() {
        findings.notes.push(format!("Label noise on images: no folder {FASHION}, left out."));
        return Ok(());
    }
    let set = NoisySet {
        key: "fashion",
        name: "Fashion-MNIST",
        pool: Pool::images(
            folder.images(FASHION, "train")?,
            first(&folder.images(FASHION, "t10k")?, if context.quick { 500 } else { 10_000 })?,
            if context.quick { 600 } else { 5_000 },
        ),
        batch_size: 32,
        n_epochs: if context.quick { 5 } else { 15 },
        regimes: &[Regime::Tuned],
        seeds: context.seeds.iter().copied().take(if context.full { 10 } else { 6 }).collect(),
    };
    set.report(findings, context)
}

impl NoisySet {
    fn parts(&self, seed: u64) -> Result<NoisySplit> {
        self.pool.split(NOISE, seed)
    }

    /// The recipe of the whole, with the rate that validates best under the noise, on seeds of its own.
    fn tuned(&self, context: &Context<'_>) -> Result<Recipe> {
        let n_train = self.parts(0)?.train.n_examples();
        let n_updates = self.n_epochs * n_train.div_ceil(self.batch_size) as u64;
        let recipe = Recipe { n_hidden: 32, batch_size: self.batch_size, n_updates, learning_rate: RATES[0] };
        let choice = choice(&format!("noise-{}", self.key), 3, self.pool.data());
        recipe.tuned(context, &choice, &RATES, &self.seeds, |seed| {
            let parts = self.parts(seed)?;
            Ok((parts.train, parts.validation))
        })
    }

    /// Everything that one seed says.
    fn run(&self, recipe: Recipe, seed: u64) -> Result<Record> {
        let parts = self.parts(seed)?;
        let noisy = Forgotten::count(&parts.train, recipe, N_SCORING_RUNS, seed)?;
        // The same first weights and orders: only the labels differ.
        let right = Forgotten::count(&parts.right, recipe, N_SCORING_RUNS, seed)?;
        let n_most = self.n_epochs as usize / 2;
        let mut record = landing(&parts.mislabelled, &noisy, &right, n_most, seed)?;
        let scores = Scores::new(&parts, &noisy, recipe, seed)?;
        record = record
            .scalar("estimated noise", scores.estimated_noise)
            .scalar("accuracy, everything", recipe.accuracy(&parts.train, &parts.test, seed)?)
            .scalar("accuracy, right labels", recipe.accuracy(&parts.right, &parts.test, seed)?);
        for kept in KEPT {
            let cutoff = scores.validated_cutoff(kept)?;
            record = record.scalar(format!("validated cut-off, {kept} kept"), cutoff);
            for rule in RULES {
                let selection = scores.select(rule, kept, cutoff)?;
                let wrong = share(selection.kept.iter().map(|&example| parts.mislabelled[example]));
                record = record.scalar(format!("wrong, {rule}, {kept} kept"), wrong);
                if TRAINED.contains(&rule) {
                    let accuracy = recipe.accuracy(&parts.train.subset(&selection.kept)?, &parts.test, seed)?;
                    record = record.scalar(format!("accuracy, {rule}, {kept} kept"), accuracy);
                }
            }
        }
        Ok(record)
    }

    fn report(&self, findings: &mut Findings, context: &Context<'_>) -> Result<()> {
        let tuned = self.tuned(context)?;
        let recipe = |regime: Regime| match regime {
            Regime::Tuned => tuned,
            Regime::Memorising => Recipe { learning_rate: RATES[RATES.len() - 1], ..tuned },
        };
        let n_train = self.parts(0)?.train.n_examples();
        let mut study = Study::new(format!("forgetting under label noise on {}", self.name), self.seeds.clone());
        for &regime in self.regimes {
            study = study.arm(
                regime.name(),
                json!({
                    "data": self.pool.data().fingerprint().to_string(), "noise": NOISE, "hidden": tuned.n_hidden,
                    "batch_size": self.batch_size, "epochs": self.n_epochs, "rate": recipe(regime).learning_rate,
                }),
            );
        }
        let journal =
            format!("forgetting-noise-{}-{n_train}-{}-{}.jsonl", self.key, self.n_epochs, self.seeds.len());
        let results =
            context.study(&study, journal, |run| self.run(recipe(self.regimes[run.arm_place]), run.seed))?;
        for &regime in self.regimes {
            let rate = recipe(regime).learning_rate;
            let key = format!("{}-{}", self.key, regime.name());
            let records: Vec<&Record> = results.records("all", regime.name())?.into_iter().flatten().collect();
            findings.number(format!("noise_{}_{}_learning_rate", self.key, regime.name()), rate)?;
            findings.number(format!("noise_{}_{}", self.key, regime.name()), &records)?;
            let conditions = format!(
                "{}, {:.0} % of {n_train} training labels wrong, perceptron {}-{}-{}, {} epochs' updates at learning \
                 rate {rate} ({}), {} seeds with a split each",
                self.name,
                100.0 * NOISE,
                self.pool.data().n_features(),
                tuned.n_hidden,
                self.pool.data().n_classes(),
                self.n_epochs,
                regime.name(),
                self.seeds.len()
            );
            let (test_to_train, shared_training) = (self.pool.test_to_train(), self.pool.shared_training());
            let report = Report { records, key, conditions, test_to_train, shared_training };
            report.landing(findings)?;
            report.kept(findings)?;
            report.trained(findings)?;
        }
        Ok(())
    }
}

impl Regime {
    fn name(self) -> &'static str {
        match self {
            Self::Tuned => "tuned",
            Self::Memorising => "memorising",
        }
    }
}
