use cl_data::Scalar;
use cl_data::instructions::vectorized;
use serde::{Deserialize, Serialize};

use crate::logistic::sigmoid;

/// The nonlinearity between dense layers.
///
/// ```text
/// Relu     max(0, z)                       derivative 1[z > 0]
/// Tanh     tanh z                          1 - tanh(z)^2
/// Sigmoid  s(z) = 1 / (1 + e^-z)           s (1 - s)
/// Gelu     z Phi(z)                        Phi(z) + z phi(z)      exact, not the tanh approximation
/// ```
///
/// Source of GELU: Hendrycks, Gimpel (2016).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Activation {
    /// Rectified linear.
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// Logistic.
    Sigmoid,
    /// Gaussian error linear.
    Gelu,
}

impl Activation {
    /// Writes f(z) into `out`, entry by entry, and leaves in `z` what the derivative is computed from: f(z) for
    /// tanh and sigmoid, z itself for the others.
    pub(crate) fn apply<T: Scalar>(self, z: &mut [T], out: &mut [T]) {
        let pairs = out.iter_mut().zip(z);
        match self {
            Self::Relu => {
                vectorized(
                    #[inline(always)]
                    || pairs.for_each(|(out, z)| *out = if *z > T::zero() { *z } else { T::zero() }),
                );
            }
            Self::Tanh => pairs.for_each(|(out, z)| {
                *z = z.tanh();
                *out = *z;
            }),
            Self::Sigmoid => pairs.for_each(|(out, z)| {
                *z = sigmoid(*z);
                *out = *z;
            }),
            Self::Gelu => pairs.for_each(|(out, z)| *out = T::of_f64(z.as_f64() * normal_cdf(z.as_f64()))),
        }
    }

    /// Multiplies each delta by f'(z), given what [`apply`](Self::apply) left.
    pub(crate) fn multiply_by_derivative<T: Scalar>(self, left: &[T], deltas: &mut [T]) {
        let pairs = deltas.iter_mut().zip(left);
        match self {
            Self::Relu => vectorized(
                #[inline(always)]
                || {
                    pairs.for_each(|(delta, &z)| *delta = if z > T::zero() { *delta } else { T::zero() });
                },
            ),
            Self::Tanh => {
                vectorized(
                    #[inline(always)]
                    || pairs.for_each(|(delta, &tanh)| *delta *= T::one() - tanh * tanh),
                );
            }
            Self::Sigmoid => pairs.for_each(|(delta, &s)| *delta *= s * (T::one() - s)),
            Self::Gelu => pairs.for_each(|(delta, z)| {
                let z = z.as_f64();
                let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
                *delta *= T::of_f64(normal_cdf(z) + z * density);
            }),
        }
    }
}

/// The standard normal distribution function, by erfc so that it keeps its digits in the lower tail.
fn normal_cdf(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}
