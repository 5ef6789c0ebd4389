//! Whether two programs computed the same thing.

use serde::{Deserialize, Serialize};

/// How a peer's result stands to ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Whether all numbers lie within the tolerance.
    pub agrees: bool,
    /// The largest difference of two numbers, relative to the larger of them.
    pub difference: f64,
    /// What is allowed.
    pub tolerance: f64,
}

impl Agreement {
    /// Of two lists of numbers that sum up a result each; lists of different lengths differ infinitely.
    pub fn of(ours: &[f64], peer: &[f64], tolerance: f64) -> Self {
        let relative = |(a, b): (&f64, &f64)| {
            let difference = (a - b).abs() / a.abs().max(b.abs());
            // 0 of 0 is no difference, whereas NaN agrees with nothing.
            if a == b {
                0.0
            } else if difference.is_nan() {
                f64::INFINITY
            } else {
                difference
            }
        };
        let difference = if ours.len() == peer.len() {
            ours.iter().zip(peer).map(relative).fold(0.0, f64::max)
        } else {
            f64::INFINITY
        };
        // JSON knows no infinity.
        Self { agrees: difference <= tolerance, difference: difference.min(f64::MAX), tolerance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_the_tolerance() {
        assert!(Agreement::of(&[1.0, -200.0, 0.0], &[1.0, -200.1, 0.0], 1e-3).agrees);
        let apart = Agreement::of(&[1.0, 100.0], &[1.0, 101.0], 1e-3);
        assert!(!apart.agrees && (apart.difference - 1.0 / 101.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_number_or_missing_agrees_with_nothing() {
        assert!(!Agreement::of(&[f64::NAN], &[f64::NAN], 1.0).agrees);
        assert!(!Agreement::of(&[1.0], &[1.0, 1.0], 1.0).agrees);
        assert!(!Agreement::of(&[1.0], &[f64::INFINITY], 0.5).agrees);
    }
}
