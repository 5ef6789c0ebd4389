use serde::{Deserialize, Serialize};

use crate::{
    dataset::{Dataset, Scalar},
    error::DataError,
};

/// Mean and standard deviation of each feature, fitted on one data set and applied to any other.
///
/// ```text
/// x'_j = (x_j - mean_j) / std_j          population standard deviation; a constant feature becomes 0
/// ```
///
/// Fit on the training set and apply to validation and test sets, so that nothing of those leaks. O(n d).
///
/// ```
/// use cl_data::{Dataset, Standardization};
///
/// let train = Dataset::new(1, vec![1.0, 3.0], vec![0, 0], 1)?;
/// let standardization = Standardization::fit(&train)?;
/// assert_eq!(standardization.apply(train)?.features().as_slice(), [-1.0, 1.0]);
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Standardization {
    mean: Vec<f64>,
    std: Vec<f64>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl TryFrom<Unchecked> for Standardization {
    type Error = DataError;

    fn try_from(Unchecked { mean, std }: Unchecked) -> Result<Self, DataError> {
        let (found, expected) = (std.len(), mean.len());
        if found != expected {
            let (what, why) = ("standard deviations", "one of each mean");
            return Err(DataError::LengthMismatch { what, found, expected, why });
        }
        match mean.iter().chain(&std).find(|value| !value.is_finite()).or(std.iter().find(|&&std| std < 0.0)) {
            Some(value) => {
                Err(DataError::argument("standardization", value, "finite means, deviations of at least 0"))
            }
            None => Ok(Self { mean, std }),
        }
    }
}

impl Standardization {
    /// The statistics of `data`, in two passes.
    ///
    /// # Errors
    /// Where there is no example to take them from.
    pub fn fit<T: Scalar>(data: &Dataset<T>) -> Result<Self, DataError> {
        let n = data.n_examples();
        if n == 0 {
            return Err(DataError::argument("data", "empty", "at least one example"));
        }
        let average = |value: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; data.n_features()];
            for i in 0..n {
                for (j, (sum, &x)) in sums.iter_mut().zip(data.example(i)).enumerate() {
                    *sum += value(j, x.as_f64());
                }
            }
            sums.iter_mut().for_each(|sum| *sum /= n as f64);
            sums
        };
        let mean = average(&|_, x| x);
        let std = average(&|j, x| (x - mean[j]).powi(2)).into_iter().map(f64::sqrt).collect();
        Ok(Self { mean, std })
    }

    /// The mean of each feature.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The population standard deviation of each feature.
    pub fn std(&self) -> &[f64] {
        &self.std
    }

    /// `data` standardised with these statistics.
    ///
    /// # Errors
    /// Where `data` has another number of features, or one of them leaves the range of its type.
    pub fn apply<T: Scalar>(&self, data: Dataset<T>) -> Result<Dataset<T>, DataError> {
        if data.n_features() != self.mean.len() {
            return Err(DataError::LengthMismatch {
                what: "features",
                found: data.n_features(),
                expected: self.mean.len(),
                why: "as many as the statistics were fitted on",
            });
        }
        data.map_features(|j, x| {
            // A constant feature carries nothing; dividing by its rounding noise would make it carry noise.
            let constant = self.std[j] <= f64::EPSILON * self.mean[j].abs();
            T::of_f64(if constant { 0.0 } else { (x.as_f64() - self.mean[j]) / self.std[j] })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_set_takes_the_first_ones_statistics() {
        let train = Dataset::new(2, vec![0.0f32, 5.0, 2.0, 5.0], vec![0, 0], 1).unwrap();
        let test = Dataset::new(2, vec![4.0f32, 7.0], vec![0], 1).unwrap();
        let standardization = Standardization::fit(&train).unwrap();
        assert_eq!((standardization.mean(), standardization.std()), (&[1.0, 5.0][..], &[1.0, 0.0][..]));
        assert_eq!(standardization.apply(test).unwrap().features().as_slice(), [3.0, 0.0]);
        let saved = serde_json::to_string(&standardization).unwrap();
        assert_eq!(serde_json::from_str::<Standardization>(&saved).unwrap(), standardization);
        for (part, other) in [("[1.0,5.0]", "[1.0]"), ("[1.0,0.0]", "[1.0,-1.0]")] {
            assert!(serde_json::from_str::<Standardization>(&saved.replace(part, other)).is_err());
        }
        let narrow = Dataset::new(1, vec![4.0f32], vec![0], 1).unwrap();
        assert!(standardization.apply(narrow).is_err());
        assert!(Standardization::fit(&Dataset::<f32>::new(1, vec![], vec![], 1).unwrap()).is_err());
    }
}
