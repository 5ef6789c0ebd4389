use std::fmt;
use std::str::FromStr;

use cl_data::catalogue::CatalogueError;
use serde::{Deserialize, Serialize};

use crate::error::DifficultyError;

/// What the numbers are that are told of a model's examples: c per example, or one.
///
/// ```
/// use cl_difficulty::OutputKind;
///
/// assert_eq!("log-probabilities".parse::<OutputKind>()?, OutputKind::LogProbabilities);
/// assert!(OutputKind::Losses.is_scalar() && !OutputKind::Logits.is_scalar());
/// assert!("loss".parse::<OutputKind>().unwrap_err().to_string().contains("losses, correct"));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// Any finite numbers, c per example.
    Logits,
    /// Numbers in [0, 1], c per example, those of an example summing to one within 0.001.
    Probabilities,
    /// Natural logarithms of such probabilities, each at most 0; -inf is that of 0.
    LogProbabilities,
    /// The loss of each example in nats, a finite number.
    Losses,
    /// Whether each example was right: 1 or 0.
    Correct,
}

impl OutputKind {
    /// Every kind by name.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("logits", Self::Logits),
        ("probabilities", Self::Probabilities),
        ("log-probabilities", Self::LogProbabilities),
        ("losses", Self::Losses),
        ("correct", Self::Correct),
    ];

    /// Whether it is one number per example instead of one per class.
    pub const fn is_scalar(self) -> bool {
        matches!(self, Self::Losses | Self::Correct)
    }

    /// How many numbers of an example there are, given c classes.
    pub const fn width(self, n_classes: usize) -> usize {
        if self.is_scalar() { 1 } else { n_classes }
    }
}

impl fmt::Display for OutputKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::NAMES.iter().filter(|(_, kind)| kind == self).try_for_each(|(name, _)| formatter.write_str(name))
    }
}

impl FromStr for OutputKind {
    type Err = DifficultyError;

    fn from_str(text: &str) -> Result<Self, DifficultyError> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        let known = Self::NAMES.map(|(name, _)| name);
        Ok(found.map(|&(_, kind)| kind).ok_or_else(|| CatalogueError::unknown("kind of outputs", text, known))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for (name, kind) in OutputKind::NAMES {
            assert_eq!((kind.to_string(), name.parse().ok()), (name.to_owned(), Some(kind)));
            assert_eq!(serde_json::to_value(kind).unwrap(), name);
            assert_eq!(kind.width(7), if kind.is_scalar() { 1 } else { 7 });
        }
    }
}
