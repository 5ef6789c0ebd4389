use serde::{Deserialize, Serialize};

/// What the features of a method are, and so which numbers they can be.
///
/// ```
/// use cl_prune::coreset::{FeatureDomain, coresets};
///
/// let covers = coresets().find(|known| known.method.name == "probabilistic-set-cover");
/// assert_eq!(covers.map(|known| known.domain), Some(FeatureDomain::Probability));
/// assert!(FeatureDomain::Probability.contains(0.5) && !FeatureDomain::Probability.contains(1.5));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureDomain {
    /// Coordinates: any finite number.
    #[default]
    Any,
    /// Amounts, or concepts that an example has where it is above 0: never negative.
    NonNegative,
    /// Probabilities: in [0, 1].
    Probability,
    /// Probabilities of classes: in [0, 1], those of an example 1 in sum.
    Distribution,
}

impl FeatureDomain {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::NonNegative => "non-negative",
            Self::Probability => "probability",
            Self::Distribution => "distribution",
        }
    }

    /// Whether a feature can be this number.
    pub fn contains(self, value: f64) -> bool {
        match self {
            Self::Any => value.is_finite(),
            Self::NonNegative => value.is_finite() && value >= 0.0,
            Self::Probability | Self::Distribution => (0.0..=1.0).contains(&value),
        }
    }
}
