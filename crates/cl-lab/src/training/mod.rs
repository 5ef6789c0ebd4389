//! Training on one's own data: any combination of order, pacing, weighting, sampler, pruning, model, loss, optimiser and
//! schedule, read from a file that is checked as a whole; with the dynamics written down, and resumed to the same bytes.

mod assembly;
mod configuration;
mod data_settings;
mod difficulty_settings;
mod document;
mod dynamics;
mod fault;
mod folder;
mod hardness;
mod history;
mod identity;
mod loss;
mod model_file;
mod model_settings;
mod nearest;
mod needs;
mod optimizer;
mod plan;
mod print;
mod pruning;
mod regulariser;
mod results;
mod run;
mod schedule;
mod sections;
mod state;
mod training_settings;
mod weighted;

pub use configuration::Configuration;
pub use history::EpochRow;
pub use results::{Measured, Results};
pub use run::{Options, Outcome, Watcher, train};
