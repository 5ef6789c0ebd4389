use std::f64::consts::E;
use std::fmt;

use cl_data::{catalogue::Parameter, exponential::exp, lambert_w0};

use super::blocks::{BLOCK, in_blocks};
use super::{Weighting, check_positive, entry::weighting_entry};
use crate::error::PacingError;

/// The weights of SuperLoss: more than 1 below a threshold tau on the loss, less above it.
///
/// ```text
/// sigma(l) = exp(-W0(max(-2/e, (l - tau) / lambda) / 2))           in (0, e]
///          = argmin over 0 < sigma <= e of   (l - tau) sigma + lambda (ln sigma)^2
/// ```
///
/// W0 is the principal branch of Lambert's function; below tau - 2 lambda / e the weight is e. Multiplying gradients
/// by sigma is the exact gradient of the loss that SuperLoss is. tau may be fixed (ln C for C classes), or follow the
/// losses, in which case a new weighting is made for each batch.
///
/// Source: Castells, Weinzaepfel and Revaud (2020), SuperLoss: a generic loss for robust curriculum learning, equations
/// 2 to 5.
///
/// ```
/// use cl_pacing::{SuperLossWeight, Weighting};
///
/// let mut weights = [0.0; 3];
/// SuperLossWeight::new(2f64.ln(), 1.0)?.weights(&[0.0, 2f64.ln(), 5.0], &mut weights)?;
/// assert!((weights[0] - 2.0).abs() < 1e-14 && weights[1] == 1.0 && weights[2] < 0.5);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuperLossWeight {
    tau: f64,
    lambda: f64,
}

impl SuperLossWeight {
    /// From the threshold tau and the regularisation lambda; the smaller lambda, the more the weights differ.
    ///
    /// # Errors
    /// Unless tau is finite, and lambda finite and above 0.
    pub fn new(tau: f64, lambda: f64) -> Result<Self, PacingError> {
        PacingError::check("tau", tau, tau.is_finite(), "a finite number, the loss that counts 1")?;
        check_positive("lambda", lambda)?;
        Ok(Self { tau, lambda })
    }

    /// The weight of an example with this loss.
    pub fn weight(&self, loss: f64) -> f64 {
        let mut weight = [0.0];
        self.block(&[loss], &mut weight);
        weight[0]
    }

    /// exp(-W0(max(-1/e, y))) for y = (l - tau) / (2 lambda), of at most [`BLOCK`] losses.
    ///
    /// ```text
    /// s = sqrt(e y + 1)
    /// w = s P(s) / Q(s) - 1                  W0 within 2e-6, relative to W0 + 1: P and Q of degree 4 and 3
    /// f(w) = w - y exp(-w)                   whose zero is W0; one step of Halley, which triples the digits
    /// ```
    ///
    /// One exponential in all: exp(-W0) is exp(-w) times the exponential of the step, a few terms of its series. Right above
    /// the branch point, where digits cancel, and for large y, where P and Q end, Lambert's function itself.
    #[inline(always)]
    fn block(&self, losses: &[f64], weights: &mut [f64]) {
        let (tau, scale) = (self.tau, 0.5 / self.lambda);
        let y = |loss: f64| (loss - tau) * scale;
        let mut above = [0.0; BLOCK]; // w + 1
        above.iter_mut().zip(losses).for_each(|(out, &loss)| *out = start(y(loss)));
        // e^-w is e^-(w + 1) e, and the exponent is not above 0.
        weights.iter_mut().zip(&above).for_each(|(out, above)| *out = exp(-above));
        let mut n_left = 0;
        for ((out, &loss), above) in weights.iter_mut().zip(losses).zip(&above) {
            let y = y(loss);
            *out = finish(y, above - 1.0, E * *out);
            n_left += u64::from(is_left(y));
        }
        if n_left > 0 {
            let left = weights.iter_mut().zip(losses).filter(|&(_, &loss)| is_left(y(loss)));
            left.for_each(|(out, &loss)| *out = exact(y(loss)));
        }
    }

    /// What each weight minimises over (0, e]: (l - tau) sigma + lambda (ln sigma)^2, summed over the shorter of the
    /// two slices. Its value at the minimum is the loss.
    pub fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        let term = |(weight, loss): (&f64, &f64)| (loss - self.tau) * weight + self.lambda * weight.ln().powi(2);
        weights.iter().zip(losses).map(term).sum()
    }
}

impl Weighting for SuperLossWeight {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        in_blocks(
            losses,
            weights,
            #[inline(always)]
            |losses, weights| self.block(losses, weights),
        )
    }
}

/// exp(-W0(max(-1/e, y))) for any y.
fn exact(y: f64) -> f64 {
    if y <= -1.0 / E { E } else { (-lambert_w0(y)).exp() }
}

