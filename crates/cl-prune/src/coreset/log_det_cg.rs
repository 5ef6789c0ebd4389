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

/// LogDetCG, the conditional gain of log-determinant: the volume that the chosen examples span beside the private ones.
///
/// ```text
/// f(S | P) = ln det(A_S - nu^2 K_SP A_P^-1 K_PS),   A = K + ridge I
/// gain(j)  = ln v_j,   v_j the variance of j that S and P leave (Schur's complement of j)
/// ```
///
/// K is a similarity by the angle, which is positive semidefinite; nu is at most 1, with which what is left is positive
/// definite. Submodular; monotone where the ridge is at least 1 (the default), since no v_j then falls below 1. With nu at 0 it is
/// [`LogDeterminant`](super::LogDeterminant). O(n |P|^2 + n |P| d) once, O(n (|P| + k) k + n k d) for k picks,
/// O(n (|P| + k)) memory.
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `LogDeterminantConditionalGainFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, LogDetCg, Similarity};
///
/// // The first example is like the private one.
/// let features = Features::new(&[1.0f32, 0.1, 0.0, 1.0, 1.0, -1.0], 2)?;
/// let private = Features::new(&[1.0f32, 0.0], 2)?;
/// let mut objective = LogDetCg::new(&features, private, Similarity::CosineSquared, 1.0, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 3)?.order, [1, 2, 0]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogDetCg {
    kernel: ScaledKernel,
    /// What the private and the chosen examples leave.
    variances: ResidualVariances,
}

pub(super) static ENTRY: Entry = Entry::new(
    "logdetcg",
    "what spans the largest volume beside the private examples",
    "growth of ln det of what the private examples leave of K + ridge I",
    &[
        KERNEL,
        Parameter::with_default("ridge", "added to the diagonal", "1"),
        Parameter::with_default("nu", "how hard the private examples are avoided, at most 1", "1"),
    ],
    |options| {
        let (ridge, nu) = (options.number("ridge")?, options.number("nu")?);
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, ridge, nu }, options)
    },
)
.submodular()
.needs_private();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    ridge: f64,
    nu: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        LogDetCg::new(features, targets.private("logdetcg")?, self.similarity, self.ridge, self.nu)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        let factor = 8.0 * size.n * size.k;
        (2.0 * size.panels() + 16.0 * size.n, 8.0 * size.n + factor)
    }

    fn is_monotone(&self) -> bool {
        self.ridge >= 1.0
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl LogDetCg {
    /// Of these examples, nothing chosen. O(n |P|^2 + n |P| d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `similarity` is no positive semidefinite kernel, `ridge` is not above 0, `private` is
    /// empty, has other features or no direction, or `nu` is outside of [0, 1];
    /// [`PruneError::Feature`] where an example has no direction.
    pub fn new<'p, T: Scalar>(
        features: &Features<'_, T>,
        private: impl Into<AnyFeatures<'p>>,
        similarity: Similarity,
        ridge: f64,
        nu: f64,
    ) -> Result<Self, PruneError> {
        check(similarity, ridge, &[("nu", nu)])?;
        let joint = Joint::new(features, &[("private", private.into())], similarity)?;
        let kernel = ScaledKernel::new(joint, (None, 0.0), (Some(0), nu), ridge);
        let variances = kernel.given(&[0]);
        Ok(Self { kernel, variances })
    }
}

impl SubmodularObjective for LogDetCg {
    fn n_elements(&self) -> usize {
        self.variances.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.variances.of(element).ln()
    }

    fn add(&mut self, element: usize) {
        self.variances.add(element, self.kernel.own_row(element));
    }
}
