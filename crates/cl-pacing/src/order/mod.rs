//! The first seam: in which order, from difficulty to permutation.

mod catalogue;
mod class_balanced;
mod easy_first;
mod entry;
mod hard_first;
mod instance_hardness;
mod permutation;
mod random;
mod reducible_loss;
mod several_scores;

use std::fmt;
use std::sync::Arc;

pub use catalogue::{order_by_name, orders};
pub use class_balanced::ClassBalanced;
pub use easy_first::EasyFirst;
pub use hard_first::HardFirst;
pub use instance_hardness::{Hardness, InstanceHardness};
pub use permutation::Permutation;
pub use random::Random;
pub use reducible_loss::reducible_loss;
pub use several_scores::SeveralScores;

use crate::error::PacingError;

/// Difficulty scores to a permutation: the first of the four seams (order, pacing, weighting, sampler).
///
/// Displayed, an order is its name with its options.
pub trait Order: fmt::Debug + fmt::Display + Send + Sync {
    /// The examples `0..difficulty.len()`, the ones to show first first. Higher difficulty is harder; what is
    /// equally difficult comes in an order decided by the seed.
    ///
    /// # Errors
    /// [`PacingError::NotANumber`] where a difficulty is NaN; infinities are the extremes that they are.
    fn order(&self, difficulty: &[f64], seed: u64) -> Result<Vec<usize>, PacingError>;
}

impl<O: Order + ?Sized> Order for Arc<O> {
    fn order(&self, difficulty: &[f64], seed: u64) -> Result<Vec<usize>, PacingError> {
        (**self).order(difficulty, seed)
    }
}

/// The stream that breaks ties: the one of `Scores::easiest_first` in `cl-difficulty`, so that both agree.
const TIES: &str = "score ties";

fn check(difficulty: &[f64]) -> Result<(), PacingError> {
    match difficulty.iter().position(|score| score.is_nan()) {
        Some(example) => Err(PacingError::NotANumber { what: "difficulty", example }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORDERS: [&dyn Order; 3] = [&EasyFirst, &HardFirst, &Random];

    proptest! {
        #[test]
        fn every_order_is_a_permutation(scores in prop::collection::vec(-4i8..4, 0..60), seed: u64) {
            let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
            for order in ORDERS {
                let mut examples = order.order(&scores, seed).unwrap();
                let shared: Arc<dyn Order> = Arc::new(ClassBalanced::round_robin(Random, vec![0; scores.len()]));
                prop_assert_eq!(Arc::new(shared.clone()).order(&scores, seed), Random.order(&scores, seed));
                prop_assert_eq!(&examples, &order.order(&scores, seed).unwrap());
                examples.sort_unstable();
                prop_assert_eq!(examples, (0..scores.len()).collect::<Vec<_>>());
            }
        }

        #[test]
        fn orders_sort(scores in prop::collection::vec(-4i8..4, 0..60), seed: u64) {
            let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
            let easy = EasyFirst.order(&scores, seed).unwrap();
            prop_assert!(easy.windows(2).all(|pair| scores[pair[0]] <= scores[pair[1]]));
            let hard = HardFirst.order(&scores, seed).unwrap();
            prop_assert!(hard.windows(2).all(|pair| scores[pair[0]] >= scores[pair[1]]));
        }
    }

    #[test]
    fn nan_is_refused_by_index_and_infinity_is_not() {
        for order in ORDERS {
            let error = order.order(&[0.0, 1.0, f64::NAN], 0).unwrap_err();
            assert_eq!(error.to_string(), "difficulty of example 2 is NaN, expected a number");
        }
        let scores = [f64::INFINITY, 0.0, f64::NEG_INFINITY];
        assert_eq!(EasyFirst.order(&scores, 0).unwrap(), [2, 1, 0]);
        assert_eq!(HardFirst.order(&scores, 0).unwrap(), [0, 1, 2]);
    }

    /// Were ties broken by index, a constant score would show sorted data class by class.
    #[test]
    fn ties_are_broken_by_the_seed() {
        for order in ORDERS {
            let first = |seed| order.order(&[1.0; 8], seed).unwrap()[0];
            let seen: std::collections::HashSet<usize> = (0..200).map(first).collect();
            assert_eq!(seen.len(), 8, "{order}");
        }
    }
}
