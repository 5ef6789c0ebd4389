use std::fmt;

use cl_data::catalogue::Parameter;

use super::entry::{LAMBDA, age, separable_entry};
use super::self_paced::{Separable, separable_is_self_paced};
use super::{check_positive, hard_self_paced::check_lambda};
use crate::error::PacingError;

/// The second mixture: hard at both ends, soft in between, with thresholds on the root of the loss.
///
/// ```text
/// v*(l) = 1                                 if l <= (lambda gamma / (lambda + gamma))^2
///         gamma (1 / sqrt(l) - 1 / lambda)  in between
///         0                                 if l >= lambda^2
/// g(v)  = gamma^2 / (v + gamma / lambda)
/// ```
///
/// v* is the minimiser of v l + g(v) over v in [0, 1]. The older (lambda), the harder the examples that count, up
/// to a loss of lambda^2; gamma, which stays, is the width of the soft part.
///
/// Source: Zhao, Meng, Jiang, Xie, Xu and Hauptmann (2015), Self-paced learning for matrix factorization.
///
/// ```
/// use cl_pacing::{Mixture2, Weighting};
///
/// let mut weights = [0.0; 3];
/// Mixture2::new(1.0, 2.0)?.weights(&[0.25, 1.0, 4.0], &mut weights)?;
/// assert_eq!(weights, [1.0, 0.5, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture2 {
    gamma: f64,
    lambda: f64,
}

impl Mixture2 {
    /// From the width gamma of the soft part and the root lambda of the loss at which an example no longer counts.
    ///
    /// # Errors
    /// Unless both are finite and above 0, and so is the square of lambda.
    pub fn new(gamma: f64, lambda: f64) -> Result<Self, PacingError> {
        check_positive("gamma", gamma)?;
        check_lambda(lambda)?;
        let expected = "a number whose square is finite and above 0, because it is compared with losses";
        PacingError::check("lambda", lambda, (lambda * lambda).is_normal(), expected)?;
        Ok(Self { gamma, lambda })
    }
}

impl Separable for Mixture2 {
    #[inline]
    fn weight(&self, loss: f64) -> f64 {
        // Without branches: what lies above lambda^2 is computed as if it did not.
        let root = loss.max(0.0).sqrt();
        let within = root.min(self.lambda);
        let soft = self.gamma * (self.lambda - within) / (self.lambda * within);
        let full = root * (self.lambda + self.gamma) <= self.lambda * self.gamma;
        // Lost digits may pass 1 by an ulp.
        let weight = if full { 1.0 } else { soft.min(1.0) };
        if root < self.lambda { weight } else { 0.0 }
    }

    fn penalty(&self, weight: f64) -> f64 {
        self.gamma * self.gamma / (weight + self.gamma / self.lambda)
    }

    fn at(&self, lambda: f64) -> Result<Self, PacingError> {
        Self::new(self.gamma, lambda)
    }
}

separable_is_self_paced!(
    Mixture2,
    fn largest_lambda(&self) -> f64 {
        f64::MAX.sqrt()
    },
    fn lambda_admitting(&self, loss: f64) -> f64 {
        loss.max(0.0).sqrt().next_up()
    }
);

impl fmt::Display for Mixture2 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "mixture2 (gamma = {}, lambda = {})", self.gamma, self.lambda)
    }
}

separable_entry! {
    ENTRY = "mixture2": "self-paced: hard at both ends, soft between, on the root of the loss",
    [Parameter::new("gamma", "the width of the soft part"), LAMBDA],
    |options, _| Mixture2::new(options.number("gamma")?, age(options)?)
}
