//! Examples that a choice is made towards, and others that it is made away from.

use std::ops::Range;

use cl_data::{Scalar, catalogue::Parameter};

use super::{
    features::{AnyFeatures, Features},
    similarities::Similarities,
    similarity::Similarity,
};
use crate::error::PruneError;

/// The options of what is chosen towards a query or away from private examples.
pub(super) const TARGET_SIMILARITY: Parameter = Parameter::with_default(
    "similarity",
    "how alike two examples are: max-squared, max-distance, cosine-squared or cosine",
    "cosine",
);
pub(super) const KERNEL: Parameter =
    Parameter::with_default("similarity", "how alike two examples are: cosine or cosine-squared", "cosine");
pub(super) const ETA: Parameter = Parameter::with_default("eta", "how much relevance to the query counts", "1");
pub(super) const NU: Parameter = Parameter::with_default("nu", "how hard the private examples are avoided", "1");

/// What a choice is for, and what it is to have nothing in common with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Targets<'a> {
    pub(super) query: Option<AnyFeatures<'a>>,
    pub(super) private: Option<AnyFeatures<'a>>,
}

impl<'a> Targets<'a> {
    /// The query of a method that needs one.
    pub(super) fn query(&self, rule: &'static str) -> Result<AnyFeatures<'a>, PruneError> {
        self.query.ok_or(PruneError::Missing { rule, what: "query examples, which it chooses towards" })
    }

    /// The private examples of a method that needs some.
    pub(super) fn private(&self, rule: &'static str) -> Result<AnyFeatures<'a>, PruneError> {
        self.private.ok_or(PruneError::Missing { rule, what: "private examples, which it chooses away from" })
    }
}

/// A weight of a term: eta, nu or lambda.
pub(super) fn check_factor(argument: &'static str, value: f64) -> Result<(), PruneError> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(PruneError::argument(argument, value, "a finite number of at least 0"))
}

/// The examples to choose from and others after them, and how alike all of these are: the largest distance, where the
/// similarity takes one, is of all pairs.
#[derive(Debug, Clone)]
pub(super) struct Joint {
    pub(super) similarities: Similarities,
    /// How many there are to choose from.
    pub(super) n: usize,
    /// Where those of each of the others end.
    ends: Vec<usize>,
}

impl Joint {
    /// Of these and `others`, each with the name of its argument. O(n d), and O(n^2 d) for the largest distance.
    pub(super) fn new<T: Scalar>(
        features: &Features<'_, T>,
        others: &[(&'static str, AnyFeatures<'_>)],
        similarity: Similarity,
    ) -> Result<Self, PruneError> {
        let (n, d) = (features.n_examples(), features.n_features());
        let mut values: Vec<f64> = features.values().iter().map(|value| value.as_f64()).collect();
        let mut ends = vec![n];
        for (argument, other) in others {
            if other.n_features() != d {
                let found = format!("of {} features", other.n_features());
                return Err(PruneError::argument(argument, found, format!("{d}, as the examples have")));
            }
            if other.n_examples() == 0 {
                return Err(PruneError::argument(argument, "empty", "at least one example"));
            }
            other.append_to(&mut values);
            ends.push(values.len() / d);
        }
        let similarities =
            Similarities::new(&Features::new(&values, d)?, similarity).map_err(|error| match error {
                PruneError::Feature { example, feature, value, expected } if example >= n => {
                    // That of the others in which it is.
                    let part = ends.partition_point(|&end| end <= example) - 1;
                    let found = format!("{value} in feature {feature} of row {}", example - ends[part]);
                    PruneError::argument(others[part].0, found, expected)
                }
                other => other,
            })?;
        Ok(Self { similarities, n, ends })
    }

    /// Where those of the others stand that came as number `part`.
    pub(super) fn of(&self, part: usize) -> Range<usize> {
        self.ends[part]..self.ends[part + 1]
    }

    /// For each that can be chosen the largest similarity to these. O(n m d).
    pub(super) fn largest(&self, rows: Range<usize>) -> Vec<f64> {
        self.fold(rows, f64::max)
    }

    /// For each that can be chosen the sum of similarities to these. O(n m d).
    pub(super) fn sums(&self, rows: Range<usize>) -> Vec<f64> {
        self.fold(rows, |sum, similarity| sum + similarity)
    }

    /// Similarities are never negative.
    fn fold(&self, rows: Range<usize>, step: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let mut folded = vec![0.0; self.n];
        for row in rows {
            let column = self.similarities.column(row);
            folded.iter_mut().zip(&column).for_each(|(value, similarity)| *value = step(*value, *similarity));
        }
        folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_others_are_named() {
        let features = Features::new(&[1.0, 0.5, 0.5, 2.0], 2).unwrap();
        let query = Features::new(&[1.0f32, 1.0], 2).unwrap().into();
        let private = Features::new(&[1.0, 1.0, 0.0, 0.0], 2).unwrap().into();
        let others = [("query", query), ("private", private)];
        let joint = Joint::new(&features, &others, Similarity::MaxSquared).unwrap();
        assert_eq!((joint.n, joint.of(0), joint.of(1)), (2, 2..3, 3..5));
        let error = Joint::new(&features, &others, Similarity::Cosine).unwrap_err().to_string();
        let expected = "argument private is 0 in feature 0 of row 1, expected a feature other than zero in every \
                        example, for a cosine";
        assert_eq!(error, expected);
        let narrow = Features::new(&[1.0, 1.0], 1).unwrap().into();
        let error = Joint::new(&features, &[("query", narrow)], Similarity::Cosine).unwrap_err().to_string();
        assert_eq!(error, "argument query is of 1 features, expected 2, as the examples have");
        let none = Features::<f64>::new(&[], 2).unwrap().into();
        let error = Joint::new(&features, &[("query", none)], Similarity::Cosine).unwrap_err().to_string();
        assert_eq!(error, "argument query is empty, expected at least one example");
    }
}
