#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows no model and no optimiser, and not where a difficulty comes from: scores and losses are
//! slices of `f64`. A new order, pacing, weighting or sampler is one file and one line in its module's list.

#![forbid(unsafe_code)]

mod catalogue;
pub mod continuation;
mod cursor;
mod error;
mod exposure;
mod exposure_histogram;
mod order;
mod pacing;
mod sampler;
mod sharding;
mod validated;
mod weighting;

pub use catalogue::{
    Description, Given, Parameter, order_by_name, orders, pacing_by_name, pacings, self_paced_by_name,
    weighting_by_name, weightings,
};
pub use cl_data::{Batch, Epoch, Sampler, SamplerError, SamplerFingerprint};
pub use cursor::Cursor;
pub use error::PacingError;
pub use exposure::Exposure;
pub use exposure_histogram::ExposureHistogram;
pub use order::{
    ClassBalanced, EasyFirst, HardFirst, Hardness, InstanceHardness, Order, Permutation, Random, SeveralScores,
    reducible_loss,
};
pub use pacing::{
    BabySteps, Clock, Competence, Cyclic, Decreasing, DifficultyPacing, DifficultySchedule, Discrete, Exponential,
    FixedExponential, FromFn, Full, Geometric, Linear, Logarithmic, OnePass, Pacing, Plateau, Polynomial,
    Quadratic, Reading, Root, Rounding, SingleStep, Step, VariedExponential,
};
pub use sampler::{
    ClockedSampler, CompetenceSampler, CurriculumSampler, EqualDifficulty, HardnessSampler, HardnessSelection, HardnessSettings,
    LengthSampler, LongSequences, MiniBatchSampler, MixtureSampler, PrefixSampler, Presentation, Progression,
    RhoLossSampler, SamplerInputs, SelfPacedSampler, SequentialSampler, ShuffleSampler, TaskPolicy, TaskScore,
    Teacher, TeacherSampler, sampler_by_name, samplers,
};
pub use sharding::{Sharding, share_of_rank};
pub use weighting::{
    Age, Annealing, AtQuantile, Capped, DetachedFocal, FocalGradient, HardMining, HardSelfPaced, L2Bounded,
    LinearSelfPaced, LogarithmicSelfPaced, LogisticSelfPaced, MentorNet, Mixture, Mixture2, PercentileAverage,
    PolynomialSelfPaced, SelfPaced, SelfPacedAlternation, SelfPacedCurriculum, SelfPacedDiversity,
    SelfPacedLambda, Separable, SuperLossWeight, Weighting,
};
