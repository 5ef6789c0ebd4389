#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows data, models and pacing, and what a demo of them shows: numbers. It knows no page, no colour and no
//! file: who draws asks for points, histories and probabilities.

#![deny(unsafe_code)]

mod error;
pub mod exports;
mod points;
mod race;
mod race_settings;
mod rest;
mod self_paced_demo;

pub use error::WebError;
pub use points::{OwnPoint, Points, moons};
pub use race::{Lane, N_PASSES, Pass, Race};
pub use race_settings::{Difficulty, RaceSettings};
pub use self_paced_demo::{Growth, N_EPOCHS, N_POINTS, SelfPacedDemo, SelfPacedEpoch, SelfPacedSettings, Start};
