use cl_data::catalogue::{CatalogueError, Description, Options, Parameter};
use cl_difficulty::model_based::Recipe;
use cl_model::Budget;

pub(super) static DIFFICULTY: Description = Description {
    name: "difficulty",
    summary: "how hard each example is, where order, sampler or pruning ask for it",
    parameters: &[
        Parameter::with_default(
            "by",
            "scores (one's own), cross-validated-loss (under models that have not seen the example), teacher (under models \
             trained on it), or auto: scores where they are given, else cross-validated-loss",
            "auto",
        ),
        Parameter::with_default("folds", "the folds of the cross-validation, at least 2", "4"),
        Parameter::with_default("seeds", "how often it is repeated, or how many teachers there are", "1"),
        Parameter::with_default("epochs", "the epochs that each of these models is trained for", "10"),
        Parameter::with_default("learning_rate", "their learning rate", "0.05"),
        Parameter::with_default("momentum", "their momentum, in [0, 1)", "0.9"),
    ],
};

/// Where difficulties come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Scores,
    CrossValidatedLoss,
    Teacher,
}

/// How hard each example is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DifficultySettings {
    by: Option<By>,
    pub(super) folds: usize,
    pub(super) seeds: u64,
    epochs: u64,
    learning_rate: f64,
    momentum: f64,
}

impl DifficultySettings {
    pub(super) fn read(options: &mut Options) -> Result<Self, CatalogueError> {
        let sources = [
            ("auto", None),
            ("scores", Some(By::Scores)),
            ("cross-validated-loss", Some(By::CrossValidatedLoss)),
            ("teacher", Some(By::Teacher)),
        ];
        let count = "a whole number from 1 to 2^20";
        let is_count = |n: &u64| (1..=1 << 20).contains(n);
        let rate = |rate: &f64| rate.is_finite() && *rate > 0.0;
        Ok(Self {
            by: options.choice("by", &sources)?,
            folds: options.number_in("folds", |n: &usize| *n >= 2, "a whole number of at least 2")?,
            seeds: options.number_in("seeds", is_count, count)?,
            epochs: options.number_in("epochs", is_count, count)?,
            learning_rate: options.number_in("learning_rate", rate, "a finite number above 0")?,
            momentum: options.number_in("momentum", |m: &f64| (0.0..1.0).contains(m), "a number in [0, 1)")?,
        })
    }

    /// Where they come from, given whether there are scores.
    pub(super) fn by(&self, has_scores: bool) -> By {
        self.by.unwrap_or(if has_scores { By::Scores } else { By::CrossValidatedLoss })
    }

    /// How the models are trained that it takes.
    pub(super) fn recipe(&self, batch_size: usize) -> Recipe {
        let budget = Budget::Epochs(self.epochs);
        Recipe { momentum: self.momentum, ..Recipe::plain(budget, batch_size, self.learning_rate) }
    }
}
