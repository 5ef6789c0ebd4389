use std::fmt;

use super::{greedi::GreeDi, maximizer::Maximization};

/// What is guaranteed of a choice in two rounds: in parts of the examples, and among what these chose.
#[derive(Debug, Clone, PartialEq)]
pub enum Guarantee {
    /// A share of the best value, (1 - 1/e) / min(m, k), for any m parts.
    OfBest {
        /// The share.
        share: f64,
        /// The number of parts.
        n_parts: usize,
    },
    /// 1 - 1/e of the best choice among what the parts chose, its value counted on these.
    OfChosen,
    /// Nothing.
    None {
        /// Why.
        why: String,
    },
}

impl Guarantee {
    /// Of `count` examples from `n_parts` parts that chose `fewest` of them at least each; `sees_all` where both rounds
    /// count all examples.
    pub(super) fn of(of: &Maximization, n_parts: usize, fewest: usize, count: usize, sees_all: bool) -> Self {
        let none = |why: String| Self::None { why };
        if of.maximizer.takes_samples() {
            return none("the optimiser takes samples".into());
        }
        if !of.is_submodular {
            return none("the objective is not submodular".into());
        }
        if !of.is_monotone {
            return none("with these options the objective is not monotone".into());
        }
        if of.counts_all && !sees_all {
            return Self::OfChosen;
        }
        if fewest < count {
            return none(format!(
                "a part chose {fewest}, fewer than the {count} that the bound asks of it, unless it had no more"
            ));
        }
        Self::OfBest { share: GreeDi::guarantee(n_parts, count), n_parts }
    }

    /// The same where a part was not chosen by this method, such as by a score: its choice bounds nothing beyond itself.
    pub fn of_any_parts(self) -> Self {
        match self {
            Self::OfBest { .. } => Self::OfChosen,
            other => other,
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfBest { share, n_parts } => write!(
                formatter,
                "(1 - 1/e) / min(m, k) = {share:.3} of the best value for any {n_parts} parts, (1 - 1/e) / 2 = 0.316 \
                 in expectation for random ones"
            ),
            Self::OfChosen => formatter.write_str(
                "1 - 1/e = 0.632 of the best choice among what the parts chose, its value counted on these; none over \
                 all examples, of which each round sees some",
            ),
            Self::None { why } => write!(formatter, "none: {why}"),
        }
    }
}
