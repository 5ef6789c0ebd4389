use cl_data::{Dataset, Scalar};

use super::distance::{Distance, Points, squared_distance};
use crate::error::DifficultyError;

/// The Euclidean distance of each example to the coordinate-wise median of its class, higher = harder.
///
/// ```text
/// difficulty_i = || x_i - median { x_j : y_j = y_i } ||_2          the median of each feature by itself
/// ```
///
/// Of an even number of values the median is the mean of the middle two. The paper keeps the examples of middle
/// distance. O(n d).
///
/// Source: Xia et al. (2023), Moderate Coreset, section 3.
///
/// ```
/// use cl_data::Dataset;
/// use cl_difficulty::model_based::class_median_distance;
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 5.0, 7.0], vec![0, 0, 0, 1], 2)?;
/// assert_eq!(class_median_distance(&data)?, [1.0, 0.0, 4.0, 0.0]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where the data has no features.
pub fn class_median_distance<T: Scalar>(data: &Dataset<T>) -> Result<Vec<f64>, DifficultyError> {
    let points = Points::new(data, Distance::Euclidean)?;
    let mut members = vec![Vec::new(); data.n_classes()];
    data.labels().iter().enumerate().for_each(|(example, &label)| members[label].push(example));
    let mut distances = vec![0.0; points.len()];
    for members in members.into_iter().filter(|members| !members.is_empty()) {
        let medians: Vec<f64> = (0..points.n_features)
            .map(|feature| median(members.iter().map(|&example| points.get(example)[feature]).collect()))
            .collect();
        for example in members {
            distances[example] = squared_distance(points.get(example), &medians).sqrt();
        }
    }
    Ok(distances)
}

/// The median of at least one value.
fn median(mut values: Vec<f64>) -> f64 {
    let (middle, is_even) = (values.len() / 2, values.len().is_multiple_of(2));
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if !is_even {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lower + (upper - lower) / 2.0
}
