//! The matrix products of the crate, on column-major slices.
//!
//! Measured with nalgebra 0.35: `gemm` reaches 58 to 79 % of a core's peak, while `tr_mul`, `gemm_tr` and
//! `ad_mul` stay at 6 % (dimforge/nalgebra#717) and are never used. A **left** operand transposed by stride
//! reaches a memory-safety bug of nalgebra from safe code (dimforge/nalgebra#1616): transposes are taken by
//! stride on the right only, and by a copy on the left.

use cl_data::Scalar;
use nalgebra::{DMatrixView, DMatrixViewMut, Dyn};

/// C = alpha A B + beta C with A (m x k), B (k x n), C (m x n).
pub(crate) fn multiply<T: Scalar>(
    alpha: T,
    a: &[T],
    b: &[T],
    beta: T,
    c: &mut [T],
    (m, k, n): (usize, usize, usize),
) {
    let a = DMatrixView::from_slice(a, m, k);
    let b = DMatrixView::from_slice(b, k, n);
    DMatrixViewMut::from_slice(c, m, n).gemm(alpha, &a, &b, beta);
}

/// C = alpha A B' + beta C with A (m x k), B (n x k), C (m x n).
pub(crate) fn multiply_right_transposed<T: Scalar>(
    alpha: T,
    a: &[T],
    b: &[T],
    beta: T,
    c: &mut [T],
    (m, k, n): (usize, usize, usize),
) {
    let a = DMatrixView::from_slice(a, m, k);
    let b = DMatrixView::from_slice_with_strides_generic(b, Dyn(k), Dyn(n), Dyn(n), Dyn(1));
    DMatrixViewMut::from_slice(c, m, n).gemm(alpha, &a, &b, beta);
}

/// Z = W X + b with W (m x k), X (k x n), and b (m) added to every column.
pub(crate) fn dense<T: Scalar>(w: &[T], b: &[T], x: &[T], z: &mut [T], (m, k, n): (usize, usize, usize)) {
    z.chunks_exact_mut(m).for_each(|column| column.copy_from_slice(b));
    multiply(T::one(), w, x, T::one(), z, (m, k, n));
}

/// The sum of the columns of A (m x n), m = sums.len().
pub(crate) fn sum_columns<T: Scalar>(a: &[T], sums: &mut [T]) {
    sums.fill(T::zero());
    for column in a.chunks_exact(sums.len()) {
        sums.iter_mut().zip(column).for_each(|(sum, &entry)| *sum += entry);
    }
}

/// The transpose of A (m x n).
pub(crate) fn transpose<T: Scalar>(a: &[T], (m, n): (usize, usize), transposed: &mut [T]) {
    DMatrixView::from_slice(a, m, n).transpose_to(&mut DMatrixViewMut::from_slice(transposed, n, m));
}

/// The inner product, summed in 8 fixed lanes so that it vectorises and never depends on the machine.
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

    /// Every dimension from 1 to 9: nalgebra switches kernels at 5, and its bug shows in small dimensions.
    /// Small integers make the sums exact, so that equality is exact too.
    #[test]
    fn products_equal_the_triple_loop() {
        for m in 1..=9 {
            for k in 1..=9 {
                for n in 1..=9 {
                    let a: Vec<f64> = (0..m * k).map(|at| entry(at % m, at / m, 1)).collect();
                    let b: Vec<f64> = (0..k * n).map(|at| entry(at % k, at / k, 2)).collect();
                    let b_transposed: Vec<f64> = (0..k * n).map(|at| entry(at / n, at % n, 2)).collect();
                    let c: Vec<f64> = (0..m * n).map(|at| entry(at % m, at / m, 3)).collect();
                    let expected: Vec<f64> = (0..m * n)
                        .map(|at| {
                            let (i, j) = (at % m, at / m);
                            let product: f64 = (0..k).map(|l| entry(i, l, 1) * entry(l, j, 2)).sum();
                            2.0 * product - entry(i, j, 3)
                        })
                        .collect();
                    let mut plain = c.clone();
                    multiply(2.0, &a, &b, -1.0, &mut plain, (m, k, n));
                    assert_eq!(plain, expected, "{m} {k} {n}");
                    let mut transposed = c;
                    multiply_right_transposed(2.0, &a, &b_transposed, -1.0, &mut transposed, (m, k, n));
                    assert_eq!(transposed, expected, "{m} {k} {n}");
                }
            }
        }
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
