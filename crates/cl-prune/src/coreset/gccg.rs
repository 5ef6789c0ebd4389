use cl_data::{Scalar, catalogue::Parameter};

use super::{
    entry::Entry,
    features::{AnyFeatures, Features},
    objective::SubmodularObjective,
    request::Size,
    similarities::Similarities,
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::{Joint, NU, TARGET_SIMILARITY, Targets, check_factor},
};
use crate::error::PruneError;

/// GCCG, the conditional gain of graph cut: similar to all examples, dissimilar among each other and to the private examples.
///
/// ```text
/// f(S | P) = sum_{i in V} sum_{j in S} s_ij - lambda sum_{j, k in S} s_jk - 2 lambda nu sum_{j in S} sum_{p in P} s_jp
/// gain(j)  = sum_{i in V} s_ij - lambda (s_jj + 2 sum_{k in S} s_jk) - 2 lambda nu sum_{p in P} s_jp
/// ```
///
/// Submodular, not monotone: gains may become negative. The first two terms are [`GraphCut`](super::GraphCut) in the form
/// `diversity`, whose lambda this is. O((n + |P|)^2 d) once, then O(n d) per pick, O(n d) memory.
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `GraphCutConditionalGainFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Gccg, Greedy, Similarity};
///
/// // The middle of all is private.
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let private = Features::new(&[1.0f32, 2.0], 1)?;
/// let mut objective = Gccg::new(&features, private, Similarity::MaxDistance, 0.5, 4.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 1)?.order, [4]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Gccg {
    similarities: Similarities,
    gains: Vec<f64>,
    lambda: f64,
}

pub(super) static ENTRY: Entry = Entry::new(
    "gccg",
    "similar to all, dissimilar among each other and to the private examples",
    "sum_i s_ij - lambda (s_jj + 2 sum_S s_jk) - 2 lambda nu sum_P s_jp",
    &[TARGET_SIMILARITY, Parameter::with_default("lambda", "how much redundancy counts", "1"), NU],
    |options| {
        let (lambda, nu) = (options.number("lambda")?, options.number("nu")?);
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, lambda, nu }, options)
    },
)
.submodular()
.needs_private();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    lambda: f64,
    nu: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        Gccg::new(features, targets.private("gccg")?, self.similarity, self.lambda, self.nu)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (2.0 * size.panels() + 160.0 * size.n, 8.0 * size.n)
    }

    fn is_monotone(&self) -> bool {
        self.lambda == 0.0
    }
}

impl Gccg {
    /// Of these examples beside the private ones, nothing chosen. O((n + |P|)^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `private` is empty, has other features or no direction, or `lambda` or `nu` is
    /// negative or not finite; [`PruneError::Feature`] where an example has no direction and `similarity` is a cosine.
    pub fn new<'p, T: Scalar>(
        features: &Features<'_, T>,
        private: impl Into<AnyFeatures<'p>>,
        similarity: Similarity,
        lambda: f64,
        nu: f64,
    ) -> Result<Self, PruneError> {
        check_factor("lambda", lambda)?;
        check_factor("nu", nu)?;
        let joint = Joint::new(features, &[("private", private.into())], similarity)?;
        let mut gains = joint.similarities.sums();
        gains.truncate(joint.n);
        let own = joint.similarities.of_each_to_itself();
        for ((gain, private), own) in gains.iter_mut().zip(joint.sums(joint.of(0))).zip(own) {
            // Private examples are none of those that are represented.
            *gain = *gain - private - lambda * own - 2.0 * lambda * nu * private;
        }
        Ok(Self { similarities: joint.similarities, gains, lambda })
    }
}

impl SubmodularObjective for Gccg {
    fn n_elements(&self) -> usize {
        self.gains.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.gains[element]
    }

    fn add(&mut self, element: usize) {
        let (column, lambda) = (self.similarities.column(element), self.lambda);
        self.gains.iter_mut().zip(&column).for_each(|(gain, similarity)| *gain -= 2.0 * lambda * similarity);
    }
}
