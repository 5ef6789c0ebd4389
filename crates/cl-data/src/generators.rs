use rand_distr::{Distribution, StandardNormal};

use crate::numpy::RandomState;
use crate::{dataset::Dataset, error::DataError};
use crate::{memory, random};

/// The two Gaussian clusters of the article, bit for bit what its NumPy code draws.
///
/// ```text
/// class 0:  z std + centre_0      class 1:  z std + centre_1      z ~ N(0, I_2), n div 2 rows each
/// difficulty_i = scaled( 1 / (|x_i0| + 0.1) )                     scaled to [0, 1] over the data set
/// ```
///
/// An odd n drops a row, as the article's code does. O(n).
///
/// ```
/// let clusters = cl_data::Clusters::default();
/// let data = clusters.generate(200, 42)?;
/// let difficulty = cl_data::Clusters::difficulty(&data);
/// assert_eq!(difficulty.iter().filter(|&&difficulty| difficulty < 0.3).count(), 185);
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clusters {
    /// Standard deviation of each cluster in each direction.
    pub std: f64,
    /// The centre of each class.
    pub centres: [[f64; 2]; 2],
}

impl Default for Clusters {
    /// The article's: standard deviation 0.8 around (-2, 0) and (2, 0).
    fn default() -> Self {
        Self { std: 0.8, centres: [[-2.0, 0.0], [2.0, 0.0]] }
    }
}

impl Clusters {
    /// Draws n div 2 examples of class 0, then as many of class 1.
    ///
    /// # Errors
    /// Where the standard deviation is negative, a number is not finite, or n is more than memory can hold.
    pub fn generate(&self, n: usize, seed: u32) -> Result<Dataset<f64>, DataError> {
        if !(self.std.is_finite() && self.std >= 0.0) {
            return Err(DataError::argument("std", self.std, "a finite number of at least 0"));
        }
        memory::check::<[f64; 2]>(n).map_err(|n| DataError::argument("n", n, memory::EXPECTED))?;
        let mut rng = RandomState::new(seed);
        let per_class = n / 2;
        let mut features = Vec::with_capacity(4 * per_class);
        for centre in self.centres {
            for _ in 0..per_class {
                features.extend(centre.map(|centre| rng.randn() * self.std + centre));
            }
        }
        let labels = (0..2 * per_class).map(|i| i / per_class.max(1)).collect();
        Dataset::new(2, features, labels, 2)
    }

    /// The article's difficulty: 1 / (|x0| + 0.1), scaled to [0, 1] over the data set.
    ///
    /// One example nearest to the boundary sets the scale of all. NaN where all are equally far (n < 2).
    pub fn difficulty(data: &Dataset<f64>) -> Vec<f64> {
        let closeness: Vec<f64> = (0..data.n_examples())
            .map(|i| 1.0 / (data.example(i).first().map_or(0.0, |x| x.abs()) + 0.1))
            .collect();
        let smallest = closeness.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = closeness.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        closeness.iter().map(|closeness| (closeness - smallest) / (largest - smallest)).collect()
    }
}

/// One component of a [`GaussianMixture`].
#[derive(Debug, Clone, PartialEq)]
pub struct MixtureComponent {
    /// The class of its examples.
    pub class: usize,
    /// How many examples it gives.
    pub n_examples: usize,
    /// Its mean, of length d.
    pub mean: Vec<f64>,
    /// Its standard deviation along each axis, of length d.
    pub std: Vec<f64>,
}

/// A mixture of axis-aligned Gaussians with an exact number of examples of each component.
///
/// ```text
/// x = mean_k + std_k * z,   z ~ N(0, I_d),   label = class_k
/// ```
///
/// Examples stand component by component; shuffle or split for a random order. O(n d).
///
/// ```
/// use cl_data::{GaussianMixture, MixtureComponent};
///
/// let component = |class, x| MixtureComponent { class, n_examples: 50, mean: vec![x, 0.0], std: vec![1.0, 0.5] };
/// let data = GaussianMixture::new(vec![component(0, -1.0), component(1, 1.0)])?.generate(7)?;
/// assert_eq!(data.class_counts(), [50, 50]);
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixture {
    components: Vec<MixtureComponent>,
}