/// Whether y is left to [`exact`].
#[inline(always)]
fn is_left(y: f64) -> bool {
    (y > -1.0 / E) & (y < -0.3678) | (y > 40.0)
}

/// W0(y) + 1 to about six digits.
#[inline(always)]
fn start(y: f64) -> f64 {
    const P: [f64; 5] = [
        -2.242_708_551_358_774e-5,
        2.090_268_699_439_901e-3,
        1.950_436_783_438_793_7e-1,
        1.212_493_761_154_514,
        1.414_211_991_758_031,
    ];
    const Q: [f64; 4] = [3.600_919_168_664_432e-2, 4.590_883_181_404_077e-1, 1.328_717_521_665_886, 1.0];
    let s = (E * y + 1.0).max(0.0).sqrt();
    let polynomial =
        |coefficients: &[f64]| coefficients.iter().fold(0.0, |sum, coefficient| sum * s + coefficient);
    s * (polynomial(&P) / polynomial(&Q))
}

/// exp(-W0(y)) from w, near W0(y), and e^-w.
#[inline(always)]
fn finish(y: f64, w: f64, power: f64) -> f64 {
    let (value, slope) = (w - y * power, 1.0 + y * power);
    // f'' is -(f' - 1).
    let step = 2.0 * value * slope / (2.0 * slope * slope + value * (slope - 1.0));
    let sigma = power * (1.0 + step * (1.0 + step * (0.5 + step * (1.0 / 6.0))));
    if y <= -1.0 / E { E } else { sigma }
}

impl fmt::Display for SuperLossWeight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "superloss (tau = {}, lambda = {})", self.tau, self.lambda)
    }
}

weighting_entry! {
    ENTRY = "superloss" | "super-loss": "SuperLoss: above 1 below the threshold tau, less above it",
    [
        Parameter::new("tau", "the loss that counts 1, ln C for C classes"),
        Parameter::with_default("lambda", "the regularisation", "1"),
    ],
    |options, _| SuperLossWeight::new(options.number("tau")?, options.number("lambda")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_minimise_the_objective(
            tau in -3.0..3.0f64, lambda in (-3.0..2.0).prop_map(|power: f64| 10f64.powf(power)), relative in -3.0..30.0f64,
        ) {
            let weighting = SuperLossWeight::new(tau, lambda).unwrap();
            let loss = tau + relative * lambda;
            let best = weighting.weight(loss);
            prop_assert!(best > 0.0 && best <= E);
            let value = |weight: f64| weighting.objective(&[weight], &[loss]);
            let rounding = 1e-14 * (value(best).abs() + lambda * (1.0 + relative.abs()));
            for k in 1..=300 {
                prop_assert!(value(E * f64::from(k) / 300.0) >= value(best) - rounding);
            }
            for step in [1e-2, 1e-4, 1e-6] {
                prop_assert!(value((best * (1.0 + step)).min(E)) >= value(best) - rounding);
                prop_assert!(value(best * (1.0 - step)) >= value(best) - rounding);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Beside Lambert's function itself, over all of the domain and at its borders; all at once as one by one.
        #[test]
        fn fast_weights_are_the_exact_ones(
            y in prop_oneof![-0.37..40.5f64, -0.3679..-0.36f64, (-300.0..3.0f64).prop_map(|power| 10f64.powf(power))],
        ) {
            let weighting = SuperLossWeight::new(0.0, 0.5).unwrap();
            let mut weights = [f64::NAN];
            weighting.weights(&[y], &mut weights).unwrap();
            prop_assert_eq!(weights[0], weighting.weight(y));
            // As y is known to half a unit in the last place, W0 is to as many over W0 + 1 near the branch point.
            let expected = exact(y);
            let digits = f64::EPSILON * (4.0 + 4.0 / (1.0 - expected.ln()).max(1e-3));
            prop_assert!((weights[0] / expected - 1.0).abs() <= digits, "{} {} {}", y, weights[0], expected);
        }
    }

    #[test]
    fn the_clamp_is_e_and_what_has_no_weight_is_refused() {
        let weighting = SuperLossWeight::new(1.0, 0.5).unwrap();
        assert_eq!([-1e300, 1.0 - 1.0 / E, f64::NEG_INFINITY].map(|loss| weighting.weight(loss)), [E; 3]);
        assert_eq!(weighting.weight(f64::INFINITY), 0.0);
        assert!(weighting.weights(&[f64::NAN], &mut [0.0]).is_err());
        assert!(SuperLossWeight::new(f64::NAN, 1.0).is_err() && SuperLossWeight::new(0.0, 0.0).is_err());
    }
}
