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

/// LogDetCMI, the conditional mutual information of log-determinant: how much the query explains of a choice beside the private
/// examples.
///
/// ```text
/// I(S; Q | P) = ln det(I - A_P^-1 K_PQ A_Q^-1 K_QP) / det(I - A_SP^-1 K_SPQ A_Q^-1 K_QSP)
///             = f(S | P) - f(S | Q + P),   f = ln det A,   A = K + ridge I
/// gain(j)     = ln v_j - ln u_j,   v_j the variance of j that S and P leave, u_j that S, P and Q leave
/// ```
///
/// K is a similarity by the angle, which is positive semidefinite, the entries of S and Q times eta, of S and P times nu and
/// of Q and P times eta nu; with eta and nu of at most 1 it stays so. submodlib leaves those of Q and P as they are, with which the
/// kernel may be indefinite where eta and nu are not the same, and the logarithm of no number; at 1 both are one. Monotone, not
/// submodular: gains may grow, so that the lazy optimisers compute all gains as the others do, and greedy has no guarantee.
/// O(n m^2 + n m d) once for the m of query and private examples, O(n (m + k) k + n k d) for k picks, O(n (m + k)) memory.
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `LogDeterminantConditionalMutualInformationFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, LogDetCmi, Similarity};
///
/// // Two are like the query, of which one is like the private example.
/// let features = Features::new(&[1.0f32, 0.0, 0.0, 0.0, 1.0, 0.1, 0.0, 0.1, 1.0], 3)?;
/// let query = Features::new(&[0.0f32, 1.0, 0.0, 0.0, 0.0, 1.0], 3)?;
/// let private = Features::new(&[0.0f32, 1.0, 0.0], 3)?;
/// let mut objective = LogDetCmi::new(&features, query, private, Similarity::CosineSquared, 1.0, 1.0, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 1)?.order, [2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogDetCmi {
    kernel: ScaledKernel,
    /// What the private and the chosen examples leave.
    beside_private: ResidualVariances,
    /// What these and the query leave.
    beside_all: ResidualVariances,
}

pub(super) static ENTRY: Entry = Entry::new(
    "logdetcmi",
    "what the query explains most of beside the private examples, by log-determinants (not submodular)",
    "growth of ln det A_S|P - ln det A_S|QP",
    &[
        KERNEL,
        Parameter::with_default("ridge", "added to the diagonal", "1"),
        Parameter::with_default("eta", "how much relevance to the query counts, at most 1", "1"),
        Parameter::with_default("nu", "how hard the private examples are avoided, at most 1", "1"),
    ],
    |options| {
        let (ridge, eta, nu) = (options.number("ridge")?, options.number("eta")?, options.number("nu")?);
        maximized(
            ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, ridge, eta, nu },
            options,
        )
    },
)
.submodular()
.needs_query()
.needs_private();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    ridge: f64,
    eta: f64,
    nu: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        let (query, private) = (targets.query("logdetcmi")?, targets.private("logdetcmi")?);
        LogDetCmi::new(features, query, private, self.similarity, self.ridge, self.eta, self.nu)
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

impl LogDetCmi {
    /// Of these examples, nothing chosen. O(n m^2 + n m d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `similarity` is no positive semidefinite kernel, `ridge` is not above 0, `query` or
    /// `private` is empty, has other features or no direction, or `eta` or `nu` is outside of [0, 1];
    /// [`PruneError::Feature`] where an example has no direction.
    pub fn new<'q, 'p, T: Scalar>(
        features: &Features<'_, T>,
        query: impl Into<AnyFeatures<'q>>,
        private: impl Into<AnyFeatures<'p>>,
        similarity: Similarity,
        ridge: f64,
        eta: f64,
        nu: f64,
    ) -> Result<Self, PruneError> {
        check(similarity, ridge, &[("eta", eta), ("nu", nu)])?;
        let joint = Joint::new(features, &[("query", query.into()), ("private", private.into())], similarity)?;
        let kernel = ScaledKernel::new(joint, (Some(0), eta), (Some(1), nu), ridge);
        let (beside_private, beside_all) = (kernel.given(&[1]), kernel.given(&[1, 0]));
        Ok(Self { kernel, beside_private, beside_all })
    }
}

impl SubmodularObjective for LogDetCmi {
    fn n_elements(&self) -> usize {
        self.beside_private.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        // On paper it is never negative.
        (self.beside_private.of(element) / self.beside_all.of(element)).ln().max(0.0)
    }

    fn add(&mut self, element: usize) {
        let row = self.kernel.own_row(element);
        self.beside_private.add(element, row.clone());
        self.beside_all.add(element, row);
    }

    fn is_submodular(&self) -> bool {
        false
    }
}
