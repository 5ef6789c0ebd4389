//! What is declared: regimes, strategies, and how much of everything.

use super::{
    grid::{A, B, Ordering, Strategy},
    network::BATCH_SIZE,
    problem::Problem,
};
use crate::experiment::Context;

/// Seeds of every strategy, as in the paper.
pub(super) const N_SEEDS: u64 = 3;

/// Runs of standard training, as in the paper.
pub(super) const N_STANDARD: u64 = 90;

/// Learning rates tried for standard training.
pub(super) const RATES: [f64; 8] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// How long is trained, and under how much label noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Regime {
    /// The budget is the standard one divided by this.
    pub(super) divisor: u64,
    /// Of the labels, in percent.
    pub(super) noise: u64,
}

impl Regime {
    pub(super) const ALL: [Self; 7] = [
        Self { divisor: 1, noise: 0 },
        Self { divisor: 2, noise: 0 },
        Self { divisor: 10, noise: 0 },
        Self { divisor: 100, noise: 0 },
        Self { divisor: 1, noise: 20 },
        Self { divisor: 1, noise: 40 },
        Self { divisor: 1, noise: 60 },
    ];

    pub(super) fn name(self) -> String {
        match self {
            Self { divisor: 1, noise: 0 } => "standard time".into(),
            Self { divisor, noise: 0 } => format!("1/{divisor} of the time"),
            Self { divisor: 1, noise } => format!("{noise} % label noise"),
            Self { divisor, noise } => format!("1/{divisor} of the time, {noise} % label noise"),
        }
    }

    /// The same for files and numbers.
    pub(super) fn slug(self) -> String {
        match self {
            Self { divisor: 1, noise: 0 } => "standard".into(),
            Self { divisor, noise: 0 } => format!("limited-{divisor}"),
            Self { noise, .. } => format!("noise-{noise}"),
        }
    }
}

/// One data set's study.
pub(super) struct Design {
    /// The data set, as in names of files.
    pub(super) slug: &'static str,
    /// The data set in words.
    pub(super) data: &'static str,
    /// What of it is taken, and how.
    pub(super) part: &'static str,
    pub(super) regimes: Vec<Regime>,
    pub(super) strategies: Vec<Strategy>,
    /// Passes over the training part in standard time.
    pub(super) n_epochs: u64,
    pub(super) n_standard: u64,
    /// Fresh splits for the winners, and how often their examples are scored.
    pub(super) n_fresh: u64,
    pub(super) n_fresh_scoring_seeds: u64,
    pub(super) n_scoring_seeds: u64,
    pub(super) n_scoring_epochs: u64,
    /// Simulations of the best of many standard runs.
    pub(super) n_simulations: usize,
}

impl Design {
    /// The paper's grid on UCI digits; with `--quick` a part of it.
    pub(super) fn digits(context: &Context<'_>) -> Self {
        let whole = Self::whole(context);
        if context.quick { whole.reduced() } else { whole }
    }

    fn whole(context: &Context<'_>) -> Self {
        Self {
            slug: "digits",
            data: "UCI digits",
            part: "",
            regimes: Regime::ALL.into(),
            strategies: Strategy::grid(&A, &B),
            n_epochs: 100,
            n_standard: N_STANDARD,
            n_fresh: context.seeds.len() as u64,
            n_fresh_scoring_seeds: 3,
            n_scoring_seeds: 10,
            n_scoring_epochs: 30,
            n_simulations: 10_000,
        }
    }

    /// Fewer epochs, and of limited time and noise the two that say most.
    pub(super) fn fashion_mnist(context: &Context<'_>) -> Self {
        let whole = Self {
            slug: "fashion-mnist",
            data: "Fashion-MNIST",
            part: "an equal share of each class from its training and its test part, pixels averaged two by two to 14 x 14; ",
            regimes: [0, 2, 3, 5].map(|at| Regime::ALL[at]).into(),
            n_epochs: 50,
            n_scoring_seeds: 5,
            n_scoring_epochs: 15,
            ..Self::whole(context)
        };
        if context.quick { whole.reduced() } else { whole }
    }

    fn reduced(self) -> Self {
        Self {
            strategies: Strategy::grid(&[0.1, 1.6], &[0.2]),
            n_epochs: self.n_epochs / 10,
            n_standard: 12,
            n_fresh_scoring_seeds: 1,
            n_scoring_seeds: 2,
            n_scoring_epochs: 5,
            n_simulations: 1_000,
            ..self
        }
    }

    /// Updates of a pass over the training part.
    pub(super) fn per_epoch(problem: &Problem) -> u64 {
        (problem.train.n_examples() / BATCH_SIZE) as u64
    }

    /// Updates in this regime.
    pub(super) fn n_updates(&self, problem: &Problem, regime: Regime) -> u64 {
        (self.n_epochs * Self::per_epoch(problem) / regime.divisor).max(1)
    }

    /// Strategies of each order.
    pub(super) fn per_order(&self) -> usize {
        self.strategies.len() / Ordering::ALL.len()
    }
}

/// What is run again on fresh splits: the strategy of each order that validates best, and two that take no choice.
pub(super) const ARMS: [&str; 5] =
    ["easy first", "hard first", "random", "random with the pacing of easy first", "standard training"];

/// The first of the fresh splits.
pub(super) const FIRST_FRESH: u64 = 420_000;
