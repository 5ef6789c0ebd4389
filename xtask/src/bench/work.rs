//! What a row of a bench works on, as the benches write it down and this command reads it.

use serde::{Deserialize, Serialize};

/// The environment variable that names the file to which a bench appends one [`Record`] per row.
pub const RECORDS: &str = "CURRICULUM_BENCH_RECORDS";

/// The precision of a multiply-add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single.
    F32,
    /// Double.
    F64,
}

/// The least that a row has to do: what bounds its time from below, whatever the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Work {
    /// Multiply-adds; the limit is a loop of them in registers.
    MultiplyAdds {
        /// How many, of scalars.
        count: u64,
        /// Of which precision.
        of: Precision,
    },
    /// Memory that must be read once, or written; the limit is a plain read of more than the caches hold.
    Read {
        /// How many bytes.
        bytes: u64,
    },
    /// Memory that a cache holds, read and written; the limit is a plain copy of 8 MB.
    Copy {
        /// How many bytes, those read and those written together.
        bytes: u64,
    },
    /// Exponentials in double precision, logarithms among them; the limit is a loop of nothing else.
    Exponentials {
        /// How many.
        count: u64,
    },
    /// Anything else: no physical limit is claimed.
    Elements {
        /// How many.
        count: u64,
    },
}

impl Work {
    /// How many multiply-adds, bytes, exponentials or elements.
    pub fn amount(self) -> u64 {
        match self {
            Self::MultiplyAdds { count, .. } | Self::Exponentials { count } | Self::Elements { count } => count,
            Self::Read { bytes } | Self::Copy { bytes } => bytes,
        }
    }
}

/// One row of a bench, as it is about to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The name that criterion knows it by: group, slash, function.
    pub id: String,
    /// What it works on, once.
    pub work: Work,
    /// The threads that work on it.
    pub threads: usize,
    /// The instruction set that the kernels use.
    pub instructions: String,
}
