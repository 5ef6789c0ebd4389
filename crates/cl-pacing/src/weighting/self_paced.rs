use std::sync::Arc;

use super::{Weighting, blocks::in_blocks};
use crate::error::PacingError;

/// A weighting that is one half of self-paced learning: the minimiser over the weights of weighted losses plus a
/// regulariser, whose age lambda decides how hard an example may be.
///
/// ```text
/// v*(l; lambda) = argmin over v in [0, 1]^n of   sum_i v_i l_i + g(v; lambda)
/// ```
///
/// The other half, training on the weighted losses, is the caller's;
/// [`SelfPacedAlternation`](crate::SelfPacedAlternation) goes to and fro between the two.
///
/// Source: Kumar, Packer and Koller (2010), Self-paced learning for latent variable models; as a family of regularisers
/// Jiang, Meng, Mitamura and Hauptmann (2014), Easy samples first.
pub trait SelfPaced: Weighting {
    /// The age: the older, the more and the harder examples count.
    fn lambda(&self) -> f64;

    /// The same regulariser at another age.
    ///
    /// # Errors
    /// Where the age is outside of its domain.
    fn with_lambda(&self, lambda: f64) -> Result<Arc<dyn SelfPaced>, PacingError>;

    /// The oldest it gets: growing stops there.
    fn largest_lambda(&self) -> f64 {
        f64::MAX
    }

    /// The least age at which an example of this loss counts.
    fn lambda_admitting(&self, loss: f64) -> f64 {
        loss.next_up()
    }

    /// What the weights minimise: sum_i v_i l_i + g(v; lambda), over the shorter of the two slices.
    fn objective(&self, weights: &[f64], losses: &[f64]) -> f64;
}

/// A self-paced regulariser that is a sum over examples, so that each weight depends on its own loss alone.
///
/// What is separable is a [`Weighting`] through this, and can be bound to a [curriculum
/// region](crate::SelfPacedCurriculum).
pub trait Separable: SelfPaced + Sized {
    /// The weight of an example with this loss, a number; at most 1, and never more for a higher loss.
    fn weight(&self, loss: f64) -> f64;

    /// The weights of some examples, bit for bit as [`weight`](Self::weight) says: where several short loops are faster than
    /// a long one. `weights` has as many places as there are losses.
    #[inline(always)]
    fn block(&self, losses: &[f64], weights: &mut [f64]) {
        weights.iter_mut().zip(losses).for_each(|(out, &loss)| *out = self.weight(loss));
    }

    /// The regulariser g(v; lambda) of one weight.
    fn penalty(&self, weight: f64) -> f64;

    /// The same regulariser at another age.
    ///
    /// # Errors
    /// Where the age is outside of its domain.
    fn at(&self, lambda: f64) -> Result<Self, PacingError>;
}

impl<S: Separable> Weighting for S {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        in_blocks(
            losses,
            weights,
            #[inline(always)]
            |losses, weights| self.block(losses, weights),
        )
    }
}

/// [`SelfPaced`] for what is [`Separable`] and has a field `lambda`; what differs from the defaults comes last.
macro_rules! separable_is_self_paced {
    ($type:ident $(, $extra:item)*) => {
        impl $crate::weighting::SelfPaced for $type {
            fn lambda(&self) -> f64 {
                self.lambda
            }

            fn with_lambda(&self, lambda: f64) -> Result<std::sync::Arc<dyn $crate::weighting::SelfPaced>, $crate::error::PacingError> {
                Ok(std::sync::Arc::new($crate::weighting::Separable::at(self, lambda)?))
            }

            fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
                let pairs = weights.iter().zip(losses);
                pairs.map(|(&weight, &loss)| weight * loss + $crate::weighting::Separable::penalty(self, weight)).sum()
            }

            $($extra)*
        }
    };
}

