use serde::{Deserialize, Serialize};

use super::neighbors::{Neighbors, check_labels};
use crate::error::DifficultyError;

/// How far down the list of neighbours the recursion of [`knn_shapley`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ShapleyStart {
    /// At the farthest example of all: the exact value. The neighbours must be all the other examples.
    Exact,
    /// At the farthest of the m neighbours given, whose value is taken as 0: wrong by at most 1 / m. cleanlab's
    /// rule, with m = k.
    Truncated,
}

/// KNN-Shapley: the Shapley value of each training example for the accuracy of a k-nearest-neighbour classifier on
/// the queries. High = valuable; its negative is the difficulty.
///
/// ```text
/// v(S) = mean over queries of (1/k) sum over the min(k, |S|) nearest j in S of [y_j = y]
/// s_(a_n) = [y_(a_n) = y] / max(k, n)                                                       (Exact)
/// s_(a_m) = 0                                                                               (Truncated)
/// s_(a_i) = s_(a_(i+1)) + ([y_(a_i) = y] - [y_(a_(i+1)) = y]) / k * min(k, i) / i           i counted from 1
/// ```
///
/// where a_1, a_2, ... are the query's neighbours, nearest first; values are averaged over the queries. O(queries *
/// m) after the neighbours, O(n) memory. With m = k, `0.5 (value + 1)` is cleanlab 2.9's data valuation, whose
/// docstring shows the numbers of an older rule.
///
/// Source: Jia et al. (2019), Efficient Task-Specific Data Valuation for Nearest Neighbor Algorithms, theorems 1
/// and 2.
///
/// ```
/// use cl_data::Dataset;
/// use cl_difficulty::model_based::{Distance, Neighbors, ShapleyStart, knn_shapley};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 2.0, 3.0, 4.0], vec![0, 1, 0, 1, 0], 2)?;
/// let neighbors = Neighbors::within(&data, 4, Distance::Euclidean, 0)?;
/// let values = knn_shapley(&neighbors, data.labels(), data.labels(), 4, ShapleyStart::Truncated)?;
/// assert_eq!(values, [0.0, -0.1, 0.0, -0.1, 0.0]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where k is 0 or above the neighbours given, labels are missing, or the exact value is asked of some neighbours
/// alone.
pub fn knn_shapley(
    neighbors: &Neighbors,
    labels: &[usize],
    query_labels: &[usize],
    k: usize,
    start: ShapleyStart,
) -> Result<Vec<f64>, DifficultyError> {
    check_labels(neighbors, labels, query_labels)?;
    let m = neighbors.k();
    if start == ShapleyStart::Exact && m != neighbors.n_candidates() {
        let (found, expected) = (m, neighbors.n_candidates());
        return Err(DifficultyError::LengthMismatch { what: "the list of neighbours", found, expected });
    }
    // The exact recursion holds for any k, the truncated one for a list that reaches as far as the vote.
    if k == 0 || start == ShapleyStart::Truncated && k > m {
        let expected = "at least 1 and at most the number of neighbours given";
        return Err(DifficultyError::argument("k", k, expected));
    }
    let mut values = vec![0.0; labels.len()];
    for (query, &label) in query_labels.iter().enumerate() {
        let indices = neighbors.indices(query);
        let matches = |at: usize| f64::from(u8::from(labels[indices[at]] == label));
        let mut value = match start {
            ShapleyStart::Exact => matches(m - 1) / k.max(m) as f64,
            ShapleyStart::Truncated => 0.0,
        };
        values[indices[m - 1]] += value;
        for at in (0..m - 1).rev() {
            let i = at + 1;
            value += (matches(at) - matches(at + 1)) / k as f64 * (k.min(i) as f64 / i as f64);
            values[indices[at]] += value;
        }
    }
    values.iter_mut().for_each(|value| *value /= query_labels.len() as f64);
    Ok(values)
}
