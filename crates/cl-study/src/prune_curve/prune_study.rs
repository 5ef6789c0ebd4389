use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::error::{StudyError, check_sample};

/// What all runs of a comparison have in common, since smaller data make shorter epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EqualBudget {
    /// The number of updates: a pruned set is gone through more often, and saves only what the last batch of an epoch
    /// falls short by.
    Updates,
    /// The number of epochs: a pruned set is trained on for less.
    Epochs,
}

impl Display for EqualBudget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Updates => "updates",
            Self::Epochs => "epochs",
        })
    }
}

/// One run of a prune study: what the closure that trains is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PruneRun<'a> {
    /// The method that selects.
    pub method: &'a str,
    /// The part of the data that is kept.
    pub kept: f64,
    /// What is equal to the run on all of the data.
    pub budget: EqualBudget,
    /// The seed.
    pub seed: u64,
}

/// What one run gives back.
///
/// Model selection is on validation data; the accuracy is on test data, read once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruneOutcome {
    /// The accuracy, or another number of which more is better.
    pub accuracy: f64,
    /// How many examples were kept of each class; empty where nobody counted.
    #[serde(default)]
    pub kept_per_class: Vec<usize>,
    /// How many of the examples kept have a wrong label; none where nobody knows.
    #[serde(default)]
    pub wrong_labels: Option<usize>,
    /// The number of examples kept.
    pub n_kept: usize,
    /// Updates made.
    pub updates: u64,
    /// Examples presented in training.
    pub examples: u64,
    /// Examples presented to compute the scores that the method needs.
    #[serde(default)]
    pub scoring_examples: u64,
}

/// A prune study, declared as data: methods x fractions x seeds, with random and stratified random always among them.
///
/// ```
/// use cl_study::{EqualBudget, PruneOutcome, PruneStudy, Quiet};
///
/// let study = PruneStudy::new("demo", [1, 2, 3], [1.0, 0.5, 0.25])?.method("hardest");
/// let curves = study.run(None, None, &Quiet, |run| {
///     // Stands for a training: the hardest are better than chance as long as much is kept.
///     let gain = if run.method == "hardest" { 0.2 * (run.kept - 0.4) } else { 0.0 };
///     let accuracy = 0.9 - 0.1 * (1.0 - run.kept) + gain + run.seed as f64 / 1e3;
///     Ok::<_, &str>(PruneOutcome { accuracy, ..PruneOutcome::default() })
/// })?;
/// let crossover = curves.crossover("hardest", "random", EqualBudget::Epochs, &Default::default())?;
/// assert_eq!(crossover.at.to_string(), "0.400");
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruneStudy {
    /// What the study is called.
    pub name: String,
    /// The methods compared, the two controls first.
    pub methods: Vec<String>,
    /// The parts of the data that are kept, largest first.
    pub kept: Vec<f64>,
    /// The seeds, the same for every method, which makes comparisons paired.
    pub seeds: Vec<u64>,
    /// What is held equal: each is a comparison of its own.
    pub budgets: Vec<EqualBudget>,
}

impl PruneStudy {
    /// The first control: a random part.
    pub const RANDOM: &str = "random";
    /// The second control: a random part of each class.
    pub const STRATIFIED_RANDOM: &str = "stratified random";

    /// A study of the two controls, at equal updates and at equal epochs.
    ///
    /// # Errors
    /// Where a fraction is outside of (0, 1], one occurs twice, or there are no fractions or seeds.
    pub fn new(
        name: impl Into<String>,
        seeds: impl Into<Vec<u64>>,
        kept: impl Into<Vec<f64>>,
    ) -> Result<Self, StudyError> {
        let mut kept = kept.into();
        kept.sort_unstable_by(|a, b| b.total_cmp(a));
        let methods = [Self::RANDOM, Self::STRATIFIED_RANDOM].map(str::to_owned).to_vec();
        let budgets = vec![EqualBudget::Updates, EqualBudget::Epochs];
        let study = Self { name: name.into(), methods, kept, seeds: seeds.into(), budgets };
        study.check()?;
        Ok(study)
    }

    /// The same with one more method.
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.methods.push(name.into());
        self
    }

    /// The same at these equal budgets alone.
    pub fn budgets(mut self, budgets: impl Into<Vec<EqualBudget>>) -> Self {
        self.budgets = budgets.into();
        self
    }

    pub(super) fn check(&self) -> Result<(), StudyError> {
        check_sample("fractions kept", &self.kept, 1)?;
        if let Some(kept) = self.kept.iter().find(|&&kept| !(kept > 0.0 && kept <= 1.0)) {
            return Err(StudyError::argument("kept", kept, "fractions in (0, 1]"));
        }
        if self.kept.windows(2).any(|pair| pair[0] <= pair[1]) {
            let shown = format!("{:?}", self.kept);
            return Err(StudyError::argument("kept", shown, "every fraction once, the largest first"));
        }
        check_sample("seeds of the study", &vec![0.0; self.seeds.len()], 1)?;
        check_sample("equal budgets of the study", &vec![0.0; self.budgets.len()], 1)?;
        for control in [Self::RANDOM, Self::STRATIFIED_RANDOM] {
            if !self.methods.iter().any(|method| method == control) {
                let shown = self.methods.join(", ");
                return Err(StudyError::argument("methods", shown, format!("{control} among them")));
            }
        }
        Ok(())
    }
}
