//! Coresets in two rounds: each part of the examples chooses, then there is chosen among what they chose.

mod choose;
mod columns;
mod function;
mod options;

pub use choose::{EngineCoreset, choose_coreset};
pub use columns::CoresetColumns;
pub use function::coreset_function;
