//! Which rows of a table stay, given a score in each, by exact count over any number of partitions.

mod bounds;
mod columns;
mod functions;
mod key;
mod keyed;
mod prune;
mod quotas;
mod ranges;
mod rule;
mod strata;

pub use columns::PruneColumns;
pub(crate) use functions::{key_functions, tie_hash};
pub(crate) use key::code;
pub use prune::{Pruned, prune};
