//! How gains of arms over others are judged, and how they are told, whoever ran the arms.

mod decision;
mod gains;
mod wording;

pub use decision::{Count, Decision};
pub(crate) use gains::{
    FALSE_VERDICTS, Gains, JudgedGain, Terms, interval_of, judge_in_halves, judge_together, mean,
};
pub(crate) use wording::{Decimals, power};

/// Fewer repetitions than these never decide anything.
pub(crate) const FEWEST_SEEDS: usize = 6;

/// More repetitions than anybody means.
pub(crate) const MOST_SEEDS: usize = 1_000;
