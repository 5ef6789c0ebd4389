#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows no model, no optimiser and no training loop, and not where a score comes from. A new rule is
//! one file and one line in its module's list.

#![forbid(unsafe_code)]

mod budget;
mod error;
mod rule;
mod selection;

pub use budget::Budget;
pub use error::PruneError;
pub use rule::{
    Allocation, BetaSampling, ClassBalanced, CoverageCentric, CutoffChoice, Edges, Floor, HardCutoff,
    KeepByPrototype, KeepEasiest, KeepHardest, KeepMiddle, KeepRandom, MessagePassing, NeighborLists,
    NeverLearnedFate, OffsetWindow, PrototypeSide, RemoveUnforgettable, ReverseMessages, RuleDescription,
    RuleInputs, RuleNeeds, RuleSettings, SelectionRule, StratifiedRandom, WindowStart, choose_hard_cutoff, rules,
};
pub use selection::{Decision, Group, Selection};
