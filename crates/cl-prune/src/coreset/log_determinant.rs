use cl_data::{Scalar, catalogue::Parameter};

use super::{
    entry::Entry,
    features::Features,
    objective::SubmodularObjective,
    request::Size,
    residual_variances::ResidualVariances,
    similarities::Similarities,
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::Targets,
};
use crate::error::PruneError;

/// Log-determinant: the volume that the chosen examples span, as a determinantal point process counts it.
///
/// ```text
/// f(S)    = ln det(K_S + ridge I)
/// gain(j) = ln v_j,   v_j = K_jj + ridge - K_jS (K_S + ridge I)^-1 K_Sj
/// ```
///
/// K is a similarity by the angle: `cosine` or `cosine-squared`, which are positive semidefinite, as the two by distance
/// are not. Submodular; monotone where the ridge is at least 1 (the default), since no v_j then falls below 1. The factor
/// of K_S + ridge I grows by a row per pick (Cholesky), kept for all candidates: O(n k^2 + n k d) in all and O(n k)
/// memory. A published implementation returns the term that is subtracted and maximises redundancy.
///
/// Source: Chen, Zhang and Zhou (2018), Fast greedy MAP inference for determinantal point process.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, LogDeterminant, Similarity};
///
/// // The third example repeats the first.
/// let features = Features::new(&[1.0f32, 0.0, 0.0, 1.0, 1.0, 0.0], 2)?;
/// let mut objective = LogDeterminant::new(&features, Similarity::CosineSquared, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 3)?.order, [0, 1, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogDeterminant {
    similarities: Similarities,
    variances: ResidualVariances,
}

pub(super) static ENTRY: Entry = Entry::new(
    "log-determinant",
    "what spans the largest volume",
    "growth of ln det(K + ridge I)",
    &[
        Parameter::with_default("similarity", "cosine or cosine-squared", "cosine"),
        Parameter::with_default("ridge", "added to the diagonal", "1"),
    ],
    |options| {
        let ridge = options.number("ridge")?;
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, ridge }, options)
    },
)
.submodular();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    ridge: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        LogDeterminant::new(features, self.similarity, self.ridge)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        let factor = 8.0 * size.n * size.k;
        (size.panels() + 16.0 * size.n, 8.0 * size.n + factor)
    }

    fn is_monotone(&self) -> bool {
        self.ridge >= 1.0
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl LogDeterminant {
    /// The log-determinant of this kernel, nothing chosen. O(n d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `similarity` is no positive semidefinite kernel or `ridge` is not above 0;
    /// [`PruneError::Feature`] as [`Similarities::new`].
    pub fn new<T: Scalar>(
        features: &Features<'_, T>,
        similarity: Similarity,
        ridge: f64,
    ) -> Result<Self, PruneError> {
        if !similarity.is_cosine() {
            let expected = "cosine or cosine-squared, which are positive semidefinite";
            return Err(PruneError::argument("similarity", similarity, expected));
        }
        if !(ridge > 0.0 && ridge.is_finite()) {
            return Err(PruneError::argument("ridge", ridge, "a finite number above 0"));
        }
        let similarities = Similarities::new(features, similarity)?;
        let variances = similarities.of_each_to_itself().into_iter().map(|own| own + ridge).collect();
        // On paper v_j >= ridge, what K leaves being positive semidefinite.
        Ok(Self { similarities, variances: ResidualVariances::new(variances, ridge) })
    }
}

impl SubmodularObjective for LogDeterminant {
    fn n_elements(&self) -> usize {
        self.variances.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.variances.of(element).ln()
    }

    fn add(&mut self, element: usize) {
        self.variances.add(element, self.similarities.of_all_to(element));
    }
}
