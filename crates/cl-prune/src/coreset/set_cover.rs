use cl_data::Scalar;

use super::{
    entry::Entry,
    features::Features,
    objective::SubmodularObjective,
    request::Size,
    submodular::{Submodular, maximized},
};
use crate::error::PruneError;

/// Set cover: as many features as can be, each had by at least one example.
///
/// ```text
/// f(S)    = |{f : x_jf > 0 for some j in S}|
/// gain(j) = |{f : x_jf > 0}  without what S has|
/// ```
///
/// Monotone submodular; greedy covers at least 1 - 1/e of what any k examples can, which no polynomial algorithm betters
/// unless P = NP (Feige 1998). A feature is had or not, however much of it there is: words, concepts, tags. O(d) per gain, one
/// byte per feature.
///
/// Source: Feige (1998), A threshold of ln n for approximating set cover; as in submodlib and apricot.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, SetCover};
///
/// let features = Features::new(&[1.0f32, 1.0, 0.0, 0.0, 5.0, 0.0, 0.0, 1.0, 1.0], 3)?;
/// let coreset = Greedy::default().select(&mut SetCover::new(&features)?, 2)?;
/// assert_eq!((coreset.order, coreset.gains), (vec![0, 2], vec![2.0, 1.0]));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SetCover<'a, T> {
    features: Features<'a, T>,
    is_covered: Vec<bool>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "set-cover",
    "as many features as can be, had (above 0) by at least one example",
    "how many features it has that none chosen has",
    &[],
    |options| maximized(Cover, options),
)
.submodular();

#[derive(Debug)]
struct Cover;

impl Submodular for Cover {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        SetCover::new(features)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (0.0, size.d)
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl<'a, T: Scalar> SetCover<'a, T> {
    /// Of these features, nothing chosen.
    ///
    /// # Errors
    /// [`PruneError::Feature`] where one is negative.
    pub fn new(features: &Features<'a, T>) -> Result<Self, PruneError> {
        features.check_each("0, or above where the example has the feature", |value| value >= 0.0)?;
        Ok(Self { features: *features, is_covered: vec![false; features.n_features()] })
    }
}

impl<T: Scalar> SubmodularObjective for SetCover<'_, T> {
    fn n_elements(&self) -> usize {
        self.features.n_examples()
    }

    fn gain(&mut self, element: usize) -> f64 {
        let own = self.features.example(element).iter().zip(&self.is_covered);
        own.filter(|&(value, &is_covered)| !is_covered && value.as_f64() > 0.0).count() as f64
    }

    fn add(&mut self, element: usize) {
        let own = self.features.example(element);
        self.is_covered.iter_mut().zip(own).for_each(|(is_covered, value)| *is_covered |= value.as_f64() > 0.0);
    }
}
