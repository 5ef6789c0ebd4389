#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows seeds, settings and numbers. It knows no model and no data set type: a run is a closure
//! that takes its arm, setting and seed and returns named numbers.

#![forbid(unsafe_code)]

mod choose;
mod error;
mod figure;
mod journal;
mod prune_curve;
mod record;
mod results;
mod runs;
pub mod shown;
mod statistics;
mod study;
mod table;
pub mod verdict;

pub use choose::{Choice, Chosen, GridEnd};
pub use error::StudyError;
pub use figure::{Bar, BarFigure, BoxFigure, Figure, HeatMap, LineFigure, ScatterFigure};
pub use prune_curve::{
    Crossing, Crossover, CrossoverPoint, CrossoverSettings, CurvePoint, EndedPruneRun, EqualBudget, PruneCurves,
    PruneOutcome, PruneRun, PruneStudy,
};
pub use record::{EndedRun, Outcome, Record};
pub use results::{Comparison, Metric, StudyResults};
pub use runs::{Progress, Quiet, over_seeds};
pub use statistics::{
    BestOf, Better, Bootstrap, Interval, Paired, Replications, Scale, Share, SignTest, StandardBaselines, Summary,
    Superiority, TimeRatio, Wilcoxon, WilcoxonMethod, benjamini_hochberg, best_of, holm, median, quantile,
    sign_test, standard_baselines, time_ratio, time_to_target, value_at, wilcoxon,
};
pub use study::{Arm, Run, Setting, Study};
pub use table::{Cell, Table};
pub use verdict::{Evidence, Finding, Judged, Rule, Sign, Verdict};