impl GaussianMixture {
    /// A mixture of these components.
    ///
    /// # Errors
    /// Where there is none, the components differ in dimension, or a mean or standard deviation is not finite
    /// (or, of the latter, negative).
    pub fn new(components: Vec<MixtureComponent>) -> Result<Self, DataError> {
        let Some(first) = components.first() else {
            return Err(DataError::argument("components", "empty", "at least one component"));
        };
        let expected = first.mean.len();
        for component in &components {
            for (what, found) in [("mean", component.mean.len()), ("std", component.std.len())] {
                if found != expected {
                    let why = "the dimension of the first component";
                    return Err(DataError::LengthMismatch { what, found, expected, why });
                }
            }
            if let Some(mean) = component.mean.iter().find(|mean| !mean.is_finite()) {
                return Err(DataError::argument("mean", mean, "a finite number"));
            }
            if let Some(std) = component.std.iter().find(|std| !(std.is_finite() && **std >= 0.0)) {
                return Err(DataError::argument("std", std, "a finite number of at least 0"));
            }
        }
        Ok(Self { components })
    }

    /// Draws the examples; the same seed gives the same data everywhere.
    ///
    /// # Errors
    /// Where means and deviations are so large that an example leaves the range of numbers, a class is beyond
    /// what a data set can name, or the examples are more than memory can hold.
    pub fn generate(&self, seed: u64) -> Result<Dataset<f64>, DataError> {
        let n_examples =
            self.components.iter().fold(0usize, |sum, component| sum.saturating_add(component.n_examples));
        let n_features = self.components.first().map_or(0, |first| first.mean.len());
        // A label beside the features.
        memory::check::<u64>(n_examples.saturating_mul(n_features.saturating_add(1))).map_err(|needed| {
            DataError::argument("n_examples", format!("{n_examples}, together {needed} numbers"), memory::EXPECTED)
        })?;
        let mut rng = random::stream(seed, "gaussian mixture", 0);
        let (mut features, mut labels) = (Vec::new(), Vec::new());
        for component in &self.components {
            for _ in 0..component.n_examples {
                features.extend(component.mean.iter().zip(&component.std).map(|(mean, std)| {
                    let z: f64 = StandardNormal.sample(&mut rng);
                    mean + std * z
                }));
                labels.push(component.class);
            }
        }
        let n_classes =
            self.components.iter().map(|component| component.class.saturating_add(1)).max().unwrap_or(0);
        Dataset::new(self.components.first().map_or(0, |first| first.mean.len()), features, labels, n_classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(class: usize, mean: f64, std: f64) -> GaussianMixture {
        let component = MixtureComponent { class, n_examples: 3, mean: vec![mean], std: vec![std] };
        GaussianMixture::new(vec![component]).unwrap()
    }

    /// Pins the Gaussians: a library may change its values in a minor release, and recorded seeds may not.
    #[test]
    fn gaussians_are_pinned() {
        let drawn = one(0, 0.0, 1.0).generate(42).unwrap();
        assert_eq!(drawn.features().as_slice(), PINNED);
    }

    const PINNED: [f64; 3] = [-0.28261754304619313, -0.3213925018223998, -1.1244717234094177];

    #[test]
    fn what_no_data_set_can_hold_is_refused() {
        assert!(one(0, 1.7e308, 1e308).generate(1).is_err() || one(0, 1.7e308, 1e308).generate(2).is_err());
        assert!(one(usize::MAX, 0.0, 1.0).generate(1).is_err());
        assert!(Dataset::<f64>::new(1, vec![], vec![], usize::MAX).is_err());
        assert!(Dataset::<f64>::new(usize::MAX, vec![], vec![], 1).is_err());
        let huge = Dataset::new(1, vec![1e300], vec![0], 1).unwrap();
        assert!(huge.cast::<f32>().is_err());
        assert!(Clusters::difficulty(&Dataset::new(0, vec![], vec![0], 1).unwrap())[0].is_nan());
    }
}
