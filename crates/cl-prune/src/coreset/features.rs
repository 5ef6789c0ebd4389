use cl_data::Scalar;

use crate::error::PruneError;

/// What examples are chosen by: n examples of d finite numbers, one example after the other.
///
/// ```
/// use cl_prune::coreset::Features;
///
/// // Three examples of two features.
/// let features = Features::new(&[0.0f32, 0.0, 1.0, 0.0, 0.0, 2.0], 2)?;
/// assert_eq!((features.n_examples(), features.n_features()), (3, 2));
/// assert_eq!(features.example(2), [0.0, 2.0]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Features<'a, T> {
    values: &'a [T],
    n_features: usize,
}

/// Features of either precision, where that is known at run time alone.
#[derive(Debug, Clone, Copy)]
pub enum AnyFeatures<'a> {
    /// In single precision.
    F32(Features<'a, f32>),
    /// In double precision.
    F64(Features<'a, f64>),
}

impl<'a> From<Features<'a, f32>> for AnyFeatures<'a> {
    fn from(features: Features<'a, f32>) -> Self {
        Self::F32(features)
    }
}

impl<'a> From<Features<'a, f64>> for AnyFeatures<'a> {
    fn from(features: Features<'a, f64>) -> Self {
        Self::F64(features)
    }
}

impl AnyFeatures<'_> {
    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        match self {
            Self::F32(features) => features.n_examples(),
            Self::F64(features) => features.n_examples(),
        }
    }

    /// The number of features of each.
    pub fn n_features(&self) -> usize {
        match self {
            Self::F32(features) => features.n_features(),
            Self::F64(features) => features.n_features(),
        }
    }

    /// The values of these examples, example by example.
    pub(super) fn gather(&self, indices: &[usize]) -> Vec<f64> {
        match self {
            Self::F32(features) => features.gather(indices).into_iter().map(f64::from).collect(),
            Self::F64(features) => features.gather(indices),
        }
    }

    /// Appends all values, example by example.
    pub(super) fn append_to(&self, values: &mut Vec<f64>) {
        match self {
            Self::F32(features) => values.extend(features.values().iter().map(|&value| f64::from(value))),
            Self::F64(features) => values.extend_from_slice(features.values()),
        }
    }
}

impl<'a, T: Scalar> Features<'a, T> {
    /// The largest magnitude of a feature. Methods square sums over all examples and add that up over all features,
    /// which overflows for none of up to 10^10 examples of 10^6 features up to here.
    pub const LARGEST: f64 = 1e140;

    /// Examples of `n_features` numbers each. O(n d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `values` holds no whole examples or there are no features;
    /// [`PruneError::Feature`] where one is not finite, or larger than [`LARGEST`](Self::LARGEST).
    pub fn new(values: &'a [T], n_features: usize) -> Result<Self, PruneError> {
        if n_features == 0 || !values.len().is_multiple_of(n_features) {
            let found = format!("{} values in examples of {n_features} features", values.len());
            return Err(PruneError::argument("features", found, "whole examples of at least one feature"));
        }
        let is_fit = |value: &T| value.as_f64().abs() <= Self::LARGEST;
        // NaN is not fit either.
        if let Some(at) = values.iter().position(|value| !is_fit(value)) {
            let (example, feature) = (at / n_features, at % n_features);
            let (value, expected) = if values[at].is_finite() {
                (
                    format!("{:e}", values[at].as_f64()),
                    "a magnitude of at most 1e140, whose squares can be added up",
                )
            } else {
                (values[at].to_string(), "a finite number")
            };
            return Err(PruneError::Feature { example, feature, value, expected });
        }
        Ok(Self { values, n_features })
    }

    /// That every value is fit for a method.
    ///
    /// # Errors
    /// [`PruneError::Feature`] of the first that is not.
    pub(super) fn check_each(&self, expected: &'static str, is_fit: fn(f64) -> bool) -> Result<(), PruneError> {
        let Some(at) = self.values.iter().position(|value| !is_fit(value.as_f64())) else { return Ok(()) };
        let (example, feature) = (at / self.n_features, at % self.n_features);
        Err(PruneError::Feature { example, feature, value: self.values[at].to_string(), expected })
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.values.len() / self.n_features
    }

