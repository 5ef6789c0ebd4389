use serde::{Deserialize, Serialize};

use super::interval::Interval;

/// The scale on which replications of a quantity are averaged, so that an interval stays where the quantity can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// As it is: differences, losses, counts.
    #[default]
    Plain,
    /// As it is, from 0 to 1: shares, accuracies.
    Share,
    /// Fisher's z = artanh(r), from -1 to 1: correlations.
    Correlation,
    /// The logarithm of a ratio of times, -ln(1 - s), where s = 1 - ratio is the share of the time that is saved, up to 1.
    Saving,
}

/// A correlation of 1 has no finite z: it counts as this one.
const LARGEST_CORRELATION: f64 = 1.0 - 1e-6;

/// The least ratio of times that is told from 0.
const LEAST_RATIO: f64 = 1e-12;

impl Scale {
    /// What a quantity on this scale can be.
    pub fn range(self) -> Interval {
        let (low, high) = match self {
            Self::Plain => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Share => (0.0, 1.0),
            Self::Correlation => (-1.0, 1.0),
            Self::Saving => (f64::NEG_INFINITY, 1.0),
        };
        Interval { low, high }
    }

    /// The value on the scale.
    pub(crate) fn forward(self, value: f64) -> f64 {
        match self {
            Self::Plain | Self::Share => value,
            Self::Correlation => value.clamp(-LARGEST_CORRELATION, LARGEST_CORRELATION).atanh(),
            Self::Saving => -(1.0 - value).max(LEAST_RATIO).ln(),
        }
    }

    /// The quantity behind a value on the scale, within its range.
    pub(crate) fn back(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::Share => value.clamp(0.0, 1.0),
            Self::Correlation => value.tanh(),
            Self::Saving => 1.0 - (-value).exp(),
        }
    }

    /// A bound on the scale; infinite where nothing lies beyond it.
    pub(crate) fn bound(self, bound: f64) -> f64 {
        let Interval { low, high } = self.range();
        if bound <= low {
            f64::NEG_INFINITY
        } else if bound >= high {
            f64::INFINITY
        } else {
            self.forward(bound)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_keep_their_order_and_come_back() {
        for (scale, values) in [
            (Scale::Plain, [-3.0, -0.2, 0.0, 7.5]),
            (Scale::Share, [0.0, 0.25, 0.5, 1.0]),
            (Scale::Correlation, [-0.99, -0.2, 0.0, 0.999]),
            (Scale::Saving, [-4.0, -0.2, 0.0, 0.9]),
        ] {
            let forward = values.map(|value| scale.forward(value));
            assert!(forward.windows(2).all(|pair| pair[0] < pair[1]), "{scale:?}");
            for (value, forward) in values.into_iter().zip(forward) {
                assert!((scale.back(forward) - value).abs() < 1e-12, "{scale:?} {value}");
            }
        }
        // Half of the time saved is a ratio of one half.
        assert!((Scale::Saving.forward(0.5) - 2f64.ln()).abs() < 1e-15);
        assert!(Scale::Correlation.forward(1.0).is_finite() && Scale::Saving.forward(1.0).is_finite());
        assert_eq!(Scale::Correlation.bound(1.0), f64::INFINITY);
        assert_eq!(Scale::Share.bound(-0.1), f64::NEG_INFINITY);
        assert_eq!((Scale::Share.back(1.2), Scale::Correlation.back(50.0)), (1.0, 1.0));
    }
}
