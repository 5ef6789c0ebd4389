use nalgebra::DMatrix;

use crate::{error::DataError, fingerprint::Fingerprint, ids::Ids};

/// The scalar of features and models: `f32` for speed, `f64` for parity with NumPy.
pub trait Scalar:
    nalgebra::RealField + bytemuck::Pod + Default + serde::Serialize + serde::de::DeserializeOwned + Send + Sync
{
    /// The nearest value of this type.
    fn of_f64(value: f64) -> Self;
    /// The same value as `f64`.
    fn as_f64(self) -> f64;
}

impl Scalar for f32 {
    fn of_f64(value: f64) -> Self {
        value as f32
    }

    fn as_f64(self) -> f64 {
        self.into()
    }
}

impl Scalar for f64 {
    fn of_f64(value: f64) -> Self {
        value
    }

    fn as_f64(self) -> f64 {
        self
    }
}

/// Labelled examples: a d x n matrix of features with **one example per column**, n class labels, n ids and
/// the names of features and classes.
///
/// Columns are contiguous, so that an example is a slice and gathering a batch copies whole columns. All
/// parts are checked once, at construction, and stay consistent: features are finite, labels lie in
/// `0..n_classes`, ids are unique.
///
/// ```
/// use cl_data::Dataset;
///
/// // Two features, three examples, two classes.
/// let data = Dataset::new(2, vec![0.0, 0.1, 1.0, 1.1, 2.0, 2.1], vec![0, 1, 1], 2)?;
/// assert_eq!((data.n_features(), data.n_examples(), data.n_classes()), (2, 3, 2));
/// assert_eq!(data.example(1), [1.0, 1.1]);
/// assert_eq!(data.class_counts(), [1, 2]);
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset<T: Scalar> {
    features: DMatrix<T>,
    labels: Vec<usize>,
    n_classes: usize,
    targets: Vec<T>,
    n_targets: usize,
    ids: Ids,
    feature_names: Vec<String>,
    class_names: Vec<String>,
}

impl<T: Scalar> Dataset<T> {
    /// A data set from features example by example (`features[i * n_features + j]` is feature j of example
    /// i), with ids `0..n`, features named `x0`, `x1`, ... and classes named `0`, `1`, ...
    ///
    /// # Errors
    /// Where the lengths disagree, a feature is not finite, or a label is not below `n_classes`.
    pub fn new(
        n_features: usize,
        features: Vec<T>,
        labels: Vec<usize>,
        n_classes: usize,
    ) -> Result<Self, DataError> {
        let n_examples = labels.len();
        if n_features > MOST_NAMES {
            return Err(DataError::argument(
                "n_features",
                n_features,
                "at most 16777216, for each of them is named",
            ));
        }
        if n_classes > MAX_CLASSES {
            return Err(DataError::argument("n_classes", n_classes, "at most 1048576"));
        }
        if Some(features.len()) != n_features.checked_mul(n_examples) {
            return Err(DataError::LengthMismatch {
                what: "features",
                found: features.len(),
                expected: n_features.saturating_mul(n_examples),
                why: "features per example times the number of labels",
            });
        }
        if let Some(example) = labels.iter().position(|&label| label >= n_classes) {
            return Err(DataError::LabelOutOfRange { label: labels[example], example, n_classes });
        }
        let data = Self {
            features: DMatrix::from_vec(n_features, n_examples, features),
            labels,
            n_classes,
            targets: Vec::new(),
            n_targets: 0,
            ids: Ids::range(n_examples),
            feature_names: (0..n_features).map(|feature| format!("x{feature}")).collect(),
            class_names: (0..n_classes).map(|class| class.to_string()).collect(),
        };
        data.check_finite()?;
        Ok(data)
    }

    /// The same examples under other ids.
    ///
    /// # Errors
    /// [`DataError::LengthMismatch`] unless there is one id per example.
    pub fn with_ids(mut self, ids: Ids) -> Result<Self, DataError> {
        expect_length("ids", ids.len(), self.n_examples(), "one per example")?;
        self.ids = ids;
        Ok(self)
    }

    /// The same examples with named features.
    ///
    /// # Errors
    /// [`DataError::LengthMismatch`] unless there is one name per feature.
    pub fn with_feature_names(mut self, names: Vec<String>) -> Result<Self, DataError> {
        expect_length("feature names", names.len(), self.n_features(), "one per feature")?;
        self.feature_names = names;
        Ok(self)
    }

    /// The same examples with named classes.
    ///
    /// # Errors
    /// [`DataError::LengthMismatch`] unless there is one name per class.
    pub fn with_class_names(mut self, names: Vec<String>) -> Result<Self, DataError> {
        expect_length("class names", names.len(), self.n_classes, "one per class")?;
        self.class_names = names;
        Ok(self)
    }

    /// The same examples with numbers to learn beside their classes: values of a regression, or a probability
    /// for each class (soft labels). `targets[i * n_targets + k]` is target k of example i.
    ///
    /// # Errors
    /// Unless there are `n_targets` finite numbers per example.
    pub fn with_targets(mut self, n_targets: usize, targets: Vec<T>) -> Result<Self, DataError> {
        let expected = n_targets.saturating_mul(self.n_examples());
        expect_length("targets", targets.len(), expected, "targets per example times examples")?;
        (self.n_targets, self.targets) = (n_targets, targets);
        self.check_finite()?;
        Ok(self)
    }

