use cl_data::{Scalar, catalogue::Parameter};

use super::{
    entry::Entry,
    features::{AnyFeatures, Features},
    objective::SubmodularObjective,
    request::Size,
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::{Joint, TARGET_SIMILARITY, Targets, check_factor},
};
use crate::error::PruneError;

/// GCMI, the mutual information of graph cut: what is like the query, whatever else is chosen.
///
/// ```text
/// I(S; Q) = 2 lambda sum_{j in S} sum_{q in Q} s_jq
/// gain(j) = 2 lambda sum_{q in Q} s_jq
/// ```
///
/// Modular: no gain depends on what is chosen, so that greedy is optimal and copies are chosen one after the other. The
/// trade-off lambda scales all gains alike, and matters in a mixture alone. O(n |Q| d) once, O(1) per gain, O(n d) memory while it is
/// made and O(n) then; for `max-squared` and `max-distance` the largest distance of all pairs takes O(n^2 d).
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `GraphCutMutualInformationFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Gcmi, Greedy, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let query = Features::new(&[9.0f32], 1)?;
/// let mut objective = Gcmi::new(&features, query, Similarity::MaxDistance, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 3)?.order, [3, 4, 2]); // the nearest first
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Gcmi {
    gains: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "gcmi",
    "what is like the query, whatever else is chosen",
    "2 lambda sum_Q s_jq",
    &[
        TARGET_SIMILARITY,
        Parameter::with_default("lambda", "the trade-off of graph cut, which scales all gains", "1"),
    ],
    |options| {
        let lambda = options.number("lambda")?;
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, lambda }, options)
    },
)
.submodular()
.needs_query();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    lambda: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        Gcmi::new(features, targets.query("gcmi")?, self.similarity, self.lambda)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (2.0 * size.panels() + 160.0 * size.n, 8.0 * size.n)
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl Gcmi {
    /// Of these examples with the query, nothing chosen. O(n |Q| d), for distances O(n^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `query` is empty, has other features or no direction, or `lambda` is negative or not
    /// finite; [`PruneError::Feature`] where an example has no direction and `similarity` is a cosine.
    pub fn new<'q, T: Scalar>(
        features: &Features<'_, T>,
        query: impl Into<AnyFeatures<'q>>,
        similarity: Similarity,
        lambda: f64,
    ) -> Result<Self, PruneError> {
        check_factor("lambda", lambda)?;
        let joint = Joint::new(features, &[("query", query.into())], similarity)?;
        let mut gains = joint.sums(joint.of(0));
        gains.iter_mut().for_each(|gain| *gain *= 2.0 * lambda);
        Ok(Self { gains })
    }
}

impl SubmodularObjective for Gcmi {
    fn n_elements(&self) -> usize {
        self.gains.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.gains[element]
    }

    fn add(&mut self, _: usize) {}
}
