#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows all the others and brings them together on one's own data. It knows no terminal: what it finds is
//! returned, as data with a documented form, as a text and as a page.

#![forbid(unsafe_code)]

pub mod advise;
pub mod compare;
mod error;
mod html;
mod judging;
mod metric;
mod number_scale;
pub mod own_training;
pub mod problem;
mod recipe;
mod split;
pub mod training;

pub use error::LabError;
pub use metric::Metric;
pub use problem::{Problem, Task};
pub use recipe::{Fitted, ModelKind, Recipe, TrainingLoss};
pub use split::{Parts, Shares};
