//! Logs, tables of scores and features in files: what `curriculum score`, `noise`, `prune` and `coreset` do, by an engine.

mod coreset_table;
mod folder;
mod log_columns;
mod noise_log;
mod prune_table;
mod score;
mod scored;
mod session;

pub use coreset_table::{CoresetReport, CoresetRequest, coreset_of_table};
pub use log_columns::{LogColumns, LogOptions};
pub use noise_log::{NoiseReport, NoiseRequest, label_issues_of_log, mean_probabilities};
pub use prune_table::{PruneReport, PruneRequest, prune_table};
pub use score::{Missing, ScoreRequest, score};
pub use scored::{ScoreReport, score_log};
pub use session::EngineOptions;
