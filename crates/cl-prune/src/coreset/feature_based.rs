use cl_data::{Scalar, catalogue::Parameter};
use serde::{Deserialize, Serialize};

use super::{
    entry::Entry,
    feature_domain::FeatureDomain,
    features::Features,
    objective::SubmodularObjective,
    request::Size,
    submodular::{Submodular, maximized},
    targets::Targets,
};
use crate::error::PruneError;

/// How much of a feature is worth how much: increasing and concave.
///
/// ```text
/// sqrt        sqrt(x)
/// log         ln(1 + x)
/// saturating  x / (1 + x)
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concave {
    /// The square root.
    #[default]
    Sqrt,
    /// The logarithm of one more.
    Log,
    /// At most one.
    Saturating,
}

impl Concave {
    /// The functions by name.
    pub(super) const NAMES: [(&'static str, Self); 3] =
        [("sqrt", Self::Sqrt), ("log", Self::Log), ("saturating", Self::Saturating)];

    /// phi(a + x) - phi(a), in a form that loses nothing to cancellation and never grows with a.
    pub(super) fn difference(self, a: f64, x: f64) -> f64 {
        if x == 0.0 {
            return 0.0;
        }
        match self {
            Self::Sqrt => x / ((a + x).sqrt() + a.sqrt()),
            Self::Log => (x / (1.0 + a)).ln_1p(),
            Self::Saturating => x / (1.0 + (a + x)) / (1.0 + a),
        }
    }
}

/// Feature-based: enough of every feature rather than much of one.
///
/// ```text
/// f(S)    = sum_f phi(sum_{j in S} x_jf),   phi concave
/// gain(j) = sum_f phi(a_f + x_jf) - phi(a_f),   a_f = sum_{k in S} x_kf
/// ```
///
/// Monotone submodular. Features are amounts: counts of words, activations; never negative. O(d) per gain, O(n d) memory.
///
/// Source: Wei, Liu, Kirchhoff, Bartels and Bilmes (2014), Submodular subset selection for large-scale speech training
/// data.
///
/// ```
/// use cl_prune::coreset::{Concave, FeatureBased, Features, Greedy};
///
/// // Much of the first feature, a little more of it, and the second.
/// let features = Features::new(&[5.0f32, 0.0, 4.0, 0.0, 0.0, 3.0], 2)?;
/// let mut objective = FeatureBased::new(&features, Concave::Sqrt)?;
/// assert_eq!(Greedy::default().select(&mut objective, 3)?.order, [0, 2, 1]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FeatureBased<'a, T> {
    features: Features<'a, T>,
    concave: Concave,
    amounts: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "feature-based",
    "enough of every feature, features being amounts of at least 0",
    "growth of the sum over features of phi(amount)",
    &[Parameter::with_default("concave", "phi: sqrt, log or saturating", "sqrt")],
    |options| maximized(options.choice("concave", &Concave::NAMES)?, options),
)
.submodular()
.over(FeatureDomain::NonNegative);

impl Submodular for Concave {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        FeatureBased::new(features, *self)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (0.0, 8.0 * size.d)
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl<'a, T: Scalar> FeatureBased<'a, T> {
    /// The amounts of these features, nothing chosen.
    ///
    /// # Errors
    /// [`PruneError::Feature`] where one is negative.
    pub fn new(features: &Features<'a, T>, concave: Concave) -> Result<Self, PruneError> {
        features.check_each("an amount of at least 0", |value| FeatureDomain::NonNegative.contains(value))?;
        Ok(Self { features: *features, concave, amounts: vec![0.0; features.n_features()] })
    }
}

impl<T: Scalar> SubmodularObjective for FeatureBased<'_, T> {
    fn n_elements(&self) -> usize {
        self.features.n_examples()
    }

    fn gain(&mut self, element: usize) -> f64 {
        let amounts = self.features.example(element).iter().zip(&self.amounts);
        amounts.map(|(value, &amount)| self.concave.difference(amount, value.as_f64())).sum()
    }

    fn add(&mut self, element: usize) {
        let values = self.features.example(element);
        self.amounts.iter_mut().zip(values).for_each(|(amount, value)| *amount += value.as_f64());
    }
}
