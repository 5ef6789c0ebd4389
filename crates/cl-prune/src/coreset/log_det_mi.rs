use cl_data::{Scalar, catalogue::Parameter};

use super::{
    entry::Entry,
    features::{AnyFeatures, Features},
    objective::SubmodularObjective,
    request::Size,
    residual_variances::ResidualVariances,
    scaled_kernel::{ScaledKernel, check},
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::{Joint, KERNEL, Targets},
};
use crate::error::PruneError;

/// LogDetMI, the mutual information of log-determinant between a choice and a query: how much the query explains of it.
///
/// ```text
/// I(S; Q) = ln det A_S - ln det(A_S - eta^2 K_SQ A_Q^-1 K_QS),   A = K + ridge I
/// gain(j) = ln v_j - ln u_j,   v_j the variance of j that S leaves, u_j that S and Q leave
/// ```
///
/// K is a similarity by the angle, which is positive semidefinite; eta is at most 1, with which all is positive definite. The
/// mutual information of Gaussian variables, twice. Monotone, not submodular: gains may grow, so that the lazy optimisers compute all
/// gains as the others do, and greedy has no guarantee. O(n |Q|^2 + n |Q| d) once, O(n (|Q| + k) k + n k d) for k picks,
/// O(n (|Q| + 2 k)) memory.
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `LogDeterminantMutualInformationFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, LogDetMi, Similarity};
///
/// // The second and the third example are like the query, and not like each other.
/// let features = Features::new(&[1.0f32, 0.0, 0.0, 0.0, 1.0, 0.1, 0.0, 0.1, 1.0], 3)?;
/// let query = Features::new(&[0.0f32, 1.0, 0.0, 0.0, 0.0, 1.0], 3)?;
/// let mut objective = LogDetMi::new(&features, query, Similarity::CosineSquared, 1.0, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 2)?.order, [1, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogDetMi {
    kernel: ScaledKernel,
    /// What the chosen examples leave.
    alone: ResidualVariances,
    /// What these and the query leave.
    beside_query: ResidualVariances,
}

pub(super) static ENTRY: Entry = Entry::new(
    "logdetmi",
    "what the query explains most of, by log-determinants (not submodular)",
    "growth of ln det A_S - ln det(A_S - eta^2 K_SQ A_Q^-1 K_QS)",
    &[
        KERNEL,
        Parameter::with_default("ridge", "added to the diagonal", "1"),
        Parameter::with_default("eta", "how much relevance to the query counts, at most 1", "1"),
    ],
    |options| {
        let (ridge, eta) = (options.number("ridge")?, options.number("eta")?);
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, ridge, eta }, options)
    },
)
.submodular()
.needs_query();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    ridge: f64,
    eta: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        LogDetMi::new(features, targets.query("logdetmi")?, self.similarity, self.ridge, self.eta)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        let factor = 8.0 * size.n * size.k;
        (2.0 * size.panels() + 16.0 * size.n, 16.0 * size.n + 2.0 * factor)
    }

    fn is_submodular(&self) -> bool {
        false
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl LogDetMi {
    /// Of these examples, nothing chosen. O(n |Q|^2 + n |Q| d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `similarity` is no positive semidefinite kernel, `ridge` is not above 0, `query` is
    /// empty, has other features or no direction, or `eta` is outside of [0, 1];
    /// [`PruneError::Feature`] where an example has no direction.
    pub fn new<'q, T: Scalar>(
        features: &Features<'_, T>,
        query: impl Into<AnyFeatures<'q>>,
        similarity: Similarity,
        ridge: f64,
        eta: f64,
    ) -> Result<Self, PruneError> {
        check(similarity, ridge, &[("eta", eta)])?;
        let joint = Joint::new(features, &[("query", query.into())], similarity)?;
        let kernel = ScaledKernel::new(joint, (Some(0), eta), (None, 0.0), ridge);
        let (alone, beside_query) = (kernel.given(&[]), kernel.given(&[0]));
        Ok(Self { kernel, alone, beside_query })
    }
}

impl SubmodularObjective for LogDetMi {
    fn n_elements(&self) -> usize {
        self.alone.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        // On paper it is never negative.
        (self.alone.of(element) / self.beside_query.of(element)).ln().max(0.0)
    }

    fn add(&mut self, element: usize) {
        let row = self.kernel.own_row(element);
        self.alone.add(element, row.clone());
        self.beside_query.add(element, row);
    }

    fn is_submodular(&self) -> bool {
        false
    }
}
