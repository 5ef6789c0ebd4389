//! e^x, e^x - 1, ln(x) and ln(1 + x) without branches, calls or tables, so that loops over them vectorise on any
//! machine: what the softmax of many small batches and the weights of many examples spend their time on.

use crate::dataset::Scalar;

/// e^x for x <= 0, down to the smallest subnormal; e^-inf = 0, NaN stays NaN. Within 2 units in the last place.
///
/// ```text
/// n = round(x / ln 2),   r = x - n ln 2,   e^x = 2^n (1 + r + r^2 q(r)),   q minimax on |r| <= ln(2) / 2
/// ```
///
/// Any other scalar than `f32` is computed in `f64`.
#[inline(always)]
pub fn exp<T: Scalar>(x: T) -> T {
    // Known at compile time, and so are the conversions, which cancel.
    if std::any::TypeId::of::<T>() == std::any::TypeId::of::<f32>() {
        T::of_f64(f64::from(exp_f32(x.as_f64() as f32)))
    } else {
        T::of_f64(exp_f64(x.as_f64()))
    }
}

#[inline(always)]
fn exp_f32(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer, kept in the lowest bits
    const LN_2: [f32; 2] = [0.693_115_23, 3.194_618_3e-5]; // the first with 14 bits: n times it is exact
    let x = if x < -110.0 { -110.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let q = 0.5 + r * (0.166_665_76 + r * (0.041_666_556 + r * (0.008_363_179 + r * 0.001_392_618_4)));
    // 2^n in two factors, because 2^-140 is none: the first is 2^(n + 64).
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(127 + 64) << 23);
    (1.0 + (r + r * r * q)) * scale * (1.0 / 18_446_744_073_709_551_616.0)
}

/// e^x - 1 for x <= 0, with all digits of a small x. Within 3 units in the last place; NaN stays NaN.
///
/// ```text
/// n and r as of exp,   e^x - 1 = 2^n (r + r^2 q(r)) + (2^n - 1)
/// ```
#[inline(always)]
pub fn exp_m1(x: f64) -> f64 {
    // Below, 1 is all that is left.
    let (n, growth) = reduced(if x < -50.0 { -50.0 } else { x });
    let scale = f64::from_bits(n.wrapping_add(1023) << 52);
    scale * growth + (scale - 1.0)
}

#[inline(always)]
fn exp_f64(x: f64) -> f64 {
    let (n, growth) = reduced(if x < -750.0 { -750.0 } else { x });
    // 2^n in two factors, because 2^-1074 is none: the first is 2^(n + 64).
    let scale = f64::from_bits(n.wrapping_add(1023 + 64) << 52);
    (1.0 + growth) * scale * (1.0 / 18_446_744_073_709_551_616.0)
}

/// n = round(x / ln 2), as the low bits of an integer, and e^r - 1 of the rest r.
#[inline(always)]
fn reduced(x: f64) -> (u64, f64) {
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
    const LN_2: [f64; 2] = [0.693_147_180_558_298_7, 1.646_594_958_289_708_2e-12]; // the first with 38 bits
    const Q: [f64; 10] = [
        2.510_038_549_551_032e-8,
        2.762_008_844_540_974_6e-7,
        2.755_726_845_999_706_4e-6,
        2.480_152_129_595_437_6e-5,
        1.984_126_986_305_385_3e-4,
        1.388_888_891_721_371_7e-3,
        8.333_333_333_330_062e-3,
        4.166_666_666_662_413e-2,
        1.666_666_666_666_666_9e-1,
        5.000_000_000_000_001e-1,
    ];
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let q = Q.into_iter().fold(0.0, |q, coefficient| q * r + coefficient);
    (rounded.to_bits(), r + r * r * q)
}

/// ln(1 + x) for -1 + 2^-53 <= x < 2^52, with all digits of a small x. Within 2 units in the last place.
///
/// ```text
/// 1 + x = 2^k (1 + f),  sqrt(1/2) <= 1 + f < sqrt(2),   s = f / (2 + f)
/// ln(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2))
/// ```
///
/// Source: R is that of `log1p` in fdlibm (Sun Microsystems, 1993).
#[inline(always)]
pub fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // What rounding took from x: at most half a unit of u, and all of a tiny x.
    let lost = x - (u - 1.0);
    ln_of(u, lost / u)
}

/// ln(x) for normal x above 0, infinity apart, by the formula of [`ln_1p`]. Within 2 units in the last place.
#[inline(always)]
#[allow(clippy::eq_op, reason = "x - x is 0, or NaN where x is")]
pub fn ln(x: f64) -> f64 {
    ln_of(x, x - x)
}

