//! The experiments of the article "Curriculum Learning from Scratch", each claim measured and judged.
//!
//! `cargo xtask reproduce` runs them. The library part exists so that tests and benches reach the article's
//! code ([`article`]) and the experiments without going through the command line.

pub mod accuracy;
pub mod annotations;
pub mod article;
pub mod bench;
pub mod calibrate;
pub mod claim;
pub mod continuation;
pub mod data_dir;
pub mod data_sets;
pub mod demos;
pub mod experiment;
pub mod experiments;
pub mod html;
pub mod images;
pub mod language;
mod noisy_split;
pub mod progress;
pub mod python;
pub mod report;
pub mod reproduce;
pub mod results_page;
pub mod run_record;
pub mod stepwise;
mod teacher;
pub mod verdicts;
pub mod web;

/// The examples of the crates compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/crates.md")]
pub struct Crates;
