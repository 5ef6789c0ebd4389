use std::mem::size_of;

use pulp::Simd;

/// The exponent of two that all exponentials carry, so that the smallest is no subnormal number.
const SCALE: i32 = 64;

/// 2^-64, which takes the factor of [`scaled_exp`] off.
pub(super) const UNSCALE: f64 = 1.0 / 18_446_744_073_709_551_616.0;

/// 2^64 e^x for x <= 0, the same for all x < -750.
///
/// ```text
/// n = round(x / ln 2),   r = x - n ln 2,   e^x = 2^n (1 + r + r^2 q(r)),   |r| <= ln(2) / 2
/// ```
///
/// q interpolates at Chebyshev's nodes, which is within 1.2e-15, and the rounded ln 2 costs 2.4e-17 n: the relative
/// error is within 1.6e-15 + 3.5e-17 |x|. Nothing cancels in a softmax, so that its probabilities have no larger
/// one, and the factor goes with the division.
///
/// Of `V` vectors at once, step by step, so that none waits for another's chain of products.
#[inline(always)]
pub(super) fn scaled_exp<S: Simd, const V: usize>(simd: S, x: [S::f64s; V]) -> [S::f64s; V] {
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: adding it rounds to an integer
    const EXPONENT: f64 = 1_572_864.0 + (SCALE + 1023) as f64; // 1.5 * 2^20: an integer added to it is its high word
    const Q: [f64; 9] = [
        2.761_380_686_153_829e-7,
        2.762_511_557_828_763e-6,
        2.480_153_638_869_076_6e-5,
        1.984_120_873_253_638_4e-4,
        1.388_888_890_588_154_2e-3,
        8.333_333_353_729_397e-3,
        4.166_666_666_665_136e-2,
        1.666_666_666_664_829e-1,
        0.5,
    ];
    let (mut n, mut r) = (x, x);
    for (n, r) in n.iter_mut().zip(&mut r) {
        let x = simd.max_f64s(simd.splat_f64s(-750.0), *r);
        let rounded = simd.mul_add_f64s(x, simd.splat_f64s(std::f64::consts::LOG2_E), simd.splat_f64s(ROUND));
        *n = simd.sub_f64s(rounded, simd.splat_f64s(ROUND));
        *r = simd.mul_add_f64s(*n, simd.splat_f64s(-std::f64::consts::LN_2), x);
    }
    let mut q = [simd.splat_f64s(Q[0]); V];
    for coefficient in &Q[1..] {
        for (q, &r) in q.iter_mut().zip(&r) {
            *q = simd.mul_add_f64s(*q, r, simd.splat_f64s(*coefficient));
        }
    }
    let mut e = n;
    for ((e, &r), &q) in e.iter_mut().zip(&r).zip(&q) {
        let power = power_of_two(simd, simd.add_f64s(*e, simd.splat_f64s(EXPONENT)));
        let rest = simd.mul_add_f64s(simd.mul_f64s(r, r), q, r);
        *e = simd.mul_add_f64s(rest, power, power);
    }
    e
}

/// Makes the integer in the high word the exponent.
#[inline(always)]
fn power_of_two<S: Simd>(simd: S, exponent: S::f64s) -> S::f64s {
    if size_of::<S::u32s>() == size_of::<S::f64s>() {
        // The low words are zero, so that each word may be shifted on its own.
        let words: S::u32s = bytemuck::cast(exponent);
        bytemuck::cast(simd.wrapping_dyn_shl_u32s(words, simd.splat_u32s(20)))
    } else {
        let mut exponent = exponent;
        let lanes: &mut [u64] = bytemuck::cast_slice_mut(std::slice::from_mut(&mut exponent));
        lanes.iter_mut().for_each(|lane| *lane <<= 20);
        exponent
    }
}

#[cfg(test)]
mod tests {
    use cl_data::instructions::Instructions;
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;

    struct Exp(f64);

    impl WithSimd for Exp {
        type Output = f64;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> f64 {
            let [e, _] = scaled_exp(simd, [simd.splat_f64s(self.0), simd.splat_f64s(-1.0)]);
            bytemuck::cast_slice::<_, f64>(&[e])[0] * UNSCALE
        }
    }

    /// The same bits from all instructions.
    fn exp(x: f64) -> f64 {
        let archs = Instructions::available().into_iter().filter_map(Instructions::arch);
        let all: Vec<f64> = archs.map(|arch| arch.dispatch(Exp(x))).collect();
        assert!(all.iter().all(|e| e.to_bits() == all[0].to_bits()), "e^{x} is {all:?}");
        all[0]
    }

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!((exp(0.0), exp(-0.0)), (1.0, 1.0));
        for x in [f64::NEG_INFINITY, f64::MIN, -750.0, -746.0] {
            assert_eq!(exp(x), 0.0);
        }
        assert!(exp(-745.0) > 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn is_the_exponential(x in prop_oneof![-1.0..0.0f64, -100.0..0.0f64, -708.0..0.0f64]) {
            let tolerance = 1.6e-15 - 3.5e-17 * x;
            let e = exp(x);
            prop_assert!((e / x.exp() - 1.0).abs() < tolerance, "e^{} is {}, expected {}", x, e, x.exp());
        }
    }
}