    /// The same examples under other labels of the same classes, as after label noise.
    ///
    /// # Errors
    /// Unless there is one label per example, each below the number of classes.
    pub fn with_labels(mut self, labels: Vec<usize>) -> Result<Self, DataError> {
        expect_length("labels", labels.len(), self.n_examples(), "one per example")?;
        if let Some(example) = labels.iter().position(|&label| label >= self.n_classes) {
            return Err(DataError::LabelOutOfRange { label: labels[example], example, n_classes: self.n_classes });
        }
        self.labels = labels;
        Ok(self)
    }

    /// Number of examples, n.
    pub fn n_examples(&self) -> usize {
        self.labels.len()
    }

    /// Number of features, d.
    pub fn n_features(&self) -> usize {
        self.features.nrows()
    }

    /// Number of classes, occupied or not.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// All features, d x n, one example per column.
    pub fn features(&self) -> &DMatrix<T> {
        &self.features
    }

    /// The features of example `index`, a slice of length d.
    ///
    /// # Panics
    /// As indexing a slice does, where `index` is not below [`n_examples`](Self::n_examples).
    pub fn example(&self, index: usize) -> &[T] {
        let d = self.n_features();
        &self.features.as_slice()[index * d..][..d]
    }

    /// Number of targets per example, 0 where there are classes alone.
    pub fn n_targets(&self) -> usize {
        self.n_targets
    }

    /// The targets of example `index`: empty where there are none.
    ///
    /// # Panics
    /// As indexing a slice does, where `index` is not below [`n_examples`](Self::n_examples).
    pub fn targets(&self, index: usize) -> &[T] {
        &self.targets[index * self.n_targets..][..self.n_targets]
    }

    /// The class of each example.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The name of each example.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The name of each feature.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The name of each class.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// How many examples each class has.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        self.labels.iter().for_each(|&label| counts[label] += 1);
        counts
    }

    /// The hash of ids and labels that scores and saved states carry.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.ids, &self.labels)
    }

    /// The examples at `indices`, in that order, with their ids. O(d * indices).
    ///
    /// # Errors
    /// Where an index is out of range or named twice.
    pub fn subset(&self, indices: &[usize]) -> Result<Self, DataError> {
        let ids = self.ids.select(indices)?;
        let mut features = Vec::with_capacity(indices.len() * self.n_features());
        indices.iter().for_each(|&index| features.extend_from_slice(self.example(index)));
        Ok(Self {
            features: DMatrix::from_vec(self.n_features(), indices.len(), features),
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            n_classes: self.n_classes,
            targets: indices.iter().flat_map(|&index| self.targets(index)).copied().collect(),
            n_targets: self.n_targets,
            ids,
            feature_names: self.feature_names.clone(),
            class_names: self.class_names.clone(),
        })
    }

    /// The same examples in another scalar type.
    ///
    /// # Errors
    /// Where a number is beyond the range of that type.
    pub fn cast<U: Scalar>(&self) -> Result<Dataset<U>, DataError> {
        let data = Dataset {
            features: self.features.map(|value| U::of_f64(value.as_f64())),
            labels: self.labels.clone(),
            n_classes: self.n_classes,
            targets: self.targets.iter().map(|target| U::of_f64(target.as_f64())).collect(),
            n_targets: self.n_targets,
            ids: self.ids.clone(),
            feature_names: self.feature_names.clone(),
            class_names: self.class_names.clone(),
        };
        data.check_finite()?;
        Ok(data)
    }

    /// Replaces the features by `map(feature, value)`.
    pub(crate) fn map_features(mut self, map: impl Fn(usize, T) -> T) -> Result<Self, DataError> {
        let d = self.n_features().max(1);
        for (at, value) in self.features.as_mut_slice().iter_mut().enumerate() {
            *value = map(at % d, *value);
        }
        self.check_finite()?;
        Ok(self)
    }

    fn check_finite(&self) -> Result<(), DataError> {
        let (features, d) = (self.features.as_slice(), self.n_features());
        if let Some(at) = features.iter().position(|value| !value.is_finite()) {
            return Err(DataError::NotFinite { feature: at % d, example: at / d, value: features[at].as_f64() });
        }
        if let Some(at) = self.targets.iter().position(|value| !value.is_finite()) {
            let value = format!("{} for example {}", self.targets[at], at / self.n_targets);
            return Err(DataError::argument("targets", value, "finite numbers"));
        }
        Ok(())
    }
}

/// The most classes that labels may be of, everywhere: an id or a price taken for a label is an error, not a million
/// classes.
pub const MAX_CLASSES: usize = 1 << 20;

/// Features are named one by one.
const MOST_NAMES: usize = 1 << 24;

fn expect_length(what: &'static str, found: usize, expected: usize, why: &'static str) -> Result<(), DataError> {
    if found == expected { Ok(()) } else { Err(DataError::LengthMismatch { what, found, expected, why }) }
}
