use cl_data::Scalar;

use super::{
    entry::Entry,
    features::Features,
    objective::SubmodularObjective,
    request::Size,
    submodular::{Submodular, maximized},
};
use crate::error::PruneError;

/// Probabilistic set cover: every feature, with as high a probability as can be.
///
/// ```text
/// f(S)    = sum_f 1 - prod_{j in S} (1 - x_jf)          x_jf in [0, 1], the probability that j covers f
/// gain(j) = sum_f x_jf u_f,   u_f = prod_{k in S} (1 - x_kf)
/// ```
///
/// The expected number of features covered, where examples cover them independently. Monotone submodular; with probabilities of
/// 0 and 1 it is [`SetCover`](super::SetCover). O(d) per gain and memory.
///
/// Source: Kaushal, Iyer, Kothawade et al. (2019), Learning from less data: a unified data subset selection and active learning
/// framework for computer vision; as in submodlib.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, ProbabilisticSetCover};
///
/// let features = Features::new(&[0.5f32, 0.5, 0.75, 0.0, 0.0, 0.75], 2)?;
/// let coreset = Greedy::default().select(&mut ProbabilisticSetCover::new(&features)?, 2)?;
/// assert_eq!((coreset.order, coreset.gains), (vec![0, 1], vec![1.0, 0.375]));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProbabilisticSetCover<'a, T> {
    features: Features<'a, T>,
    uncovered: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "probabilistic-set-cover",
    "every feature with as high a probability as can be, features being probabilities",
    "growth of the expected number of features covered",
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
        ProbabilisticSetCover::new(features)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (0.0, 8.0 * size.d)
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl<'a, T: Scalar> ProbabilisticSetCover<'a, T> {
    /// Of these features, nothing chosen.
    ///
    /// # Errors
    /// [`PruneError::Feature`] where one is no probability.
    pub fn new(features: &Features<'a, T>) -> Result<Self, PruneError> {
        features.check_each("a probability in [0, 1]", |value| (0.0..=1.0).contains(&value))?;
        Ok(Self { features: *features, uncovered: vec![1.0; features.n_features()] })
    }
}

impl<T: Scalar> SubmodularObjective for ProbabilisticSetCover<'_, T> {
    fn n_elements(&self) -> usize {
        self.features.n_examples()
    }

    // No term grows, since no probability of being uncovered does.
    fn gain(&mut self, element: usize) -> f64 {
        let own = self.features.example(element).iter().zip(&self.uncovered);
        own.map(|(value, uncovered)| value.as_f64() * uncovered).sum()
    }

    fn add(&mut self, element: usize) {
        let own = self.features.example(element);
        self.uncovered.iter_mut().zip(own).for_each(|(uncovered, value)| *uncovered *= 1.0 - value.as_f64());
    }
}

#[cfg(test)]
mod tests {
    use cl_data::random::{permutation, stream, uniform};

    use super::*;
    use crate::coreset::SetCover;
    use crate::coreset::objective::value_of;

    /// Both objectives of a set by their definitions, in any order of it.
    #[test]
    fn values_are_those_of_the_definitions() {
        let rng = &mut stream(1, "test covers", 0);
        let (n, d) = (9, 4);
        let values: Vec<f64> = (0..n * d).map(|_| (uniform(rng) * 1.6 - 0.8).max(0.0)).collect();
        let features = Features::new(&values, d).unwrap();
        let (cover, probabilistic) =
            (SetCover::new(&features).unwrap(), ProbabilisticSetCover::new(&features).unwrap());
        for size in 0..=n {
            let set = &permutation(rng, n)[..size];
            let has = |f: usize| set.iter().any(|&j| features.example(j)[f] > 0.0);
            assert_eq!(value_of(&cover, set), (0..d).filter(|&f| has(f)).count() as f64);
            let missed = |f: usize| set.iter().map(|&j| 1.0 - features.example(j)[f]).product::<f64>();
            let expected: f64 = (0..d).map(|f| 1.0 - missed(f)).sum();
            assert!((value_of(&probabilistic, set) - expected).abs() < 1e-12);
        }
        for (values, problem) in [(vec![0.5, -0.1], "-0.1"), (vec![1.5, 0.0], "1.5")] {
            let error = ProbabilisticSetCover::new(&Features::new(&values, 2).unwrap()).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("a probability in [0, 1]"), "{error}");
        }
    }
}
