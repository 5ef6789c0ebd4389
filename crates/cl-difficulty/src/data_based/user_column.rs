use std::collections::HashMap;

use cl_data::{Dataset, Ids, Scalar};
use serde::{Deserialize, Serialize};

use super::check_finite;
use crate::error::DifficultyError;

/// Which way a column points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// High values are difficult.
    HigherIsHarder,
    /// Low values are difficult: the column is negated.
    LowerIsHarder,
}

/// Any column as a difficulty, joined to `data` by id and never by position: finite values, higher = harder.
///
/// The column may hold more examples than the data, whose subset it then covers. O(n).
///
/// ```
/// use cl_data::{Dataset, Ids};
/// use cl_difficulty::data_based::{Direction, user_column};
///
/// let data = Dataset::new(1, vec![0.5, 0.6], vec![0, 0], 1)?.with_ids(Ids::integers(vec![7, 3])?)?;
/// let human_agreement = user_column(&Ids::integers(vec![3, 7])?, &[0.9, 0.2], &data, Direction::LowerIsHarder)?;
/// assert_eq!(human_agreement, [-0.2, -0.9]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where the column has not one finite value per id, or an id of the data is not in it.
pub fn user_column<T: Scalar>(
    ids: &Ids,
    values: &[f64],
    data: &Dataset<T>,
    direction: Direction,
) -> Result<Vec<f64>, DifficultyError> {
    let (found, expected) = (values.len(), ids.len());
    if found != expected {
        return Err(DifficultyError::LengthMismatch { what: "the column", found, expected });
    }
    check_finite("the column", values)?;
    let rows: HashMap<_, usize> = ids.iter().zip(0..).collect();
    let value = |(example, id): (usize, std::borrow::Cow<'_, str>)| match (rows.get(&id), direction) {
        (Some(&row), Direction::HigherIsHarder) => Ok(values[row]),
        (Some(&row), Direction::LowerIsHarder) => Ok(-values[row]),
        (None, _) => Err(DifficultyError::MissingId { id: id.into_owned(), example }),
    };
    data.ids().iter().enumerate().map(value).collect()
}
