use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{error::LabError, problem::Task};

/// One way of training that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// Plain shuffling of everything: the baseline.
    Shuffling,
    /// The easiest first, by a pacing.
    EasyFirst,
    /// The hardest first, by a pacing.
    HardFirst,
    /// A random order with the pacing of easy first: what the pacing alone does.
    RandomPaced,
    /// A random order with the pacing of hard first.
    RandomPacedHard,
    /// Self-paced learning: what has a low loss now, more and more of it.
    SelfPaced,
    /// Shuffling with the focal loss.
    Focal,
    /// Shuffling with SuperLoss.
    SuperLoss,
    /// Trained on the hardest alone.
    KeepHardest,
    /// Trained on a coverage-centric part.
    CoverageCentric,
    /// Trained on a random part: what pruning by any score must beat.
    RandomPruning,
}

impl Arm {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 11] = [
        Self::Shuffling,
        Self::EasyFirst,
        Self::HardFirst,
        Self::RandomPaced,
        Self::RandomPacedHard,
        Self::SelfPaced,
        Self::Focal,
        Self::SuperLoss,
        Self::KeepHardest,
        Self::CoverageCentric,
        Self::RandomPruning,
    ];

    /// The name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shuffling => "shuffling",
            Self::EasyFirst => "easy-first",
            Self::HardFirst => "hard-first",
            Self::RandomPaced => "random-paced",
            Self::RandomPacedHard => "random-paced-hard",
            Self::SelfPaced => "self-paced",
            Self::Focal => "focal",
            Self::SuperLoss => "super-loss",
            Self::KeepHardest => "keep-hardest",
            Self::CoverageCentric => "coverage-centric",
            Self::RandomPruning => "random-pruning",
        }
    }

    /// The name in sentences.
    pub fn words(self) -> &'static str {
        match self {
            Self::Shuffling => "shuffling",
            Self::EasyFirst => "easy first",
            Self::HardFirst => "hard first",
            Self::RandomPaced => "random order with the pacing of easy first",
            Self::RandomPacedHard => "random order with the pacing of hard first",
            Self::SelfPaced => "self-paced learning",
            Self::Focal => "the focal loss",
            Self::SuperLoss => "SuperLoss",
            Self::KeepHardest => "keeping the hardest",
            Self::CoverageCentric => "coverage-centric pruning",
            Self::RandomPruning => "random pruning",
        }
    }

    /// What kind of arm it is.
    pub fn kind(self) -> ArmKind {
        match self {
            Self::Shuffling => ArmKind::Baseline,
            Self::EasyFirst | Self::HardFirst | Self::RandomPaced | Self::RandomPacedHard | Self::SelfPaced => {
                ArmKind::Order
            }
            Self::Focal | Self::SuperLoss => ArmKind::Weighting,
            Self::KeepHardest | Self::CoverageCentric | Self::RandomPruning => ArmKind::Pruning,
        }
    }

    /// The arm that does the same without looking at the examples, which tells what looking at them contributes.
    pub fn control(self) -> Option<Self> {
        match self {
            Self::EasyFirst => Some(Self::RandomPaced),
            Self::HardFirst => Some(Self::RandomPacedHard),
            Self::KeepHardest | Self::CoverageCentric => Some(Self::RandomPruning),
            _ => None,
        }
    }

    /// Whether it goes by a difficulty of the examples that is measured before.
    pub fn needs_difficulty(self) -> bool {
        matches!(self, Self::EasyFirst | Self::HardFirst | Self::KeepHardest | Self::CoverageCentric)
    }

    /// Whether it makes sense for this task.
    pub fn suits(self, task: Task) -> bool {
        task == Task::Classification || self != Self::Focal
    }

    /// Its settings that are tried on validation parts: none where there is nothing to choose, or where they are those of the
    /// arm that it is the control of.
    pub fn candidates(self, keep: f64) -> Vec<Strategy> {
        const PACINGS: [(f64, f64); 4] = [(0.2, 0.2), (0.5, 0.2), (0.8, 0.2), (0.8, 0.5)];
        let paced = |order: Order| PACINGS.map(|(a, b)| Strategy::Ordered { order, a, b }).to_vec();
        match self {
            Self::Shuffling => vec![Strategy::Shuffling],
            Self::EasyFirst => paced(Order::EasyFirst),
            Self::HardFirst => paced(Order::HardFirst),
            Self::RandomPaced | Self::RandomPacedHard => Vec::new(),
            Self::SelfPaced => [(0.2, 0.5), (0.5, 0.5), (0.8, 0.5), (0.8, 0.8)]
                .map(|(a, b)| Strategy::SelfPaced { a, b })
                .to_vec(),
            Self::Focal => [0.5, 1.0, 2.0].map(|gamma| Strategy::Focal { gamma }).to_vec(),
            Self::SuperLoss => [0.25, 1.0, 4.0].map(|lambda| Strategy::SuperLoss { lambda }).to_vec(),
            Self::KeepHardest => vec![Strategy::Kept { rule: Kept::Hardest, keep }],
            Self::CoverageCentric => [0.0, 0.1, 0.3]
                .into_iter()
                .filter(|&beta| beta == 0.0 || beta + keep < 1.0)
                .map(|beta| Strategy::Kept { rule: Kept::CoverageCentric { beta }, keep })
                .collect(),
            Self::RandomPruning => vec![Strategy::Kept { rule: Kept::Random, keep }],
        }
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Arm {
    type Err = LabError;

    fn from_str(name: &str) -> Result<Self, LabError> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|arm| arm.name() == name);
        found.ok_or_else(|| LabError::argument("arms", name, format!("some of {}", known())))
    }
}

