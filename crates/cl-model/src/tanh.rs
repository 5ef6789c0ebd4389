//! The hyperbolic tangent of many numbers at once.

use std::any::TypeId;

use cl_data::Scalar;
use cl_data::instructions::vectorized;

/// Replaces every entry by its hyperbolic tangent: in `f64` the system's, in `f32` one that vectorises, within four
/// units in the last place.
///
/// ```text
/// t = a (135135 + 17325 a^2 + 378 a^4 + a^6) / (135135 + 62370 a^2 + 3150 a^4 + 28 a^6)      a = x / 4
/// tanh 2a = 2 t / (1 + t^2), twice
/// ```
///
/// The quotient is Lambert's continued fraction of tanh, cut off after a^2 / 13; from |x| = 9.5 on the result is 1.
/// Sums and products are separate, so that the bits are the same with any instructions. NaN stays NaN.
pub(crate) fn tanh_in_place<T: Scalar>(x: &mut [T]) {
    if TypeId::of::<T>() == TypeId::of::<f32>() {
        let x: &mut [f32] = bytemuck::cast_slice_mut(x);
        vectorized(
            #[inline(always)]
            || x.iter_mut().for_each(|x| *x = tanh(*x)),
        );
    } else {
        x.iter_mut().for_each(|x| *x = x.tanh());
    }
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    // Beyond, the result rounds to 1.
    let a = x.clamp(-9.5, 9.5) * 0.25;
    let square = a * a;
    let above = ((square + 378.0) * square + 17_325.0) * square + 135_135.0;
    let below = ((28.0 * square + 3_150.0) * square + 62_370.0) * square + 135_135.0;
    let double = |t: f32| 2.0 * t / (1.0 + t * t);
    double(double(a * above / below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_hyperbolic_tangent() {
        let points: Vec<f32> = (-120_000..=120_000).map(|i| i as f32 * 1e-4).collect();
        let tiny = (0..120).map(|k| 2.0f32.powi(-k));
        let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE];
        let points: Vec<f32> = points.into_iter().chain(tiny).chain(special).collect();
        let mut values = points.clone();
        tanh_in_place(&mut values);
        for (&x, &value) in points.iter().zip(&values) {
            let exact = f64::from(x).tanh();
            // A unit in the last place, which is what the bound is in, is the distance to the next number.
            let nearest = (exact as f32).abs();
            let unit = f64::from(nearest.next_up()) - f64::from(nearest);
            assert!((f64::from(value) - exact).abs() <= 4.0 * unit, "tanh {x} = {value}, not {exact}");
            assert!(value.abs() <= 1.0);
        }
        let mut nan = [f32::NAN];
        tanh_in_place(&mut nan);
        assert!(nan[0].is_nan());
    }

    /// Whole vectors and what is left over give the same bits.
    #[test]
    fn an_entry_does_not_depend_on_its_company() {
        let points: Vec<f32> = (0..67).map(|i| (i * 7 % 31) as f32 * 0.3 - 4.0).collect();
        let mut together = points.clone();
        tanh_in_place(&mut together);
        for (&x, &value) in points.iter().zip(&together) {
            let mut alone = [x];
            tanh_in_place(&mut alone);
            assert_eq!(alone[0].to_bits(), value.to_bits());
        }
    }

    #[test]
    fn doubles_are_the_systems() {
        let mut x = [0.3f64, -20.0];
        tanh_in_place(&mut x);
        assert_eq!(x, [0.3f64.tanh(), (-20.0f64).tanh()]);
    }
}