pub(super) use separable_is_self_paced;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighting::{
        HardSelfPaced, LinearSelfPaced, LogarithmicSelfPaced, LogisticSelfPaced, Mixture, Mixture2,
        PolynomialSelfPaced,
    };
    use proptest::prelude::*;

    /// Every separable regulariser of the age `lambda` (`within` where it must stay below 1).
    fn with_each(lambda: f64, ratio: f64, t: f64, mut check: impl FnMut(&dyn SelfPaced, &dyn Fn(f64) -> f64)) {
        macro_rules! check {
            ($regulariser:expr) => {{
                let regulariser = $regulariser.unwrap();
                check(&regulariser, &|loss| regulariser.weight(loss));
            }};
        }
        check!(HardSelfPaced::new(lambda));
        check!(LinearSelfPaced::new(lambda));
        check!(LogarithmicSelfPaced::new(lambda / (1.0 + lambda)));
        check!(Mixture::new(lambda, ratio * lambda));
        check!(Mixture2::new(ratio * 10.0, lambda));
        check!(PolynomialSelfPaced::new(lambda, t));
        check!(LogisticSelfPaced::new(lambda));
    }

    prop_compose! {
        fn settings()(
            lambda in (-5.0..3.0).prop_map(|power: f64| 10f64.powf(power)), ratio in 0.001..0.999f64, t in 1.01..12.0f64,
        ) -> (f64, f64, f64) {
            (lambda, ratio, t)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// No weight on a grid over [0, 1], nor near the one given, does better.
        #[test]
        fn weights_minimise_the_objective(
            (lambda, ratio, t) in settings(),
            relative in prop_oneof![0.0..3.0, (-9.0..3.0).prop_map(|power| 10f64.powf(power)), Just(0.0), -2.0..0.0],
        ) {
            with_each(lambda, ratio, t, |regulariser, weight| {
                let loss = relative * regulariser.lambda();
                let best = weight(loss);
                assert!((0.0..=1.0).contains(&best), "{regulariser}: {best} at {loss}");
                let value = |weight: f64| regulariser.objective(&[weight], &[loss]);
                let least = value(best);
                let grid = (0..=400).map(|k| f64::from(k) / 400.0);
                let near = [1e-2, 1e-4, 1e-6].into_iter().flat_map(|step| [best - step, best + step]);
                for other in grid.chain(near.map(|weight| weight.clamp(0.0, 1.0))) {
                    // The objective is a difference of terms, rounded each; those of the logarithmic one are about 1.
                    let terms = if regulariser.to_string().starts_with("logarithmic") { 1.0 } else { 0.0 };
                    let terms = terms + loss.abs() + value(0.0).abs() + value(1.0).abs() + least.abs();
                    let rounding = 8.0 * f64::EPSILON * terms;
                    assert!(
                        value(other) >= least - rounding,
                        "{regulariser} at {loss}: {other} gives {}, {best} gives {least}", value(other)
                    );
                }
            });
        }

        #[test]
        fn weights_fall_with_the_loss_and_grow_with_the_age(
            (lambda, ratio, t) in settings(), mut losses in prop::collection::vec(0.0..3.0f64, 2..30), growth in 1.0..5.0f64,
        ) {
            losses.sort_by(f64::total_cmp);
            with_each(lambda, ratio, t, |regulariser, weight| {
                let age: f64 = regulariser.lambda();
                let losses: Vec<f64> = losses.iter().map(|loss| loss * age).collect();
                let weights: Vec<f64> = losses.iter().map(|&loss| weight(loss)).collect();
                // A rounding of the last bits aside.
                assert!(weights.windows(2).all(|pair| pair[0] >= pair[1] - 4.0 * f64::EPSILON), "{regulariser}");
                assert_eq!(weight(0.0), 1.0, "{regulariser}");
                assert_eq!(weight(f64::INFINITY), 0.0, "{regulariser}");
                if regulariser.to_string().starts_with("logarithmic") {
                    return; // does not grow everywhere, see there
                }
                let older = regulariser.with_lambda((age * growth).min(regulariser.largest_lambda())).unwrap();
                let mut grown = vec![0.0; losses.len()];
                older.weights(&losses, &mut grown).unwrap();
                let grew = weights.iter().zip(&grown).all(|(weight, grown)| *grown >= weight - 1e-12);
                assert!(grew, "{regulariser} and {older}: {weights:?} {grown:?}");
            });
        }

        /// The least age at which a loss counts, and none before.
        #[test]
        fn an_age_admits_what_it_says((lambda, ratio, t) in settings(), loss in (-6.0..3.0).prop_map(|p| 10f64.powf(p))) {
            // Nearer to 1 the weights at the border underflow.
            with_each(lambda, ratio, t.max(1.1), |regulariser, _| {
                let age = regulariser.lambda_admitting(loss);
                if age >= regulariser.largest_lambda() || regulariser.to_string().starts_with("logistic") {
                    return;
                }
                let weight = |age: f64| {
                    let mut weight = [f64::NAN];
                    regulariser.with_lambda(age).unwrap().weights(&[loss], &mut weight).unwrap();
                    weight[0]
                };
                assert!(weight(age * (1.0 + 1e-12)) > 0.0, "{regulariser} at {loss}");
                assert!(weight(age * (1.0 - 1e-12)) <= 1e-9, "{regulariser} at {loss}");
            });
        }
    }

    #[test]
    fn what_has_no_weight_is_refused() {
        with_each(0.5, 0.5, 3.0, |regulariser, _| {
            let error = regulariser.weights(&[0.0, f64::NAN], &mut [0.0; 2]).unwrap_err();
            assert_eq!(error, PacingError::NotANumber { what: "loss", example: 1 });
            let error = regulariser.weights(&[0.0, 1.0], &mut [0.0; 3]).unwrap_err();
            assert_eq!(error.to_string(), "weights has 3 entries, expected 2");
            for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
                assert!(regulariser.with_lambda(lambda).is_err(), "{regulariser} at {lambda}");
            }
        });
    }
}
