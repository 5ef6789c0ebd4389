use cl_study::Verdict;
use serde::{Deserialize, Serialize};

/// What is said of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The arm is better by more than the margin.
    Better,
    /// The arm is worse by more than the margin.
    Worse,
    /// The difference is within the margin, whatever its sign.
    NoDifference,
    /// The repetitions are too few, or differ too much, to say.
    Undecided,
    /// There is nothing to judge by: all differences are the same, or runs failed.
    NotTested,
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Reproduced => Self::Better,
            Verdict::Opposite | Verdict::NotReproduced => Self::Worse,
            Verdict::NoEffect => Self::NoDifference,
            Verdict::Undecided => Self::Undecided,
            Verdict::NotTested => Self::NotTested,
        }
    }
}

impl Decision {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoDifference => "no difference",
            Self::Undecided => "undecided",
            Self::NotTested => "not tested",
        }
    }
}

/// How many have which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// All of them.
    pub compared: usize,
    /// Better.
    pub better: usize,
    /// Worse.
    pub worse: usize,
    /// Without a difference.
    pub no_difference: usize,
    /// Undecided.
    pub undecided: usize,
    /// Not tested.
    pub not_tested: usize,
}

impl Count {
    pub(crate) fn of(decisions: impl Iterator<Item = Decision>) -> Self {
        let mut count = Self::default();
        for decision in decisions {
            count.compared += 1;
            *match decision {
                Decision::Better => &mut count.better,
                Decision::Worse => &mut count.worse,
                Decision::NoDifference => &mut count.no_difference,
                Decision::Undecided => &mut count.undecided,
                Decision::NotTested => &mut count.not_tested,
            } += 1;
        }
        count
    }

    /// All that are not better, as in "1 worse, 2 no difference"; nothing where there are none.
    pub(crate) fn not_better(&self) -> String {
        let Self { worse, no_difference, undecided, not_tested, .. } = *self;
        let counts = [
            (worse, Decision::Worse),
            (no_difference, Decision::NoDifference),
            (undecided, Decision::Undecided),
            (not_tested, Decision::NotTested),
        ];
        let of = counts.iter().filter(|(n, _)| *n > 0).map(|(n, decision)| format!("{n} {}", decision.words()));
        of.collect::<Vec<String>>().join(", ")
    }
}
