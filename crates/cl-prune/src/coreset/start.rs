use cl_data::random::{below, stream};
use serde::{Deserialize, Serialize};

use crate::error::PruneError;

/// The first centre, on which all others depend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// This example.
    Example(usize),
    /// An example drawn from this seed.
    Seeded(u64),
}

impl Start {
    /// The example.
    pub(super) fn resolve(self, n_examples: usize) -> Result<usize, PruneError> {
        match self {
            Self::Example(example) if example >= n_examples => {
                Err(PruneError::argument("start", example, format!("an example below {n_examples}")))
            }
            Self::Example(example) => Ok(example),
            Self::Seeded(seed) => Ok(below(&mut stream(seed, "first centre", 0), n_examples)),
        }
    }
}