/// ln(u) + low, low a correction.
#[inline(always)]
fn ln_of(u: f64, low: f64) -> f64 {
    const R: [f64; 7] = [
        1.479_819_860_511_658_6e-1,
        1.531_383_769_920_937_3e-1,
        1.818_357_216_161_805e-1,
        2.222_219_843_214_978_4e-1,
        2.857_142_874_366_239e-1,
        3.999_999_999_940_942e-1,
        6.666_666_666_666_735e-1,
    ];
    const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    const SQRT_HALF: u64 = 0x3fe6_a09e_0000_0000;
    // Shifts the boundary between exponents from 1 to sqrt(1/2); the exponent becomes a float by its bits.
    let shifted = u.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = shifted.wrapping_add(1023 << 52) >> 52;
    let k = f64::from_bits(exponent | TWO_52.to_bits()) - (TWO_52 + 1023.0);
    let f = f64::from_bits((shifted & ((1 << 52) - 1)).wrapping_add(SQRT_HALF)) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * R.into_iter().fold(0.0, |r, coefficient| r * z + coefficient);
    let half_square = 0.5 * f * f;
    let low = s * (half_square + r) + (k * LN_2[1] + low);
    k * LN_2[0] + (f - (half_square - low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ulps_f32(a: f32, b: f32) -> u32 {
        a.to_bits().abs_diff(b.to_bits())
    }

    fn ulps_f64(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    /// Every 61st `f32` from -0 to -104.5, subnormal results among them, against the `f64` function rounded.
    #[test]
    fn exp_of_f32_over_its_range() {
        let mut largest = 0;
        for bits in ((-0.0f32).to_bits()..(-104.5f32).to_bits()).step_by(61) {
            let x = f32::from_bits(bits);
            largest = largest.max(ulps_f32(exp(x), libm::exp(f64::from(x)) as f32));
        }
        assert!(largest <= 1, "{largest}");
    }

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!((exp(0.0f32), exp(-0.0f64)), (1.0, 1.0));
        assert_eq!((exp(f32::NEG_INFINITY), exp(f64::NEG_INFINITY)), (0.0, 0.0));
        assert_eq!((exp(f32::MIN), exp(f64::MIN)), (0.0, 0.0));
        assert_eq!((exp(-104.0f32), exp(-746.0f64)), (0.0, 0.0));
        assert!(exp(-103.0f32) > 0.0 && exp(-745.0f64) > 0.0);
        assert!(exp(f32::NAN).is_nan() && exp(f64::NAN).is_nan());
        assert_eq!((ln_1p(0.0), ln_1p(1e-300), ln_1p(1.0)), (0.0, 1e-300, 2f64.ln()));
        assert!(ln_1p(f64::NAN).is_nan() && ln(f64::NAN).is_nan() && exp_m1(f64::NAN).is_nan());
        assert_eq!((exp_m1(0.0), exp_m1(-1e-300), exp_m1(f64::NEG_INFINITY)), (0.0, -1e-300, -1.0));
        assert_eq!((ln(1.0), ln(f64::MIN_POSITIVE)), (0.0, f64::MIN_POSITIVE.ln()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn exp_of_f64(x in prop_oneof![-1.0..0.0f64, -745.5..0.0f64]) {
            prop_assert!(ulps_f64(exp(x), libm::exp(x)) <= 2, "{} {} {}", x, exp(x), libm::exp(x));
        }

        #[test]
        fn exp_m1_of_f64(x in prop_oneof![-1.0..0.0f64, -60.0..0.0f64, (-1000.0..0.0f64).prop_map(|power| -power.exp2())]) {
            prop_assert!(ulps_f64(exp_m1(x), libm::expm1(x)) <= 3, "{} {} {}", x, exp_m1(x), libm::expm1(x));
        }

        #[test]
        fn ln_of_f64(x in prop_oneof![(-1020.0..1020.0f64).prop_map(f64::exp2), 0.5..2.0f64]) {
            prop_assert!(ulps_f64(ln(x), libm::log(x)) <= 2, "{} {} {}", x, ln(x), libm::log(x));
        }

        #[test]
        fn ln_1p_below_0(x in prop_oneof![-1.0 + f64::EPSILON..0.0f64, (-70.0..0.0f64).prop_map(|power| -power.exp2())]) {
            let x = x.max(-1.0 + f64::EPSILON / 2.0);
            prop_assert!(ulps_f64(ln_1p(x), libm::log1p(x)) <= 2, "{} {} {}", x, ln_1p(x), libm::log1p(x));
        }

        #[test]
        fn ln_1p_of_f64(exponent in -70.0..45.0f64) {
            let x = exponent.exp2();
            prop_assert!(ulps_f64(ln_1p(x), libm::log1p(x)) <= 2, "{} {} {}", x, ln_1p(x), libm::log1p(x));
        }
    }
}
