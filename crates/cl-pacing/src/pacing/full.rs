use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Pacing, entry::pacing_entry, rounding::Rounding};

/// All data from the start: standard training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Full;

impl Pacing for Full {
    fn fraction(&self, _progress: f64) -> f64 {
        1.0
    }

    fn full_at(&self) -> Option<f64> {
        Some(0.0)
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Truncate
    }
}

impl fmt::Display for Full {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("full")
    }
}

pacing_entry! {
    ENTRY = "full": "all data from the start: standard training", [],
    |_, _| Ok(Full)
}
