#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows no model, no optimiser and no training loop, and not where a score comes from. A new rule is
//! one file that implements [`SelectionRule`], and holds the entry by which it is had by name; its `mod` line; and its
//! line in the list, `rule/catalogue.rs`. A coreset is the same in `coreset`. The compiler asks for a forgotten line.

#![forbid(unsafe_code)]

mod budget;
pub mod coreset;
pub mod duplicate;
mod dynamic;
mod error;
mod life_cycle;
mod rule;
mod selection;
mod untold;

pub use budget::Budget;
pub use dynamic::{
    DynamicInputs, DynamicRandomSampler, EpochFractions, InfoBatchSampler, PruningDraw, RepeatedRandomSampler,
    dynamic_pruning_by_name, dynamic_prunings,
};
pub use error::PruneError;
pub use life_cycle::{Learned, LifeCycleSampler, Mastery, MasteryScore, Maturity, Plateau, Retirement, Switch};
pub use rule::{
    Allocation, BetaSampling, ClassBalanced, CoverageCentric, CutoffChoice, Edges, Floor, HardCutoff,
    KeepByPrototype, KeepEasiest, KeepHardest, KeepMiddle, KeepRandom, MessagePassing, NeighborLists,
    NeverLearnedFate, OffsetWindow, PrototypeSide, RemoveUnforgettable, ReverseMessages, RuleDescription,
    RuleInputs, RuleNeeds, RuleSettings, SelectionRule, StratifiedRandom, WindowStart, choose_hard_cutoff,
    class_options, rules, within_costs,
};
pub use selection::{Decision, Group, Selection};
