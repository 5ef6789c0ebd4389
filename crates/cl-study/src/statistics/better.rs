use serde::{Deserialize, Serialize};

/// Which way a metric points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// As accuracy: more is better.
    Higher,
    /// As loss, error or time: less is better.
    Lower,
}

impl Better {
    /// Whether `value` is as good as `target` or better.
    pub fn reaches(self, value: f64, target: f64) -> bool {
        match self {
            Self::Higher => value >= target,
            Self::Lower => value <= target,
        }
    }

    /// The better of two values.
    pub fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Higher => a.max(b),
            Self::Lower => a.min(b),
        }
    }

    /// The worst value there is, where a search for the best begins.
    pub(crate) fn worst(self) -> f64 {
        match self {
            Self::Higher => f64::NEG_INFINITY,
            Self::Lower => f64::INFINITY,
        }
    }
}