    /// The number of features of each.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// All values, example by example.
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// The features of example `index`.
    ///
    /// # Panics
    /// Where there is no such example.
    pub fn example(&self, index: usize) -> &'a [T] {
        &self.values[index * self.n_features..][..self.n_features]
    }

    /// The values of these examples, example by example.
    pub(super) fn gather(&self, indices: &[usize]) -> Vec<T> {
        let mut values = Vec::with_capacity(indices.len() * self.n_features);
        indices.iter().for_each(|&index| values.extend_from_slice(self.example(index)));
        values
    }

    /// The mean of every feature, in double precision. O(n d).
    pub(super) fn mean(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_features];
        for example in self.values.chunks_exact(self.n_features) {
            sums.iter_mut().zip(example).for_each(|(sum, value)| *sum += value.as_f64());
        }
        let n = self.n_examples().max(1) as f64;
        sums.iter_mut().for_each(|sum| *sum /= n);
        sums
    }

    /// Where distances are computed from: for each feature a round number near its middle, a multiple of a power of
    /// two at least as large as its range. Distances do not change, but |x|^2 + |y|^2 - 2 x y then loses nothing to
    /// an offset (a year, a time stamp), and subtracting it is exact for single precision and for integers.
    pub(super) fn origin(&self) -> Vec<f64> {
        let mut low = vec![f64::INFINITY; self.n_features];
        let mut high = vec![f64::NEG_INFINITY; self.n_features];
        for example in self.values.chunks_exact(self.n_features) {
            for ((low, high), value) in low.iter_mut().zip(&mut high).zip(example) {
                *low = low.min(value.as_f64());
                *high = high.max(value.as_f64());
            }
        }
        low.into_iter().zip(high).map(|(low, high)| round_middle(low, high)).collect()
    }
}

fn round_middle(low: f64, high: f64) -> f64 {
    let range = high - low;
    if range <= 0.0 || !range.is_finite() {
        return if range == 0.0 { low } else { 0.0 };
    }
    let unit = range.log2().ceil().exp2();
    let middle = ((low / 2.0 + high / 2.0) / unit).round() * unit;
    if middle.is_finite() { middle } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_named() {
        let error = Features::new(&[0.0, 1.0, f64::NAN, 2.0], 2).unwrap_err();
        assert_eq!(error.to_string(), "feature 0 of example 1 is NaN, expected a finite number");
        let error = Features::new(&[0.0f32, f32::NEG_INFINITY], 2).unwrap_err();
        assert_eq!(error.to_string(), "feature 1 of example 0 is -inf, expected a finite number");
        assert!(Features::new(&[0.0; 3], 2).is_err());
        let error = Features::new(&[0.0, 1.0, 2.0, -1e200], 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "feature 1 of example 1 is -1e200, expected a magnitude of at most 1e140, whose squares can be added up"
        );
        assert!(Features::new(&[f32::MAX, f32::MIN], 1).is_ok());
        assert!(Features::<f64>::new(&[], 0).is_err());
        assert_eq!(Features::<f64>::new(&[], 3).unwrap().n_examples(), 0);
    }

    #[test]
    fn the_origin_is_round_and_near() {
        assert_eq!(round_middle(-1.0, 1.5), 0.0);
        assert_eq!(round_middle(2000.0, 2026.0), 2016.0);
        assert_eq!(round_middle(7.25, 7.25), 7.25);
        let origin = Features::new(&[1.5e9, 0.1, 1.5e9 + 86400.0, 0.9], 2).unwrap().origin();
        assert!((origin[0] - 1.5e9).abs() < 2.0 * 86400.0);
        assert!(origin[1] == 0.0 || origin[1] == 1.0);
    }
}
