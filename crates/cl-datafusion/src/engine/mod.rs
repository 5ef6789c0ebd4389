//! Logs and tables of scores in files: what `curriculum score` and `curriculum prune` do, by an engine.

mod log_columns;
mod prune_table;
mod score;
mod scored;
mod session;
mod tables;

pub use log_columns::{LogColumns, LogOptions};
pub use prune_table::{PruneReport, PruneRequest, prune_table};
pub use score::{Missing, ScoreRequest, score};
pub use scored::{ScoreReport, score_log};
pub use session::EngineOptions;
