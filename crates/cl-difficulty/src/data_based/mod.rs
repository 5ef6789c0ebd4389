//! Scores of the data alone, no model asked.

mod distribution;
mod image_statistics;
mod sentence_length;
mod user_column;
mod vocabulary_rank;
mod word_rarity;

pub use distribution::{CdfTies, cumulative_distribution};
pub use image_statistics::{
    ImageShape, PixelOrder, contrast, edge_energy, histogram_entropy, mean_intensity, total_variation,
};
pub use sentence_length::sentence_length;
pub use user_column::{Direction, user_column};
pub use vocabulary_rank::{RankOf, vocabulary_rank};
pub use word_rarity::{Case, UnseenWord, Vocabulary, word_rarity};

use crate::error::DifficultyError;

/// Refuses a value that is NaN or infinite.
pub(crate) fn check_finite(metric: &str, values: &[f64]) -> Result<(), DifficultyError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(example) => Err(DifficultyError::InvalidScore {
            metric: metric.to_owned(),
            example,
            value: values[example],
            expected: "a finite number",
        }),
        None => Ok(()),
    }
}