/// What kind of arm it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmKind {
    /// Plain shuffling.
    Baseline,
    /// When examples are shown.
    Order,
    /// How much they count.
    Weighting,
    /// Whether they are shown at all.
    Pruning,
}

/// An order of examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The easiest first.
    EasyFirst,
    /// The hardest first.
    HardFirst,
    /// Whatever comes.
    Random,
}

/// What is kept of the examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// The hardest.
    Hardest,
    /// All difficulties evenly, after the share `beta` of the hardest is cut off.
    CoverageCentric {
        /// The share cut off.
        beta: f64,
    },
    /// Whatever comes.
    Random,
}

/// An arm with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Strategy {
    /// Everything, shuffled every epoch.
    Shuffling,
    /// An order with a linear pacing: from the share b to everything at the share a of the budget.
    Ordered {
        /// The order.
        order: Order,
        /// When everything is available.
        a: f64,
        /// What is at first.
        b: f64,
    },
    /// The share of lowest losses, from b to everything at the share a of the budget.
    SelfPaced {
        /// When everything is selected.
        a: f64,
        /// What is at first.
        b: f64,
    },
    /// The focal loss.
    Focal {
        /// How much less the sure ones count.
        gamma: f64,
    },
    /// SuperLoss.
    SuperLoss {
        /// How sharply it weights.
        lambda: f64,
    },
    /// A part of the examples, shuffled every epoch.
    Kept {
        /// By which rule.
        rule: Kept,
        /// How large a part.
        keep: f64,
    },
}

impl Strategy {
    /// The same pacing of a random order.
    pub(super) fn at_random(self) -> Self {
        match self {
            Self::Ordered { a, b, .. } => Self::Ordered { order: Order::Random, a, b },
            other => other,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shuffling => formatter.write_str("-"),
            Self::Ordered { a, b, .. } => write!(formatter, "linear pacing, a = {a}, b = {b}"),
            Self::SelfPaced { a, b } => write!(formatter, "lowest losses, a = {a}, b = {b}"),
            Self::Focal { gamma } => write!(formatter, "gamma = {gamma}"),
            Self::SuperLoss { lambda } => write!(formatter, "lambda = {lambda}"),
            Self::Kept { rule: Kept::CoverageCentric { beta }, keep } => {
                write!(formatter, "keep = {keep}, beta = {beta}")
            }
            Self::Kept { keep, .. } => write!(formatter, "keep = {keep}"),
        }
    }
}
