//! The kernel that the information measures of log-determinant are of.

use super::{residual_variances::ResidualVariances, similarity::Similarity, targets::Joint};
use crate::error::PruneError;

/// The similarities of examples V, of a query Q and of private examples P, those between two of them by a factor.
///
/// ```text
/// K = | K_V + ridge I     eta K_VQ        nu K_VP       |
///     |                   K_Q + ridge I   eta nu K_QP   |
///     |                                   K_P + ridge I |
/// ```
///
/// Positive definite for eta and nu of at most 1, being the product, entry by entry, of a kernel with a correlation matrix:
/// so that every variance that is left is at least the ridge.
#[derive(Debug, Clone)]
pub(super) struct ScaledKernel {
    joint: Joint,
    query: Option<usize>,
    private: Option<usize>,
    eta: f64,
    nu: f64,
    ridge: f64,
}

/// That a similarity, a ridge and the factors make a positive definite kernel.
pub(super) fn check(
    similarity: Similarity,
    ridge: f64,
    factors: &[(&'static str, f64)],
) -> Result<(), PruneError> {
    if !similarity.is_cosine() {
        let expected = "cosine or cosine-squared, which are positive semidefinite";
        return Err(PruneError::argument("similarity", similarity, expected));
    }
    if !(ridge > 0.0 && ridge.is_finite()) {
        return Err(PruneError::argument("ridge", ridge, "a finite number above 0"));
    }
    for &(argument, factor) in factors {
        if !(0.0..=1.0).contains(&factor) {
            let expected = "a number in [0, 1], with which the kernel is positive definite";
            return Err(PruneError::argument(argument, factor, expected));
        }
    }
    Ok(())
}

impl ScaledKernel {
    /// `query` and `private` say as which of the joint's others they came.
    pub(super) fn new(
        joint: Joint,
        (query, eta): (Option<usize>, f64),
        (private, nu): (Option<usize>, f64),
        ridge: f64,
    ) -> Self {
        Self { joint, query, private, eta, nu, ridge }
    }

    /// The variances of V that are left once these others are known. O(n m^2 + n m d).
    pub(super) fn given(&self, others: &[usize]) -> ResidualVariances {
        let own = self.joint.similarities.of_each_to_itself();
        let own = own.into_iter().map(|own| own + self.ridge).collect();
        let mut variances = ResidualVariances::new(own, self.ridge);
        for &other in others {
            for element in self.joint.of(other) {
                variances.add(element, self.row(element));
            }
        }
        variances.truncate(self.joint.n);
        variances
    }

    /// The row of an example to choose from, among these alone.
    pub(super) fn own_row(&self, element: usize) -> Vec<f64> {
        let mut row = self.joint.similarities.column(element);
        row.truncate(self.joint.n);
        row
    }

    fn row(&self, element: usize) -> Vec<f64> {
        let mut row = self.joint.similarities.of_all_to(element);
        let is_of = |part: Option<usize>| part.filter(|&part| self.joint.of(part).contains(&element));
        let (to_examples, to_other) = match (is_of(self.query), is_of(self.private)) {
            (Some(_), _) => (self.eta, self.private),
            (_, Some(_)) => (self.nu, self.query),
            _ => (1.0, None),
        };
        row[..self.joint.n].iter_mut().for_each(|entry| *entry *= to_examples);
        if let Some(other) = to_other {
            row[self.joint.of(other)].iter_mut().for_each(|entry| *entry *= self.eta * self.nu);
        }
        row
    }
}
