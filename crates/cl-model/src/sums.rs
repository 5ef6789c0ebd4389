//! Sums over slices in a fixed order.

use cl_data::Scalar;
use cl_data::instructions::vectorized;

/// The sum of the columns of A (m x n), m = sums.len().
pub(crate) fn sum_columns<T: Scalar>(a: &[T], sums: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            sums.fill(T::zero());
            for column in a.chunks_exact(sums.len()) {
                sums.iter_mut().zip(column).for_each(|(sum, &entry)| *sum += entry);
            }
        },
    );
}

/// y = y + factor x.
#[inline(always)]
pub(crate) fn add_scaled<T: Scalar>(factor: T, x: &[T], y: &mut [T]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += factor * x);
}

/// The inner product, summed in 8 fixed lanes so that it vectorises and never depends on the machine.
#[inline(always)]
pub(crate) fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    const LANES: usize = 8;
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (a_rest, b_rest) = (a_chunks.remainder(), b_chunks.remainder());
    let mut sum = T::zero();
    if a.len() >= LANES {
        let mut lanes = [T::zero(); LANES];
        for (a, b) in a_chunks.zip(b_chunks) {
            for lane in 0..LANES {
                lanes[lane] += a[lane] * b[lane];
            }
        }
        sum = lanes.into_iter().fold(sum, |sum, lane| sum + lane);
    }
    a_rest.iter().zip(b_rest).fold(sum, |sum, (&a, &b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(i: usize, j: usize, salt: usize) -> f64 {
        ((i * 7 + j * 13 + salt * 5) % 11) as f64 - 5.0
    }

    #[test]
    fn dot_equals_the_plain_sum() {
        for n in 0..40 {
            let a: Vec<f64> = (0..n).map(|i| entry(i, 0, 1)).collect();
            let b: Vec<f64> = (0..n).map(|i| entry(i, 1, 2)).collect();
            assert_eq!(dot(&a, &b), a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>());
        }
    }
}
