use cl_data::{Dataset, Scalar};
use serde::{Deserialize, Serialize};

use crate::error::DifficultyError;

/// How far apart two examples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Distance {
    /// |a - b|, in units of the features.
    Euclidean,
    /// 1 - a . b / (|a| |b|), in [0, 2]; undefined for the zero vector.
    Cosine,
}

impl Distance {
    /// The distance of two [`Points`] from their squared Euclidean one: for vectors of length 1,
    /// |a - b|^2 = 2 (1 - a . b).
    pub(super) fn of_squared(self, squared: f64) -> f64 {
        match self {
            Self::Euclidean => squared.sqrt(),
            Self::Cosine => squared / 2.0,
        }
    }
}

/// The largest feature that distances are taken of.
const LARGEST: f64 = 1e150;

/// The features of examples in `f64`, scaled to length 1 for the cosine, so that every method may take squared
/// Euclidean distances.
pub(super) struct Points {
    pub(super) n_features: usize,
    pub(super) values: Vec<f64>,
}

impl Points {
    pub(super) fn new<T: Scalar>(data: &Dataset<T>, distance: Distance) -> Result<Self, DifficultyError> {
        let n_features = data.n_features();
        if n_features == 0 {
            return Err(DifficultyError::argument("data", "without features", "at least one feature"));
        }
        let mut values: Vec<f64> = data.features().iter().map(|value| value.as_f64()).collect();
        if let Some(at) = values.iter().position(|value| value.abs() > LARGEST) {
            let value =
                format!("with feature {} of example {} at {:e}", at % n_features, at / n_features, values[at]);
            let expected = "features of at most 1e150, whose squares are finite";
            return Err(DifficultyError::InvalidArgument { argument: "data", value, expected });
        }
        if distance == Distance::Cosine {
            for (example, point) in values.chunks_exact_mut(n_features).enumerate() {
                if !normalize(point) {
                    let value = format!("Cosine, but example {example} is the zero vector");
                    let expected = "Euclidean, or data without a zero vector";
                    return Err(DifficultyError::InvalidArgument { argument: "distance", value, expected });
                }
            }
        }
        Ok(Self { n_features, values })
    }

    pub(super) fn len(&self) -> usize {
        self.values.len() / self.n_features
    }

    pub(super) fn get(&self, example: usize) -> &[f64] {
        &self.values[example * self.n_features..][..self.n_features]
    }

    pub(super) fn iter(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.n_features)
    }
}

/// Scales a vector to length 1; false where it is zero.
pub(super) fn normalize(point: &mut [f64]) -> bool {
    // Divided by its largest entry first, so that no square overflows or vanishes.
    let largest = point.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    if largest == 0.0 {
        return false;
    }
    point.iter_mut().for_each(|x| *x /= largest);
    let norm = point.iter().map(|x| x * x).sum::<f64>().sqrt();
    point.iter_mut().for_each(|x| *x /= norm);
    true
}

pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    // Four sums that do not wait for each other.
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| (a - b) * (a - b)).sum();
    let mut sums = [0.0; 4];
    for (a, b) in a4.zip(b4) {
        for lane in 0..4 {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
