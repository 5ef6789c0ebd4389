use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

/// The option of the methods that compare examples.
pub(super) const SIMILARITY: Parameter = Parameter::with_default(
    "similarity",
    "how alike two examples are: max-squared, max-distance, cosine-squared, cosine or precomputed (given)",
    "max-squared",
);

/// How alike two examples are, never negative.
///
/// ```text
/// max-squared      max d^2 - d(x, y)^2      d Euclidean, the maximum over all pairs
/// max-distance     max d - d(x, y)
/// cosine-squared   cos(x, y)^2              the sign is lost: opposite examples count as equal
/// cosine           (1 + cos(x, y)) / 2
/// ```
///
/// What apricot calls "euclidean" is `max-squared` and its "cosine" is `cosine-squared`; DeepCore takes `cosine`;
/// CRAIG takes `max-distance`. An example's cosine with itself is 1 exactly, whatever the rounding of its norm, so that
/// examples that are alike on paper are tied and the rule for ties decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Similarity {
    /// The largest squared distance minus the squared distance.
    #[default]
    MaxSquared,
    /// The largest distance minus the distance.
    MaxDistance,
    /// The squared cosine.
    CosineSquared,
    /// The cosine, moved to [0, 1].
    Cosine,
}

impl Similarity {
    /// The similarities by name.
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("max-squared", Self::MaxSquared),
        ("max-distance", Self::MaxDistance),
        ("cosine-squared", Self::CosineSquared),
        ("cosine", Self::Cosine),
    ];

    /// Whether it is a function of the angle alone.
    pub(super) fn is_cosine(self) -> bool {
        matches!(self, Self::Cosine | Self::CosineSquared)
    }
}

impl fmt::Display for Similarity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(Self::NAMES.iter().find(|(_, similarity)| similarity == self).map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_are_saved() {
        for (name, kind) in Similarity::NAMES {
            assert_eq!(kind.to_string(), name);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{name:?}"));
        }
        assert_eq!(SIMILARITY.default, Some(Similarity::default().to_string().as_str()));
    }
}
