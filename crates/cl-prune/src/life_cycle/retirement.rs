use super::mastery::Mastery;
use crate::{
    budget::Budget,
    error::PruneError,
    rule::{KeepHardest, KeepRandom, SelectionRule},
};

/// What a rule goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MasteryScore {
    /// Forgetting events so far, infinite where never right.
    Forgetting,
    /// The last loss.
    LastLoss,
}

/// Which examples are shown no more once the model has matured.
#[derive(Debug)]
pub enum Retirement {
    /// None: what follows is plain training on all of the data.
    Nothing,
    /// Those learned and never forgotten, of lowest last loss first, but at most this share of all examples.
    Mastered {
        /// The share, in (0, 1).
        at_most: f64,
    },
    /// Those that a rule does not keep.
    Select {
        /// The rule.
        rule: Box<dyn SelectionRule>,
        /// What it goes by.
        score: MasteryScore,
        /// How many it keeps.
        budget: Budget,
    },
    /// As many as would be [`Mastered`](Self::Mastered), at random: its control.
    RandomlyMatched {
        /// The share, in (0, 1).
        at_most: f64,
    },
}

impl Retirement {
    pub(super) fn check(&self) -> Result<(), PruneError> {
        match *self {
            Self::Mastered { at_most } | Self::RandomlyMatched { at_most }
                if !(at_most > 0.0 && at_most < 1.0) =>
            {
                Err(PruneError::argument("at_most", at_most, "a share of the examples inside (0, 1)"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it goes by losses, so that those never told must be.
    pub(super) fn needs_losses(&self) -> bool {
        matches!(self, Self::Mastered { .. } | Self::Select { score: MasteryScore::LastLoss, .. })
    }

    /// The examples that stay, by index.
    pub(super) fn kept(&self, mastery: &Mastery, seed: u64) -> Result<Vec<usize>, PruneError> {
        let n = mastery.n_examples();
        let n_kept = |at_most: f64| {
            let n_mastered = (0..n).filter(|&example| mastery.is_mastered(example)).count();
            // The same product as everywhere: a whole number stays one.
            n - n_mastered.min((at_most * n as f64 + 1e-9).floor() as usize)
        };
        let selection = match self {
            Self::Nothing => return Ok((0..n).collect()),
            Self::Mastered { at_most } => {
                let losses = mastery.last_losses();
                // What is not mastered stays, whatever its loss.
                let score = |example: usize| match mastery.is_mastered(example) {
                    true => losses[example],
                    false => f64::INFINITY,
                };
                let scores: Vec<f64> = (0..n).map(score).collect();
                KeepHardest.select(&scores, Budget::Count(n_kept(*at_most)), seed)?
            }
            Self::RandomlyMatched { at_most } => {
                KeepRandom.select(&vec![0.0; n], Budget::Count(n_kept(*at_most)), seed)?
            }
            Self::Select { rule, score, budget } => {
                let scores = match score {
                    MasteryScore::Forgetting => mastery.forgetting(),
                    MasteryScore::LastLoss => mastery.last_losses(),
                };
                rule.select(&scores, *budget, seed)?
            }
        };
        match selection.kept_sorted() {
            kept if kept.is_empty() => Err(PruneError::argument("budget", "0 examples", "at least one example")),
            kept => Ok(kept),
        }
    }
}
