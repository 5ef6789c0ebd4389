//! Passes over many losses: block by block, with vector instructions.

use cl_data::exponential::{exp, ln};
use cl_data::instructions;
use pulp::{Simd, WithSimd};

use super::{check_length, check_numbers};
use crate::error::PacingError;

/// Examples at a time, so that what several passes keep of them stays in the innermost cache. Long loops are cut into
/// several short ones, because a processor runs ahead by instructions: the shorter the loop, the more examples at once.
pub(super) const BLOCK: usize = 256;

/// Weights by block; `block` gets as many losses as weights, at most [`BLOCK`].
pub(super) fn in_blocks(
    losses: &[f64],
    weights: &mut [f64],
    block: impl Fn(&[f64], &mut [f64]),
) -> Result<(), PacingError> {
    check_length(losses, weights)?;
    // Nothing is fused or reordered, so that no bit depends on the machine.
    let nan = instructions::arch().dispatch(Blocks { losses, weights, block });
    // In one pass over memory: the index of a NaN is looked for only where there was one.
    if nan { check_numbers(losses) } else { Ok(()) }
}

/// Weights that depend each on its own loss alone.
pub(super) fn each(losses: &[f64], weights: &mut [f64], weight: impl Fn(f64) -> f64) -> Result<(), PacingError> {
    in_blocks(
        losses,
        weights,
        #[inline(always)]
        |losses, weights| {
            weights.iter_mut().zip(losses).for_each(|(out, &loss)| *out = weight(loss));
        },
    )
}

struct Blocks<'a, B> {
    losses: &'a [f64],
    weights: &'a mut [f64],
    block: B,
}

impl<B: Fn(&[f64], &mut [f64])> WithSimd for Blocks<'_, B> {
    /// Whether a loss was NaN.
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> bool {
        let mut nan = false;
        for (losses, weights) in self.losses.chunks(BLOCK).zip(self.weights.chunks_mut(BLOCK)) {
            (self.block)(losses, weights);
            nan |= losses.iter().fold(false, |nan, loss| nan | loss.is_nan());
        }
        nan
    }
}

/// base^exponent for each base in [0, 1] in place, where the exponent is above 0; those without logarithm by it.
#[inline(always)]
pub(super) fn raise(bases: &mut [f64], exponent: f64) {
    if exponent == 1.0 {
        return;
    }
    if exponent == 2.0 {
        bases.iter_mut().for_each(|base| *base *= *base);
    } else if exponent == 0.5 {
        bases.iter_mut().for_each(|base| *base = base.sqrt());
    } else {
        // The logarithm of the power, not above 0; 1 where the base is 0.
        for base in bases.iter_mut() {
            let logarithm = exponent * ln(base.max(f64::MIN_POSITIVE));
            *base = if *base > 0.0 { logarithm } else { 1.0 };
        }
        // A factor instead of a branch.
        bases.iter_mut().for_each(|base| *base = exp(base.min(0.0)) * (1.0 - base.max(0.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// As `powf`, within the rounding of the logarithm times the exponent.
        #[test]
        fn powers_are_powers(
            bases in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0f64, (-300.0..0.0f64).prop_map(|p| 10f64.powf(p))], 1..40),
            exponent in prop_oneof![Just(0.5), Just(1.0), Just(2.0), (-3.0..2.0f64).prop_map(|power| 10f64.powf(power))],
        ) {
            let mut raised = bases.clone();
            raise(&mut raised, exponent);
            for (base, raised) in bases.iter().zip(raised) {
                let expected = base.powf(exponent);
                let logarithm = if *base > 0.0 { (exponent * base.ln()).abs() } else { 0.0 };
                let digits = f64::EPSILON * (4.0 + 2.0 * logarithm);
                prop_assert!(
                    (raised - expected).abs() <= digits * expected + f64::MIN_POSITIVE,
                    "{}^{} {} {}", base, exponent, raised, expected
                );
            }
        }

        #[test]
        fn blocks_are_one_loop(n in 0usize..1100, nan in prop::option::of(0usize..1100)) {
            let mut losses: Vec<f64> = (0..n).map(|i| i as f64 * 0.37).collect();
            let mut weights = vec![f64::NAN; n];
            let nan = nan.filter(|&nan| nan < n);
            nan.iter().for_each(|&nan| losses[nan] = f64::NAN);
            let result = each(&losses, &mut weights, |loss| loss * 2.0);
            match nan {
                Some(example) => prop_assert_eq!(result, Err(PacingError::NotANumber { what: "loss", example })),
                None => prop_assert_eq!(weights, losses.iter().map(|loss| loss * 2.0).collect::<Vec<_>>()),
            }
        }
    }
}
