use cl_data::catalogue::{CatalogueError, Description, Options, Parameter};

use crate::metric::Metric;

pub(super) static TRAINING: Description = Description {
    name: "training",
    summary: "how long, in which steps, and what is best",
    parameters: &[
        Parameter::with_default(
            "epochs",
            "the budget: as many updates as so many passes over the training part take",
            "30",
        ),
        Parameter::with_default("updates", "the budget in updates, instead of epochs; 0: by epochs", "0"),
        Parameter::with_default("batch_size", "the examples of an update", "32"),
        Parameter::with_default(
            "learning_rate",
            "the learning rate at first; where it goes says the schedule",
            "0.05",
        ),
        Parameter::with_default("seed", "the seed of first weights, orders, draws and dropout", "0"),
        Parameter::with_default("metric", "default, or accuracy, balanced-accuracy, log-loss, auc, r2", "default"),
        Parameter::with_default(
            "criterion",
            "by what the best epoch is chosen on the validation part: loss (cross-entropy, squared error) or metric",
            "loss",
        ),
        Parameter::with_default("patience", "epochs without a new best after which it stops; 0: never", "0"),
    ],
};

/// By what the best epoch is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Criterion {
    Loss,
    Metric,
}

/// How long, in which steps, and what is best.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TrainingSettings {
    epochs: u64,
    updates: u64,
    pub(super) batch_size: usize,
    pub(super) learning_rate: f64,
    pub(super) seed: u64,
    /// That of the task where it is none.
    pub(super) metric: Option<Metric>,
    pub(super) criterion: Criterion,
    /// Never where it is 0.
    pub(super) patience: u64,
}

/// No run is longer, and no count of one overflows.
const MOST: u64 = 1 << 40;

impl TrainingSettings {
    pub(super) fn read(options: &mut Options) -> Result<Self, CatalogueError> {
        let count = "a whole number up to 2^40";
        let updates = options.number_in("updates", |n: &u64| *n <= MOST, count)?;
        let epochs = options.number_in("epochs", |n: &u64| *n <= MOST, count)?;
        if updates == 0 && epochs == 0 {
            return Err(options.invalid("epochs", "at least 1, unless there is a number of updates"));
        }
        let names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        let metrics: Vec<(&str, Option<Metric>)> = std::iter::once(("default", None))
            .chain(names.into_iter().zip(Metric::ALL.into_iter().map(Some)))
            .collect();
        let rate = |rate: &f64| rate.is_finite() && *rate > 0.0;
        Ok(Self {
            epochs,
            updates,
            batch_size: options.number_in("batch_size", |n: &usize| *n >= 1, "a whole number of at least 1")?,
            learning_rate: options.number_in("learning_rate", rate, "a finite number above 0")?,
            seed: options.number("seed")?,
            metric: options.choice("metric", &metrics)?,
            criterion: options.choice("criterion", &[("loss", Criterion::Loss), ("metric", Criterion::Metric)])?,
            patience: options.number("patience")?,
        })
    }

    /// The budget in epochs, where it is in these.
    pub(super) fn by_epochs(&self) -> Option<u64> {
        (self.updates == 0).then_some(self.epochs)
    }

    /// The updates of a pass over `n_examples`.
    pub(super) fn updates_per_epoch(&self, n_examples: usize) -> u64 {
        n_examples.div_ceil(self.batch_size).max(1) as u64
    }

    /// The budget in updates.
    pub(super) fn n_updates(&self, n_examples: usize) -> u64 {
        match self.updates {
            0 => self.epochs.saturating_mul(self.updates_per_epoch(n_examples)),
            updates => updates,
        }
    }

    /// The budget in passes, the last of which may be cut short.
    pub(super) fn n_epochs(&self, n_examples: usize) -> u64 {
        self.n_updates(n_examples).div_ceil(self.updates_per_epoch(n_examples))
    }
}
