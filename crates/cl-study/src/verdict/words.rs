use std::fmt;

use serde::{Deserialize, Serialize};

/// What the numbers say about a claim. Computed by the functions of this module, never written by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// The numbers show what is claimed.
    #[serde(rename = "reproduced")]
    Reproduced,
    /// What is printed, or the range that is claimed, is not what is measured.
    #[serde(rename = "not reproduced")]
    NotReproduced,
    /// The whole of what the numbers allow is too small to be worth naming, whatever its sign.
    #[serde(rename = "no effect")]
    NoEffect,
    /// The numbers show the reverse of what is claimed.
    #[serde(rename = "opposite")]
    Opposite,
    /// The numbers are too few or too scattered to say.
    #[serde(rename = "undecided")]
    Undecided,
    /// Nothing was measured that could bear the claim out or speak against it.
    #[serde(rename = "not tested")]
    NotTested,
}

impl Verdict {
    /// All of them, the clearest first.
    pub const ALL: [Self; 6] =
        [Self::Reproduced, Self::NotReproduced, Self::Opposite, Self::NoEffect, Self::Undecided, Self::NotTested];
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Reproduced => "reproduced",
            Self::NotReproduced => "not reproduced",
            Self::Opposite => "opposite",
            Self::NoEffect => "no effect",
            Self::Undecided => "undecided",
            Self::NotTested => "not tested",
        })
    }
}

/// The side of zero on which a difference is claimed to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// The treatment's value is higher.
    Positive,
    /// The treatment's value is lower.
    Negative,
}
