//! Accuracy against the part of the data that is kept, and where a method falls below chance.

mod crossover;
mod curves;
mod prune_study;
mod runs;

pub use crossover::{Crossing, Crossover, CrossoverPoint, CrossoverSettings};
pub use curves::{CurvePoint, EndedPruneRun, PruneCurves};
pub use prune_study::{EqualBudget, PruneOutcome, PruneRun, PruneStudy};
