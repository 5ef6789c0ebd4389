//! Matrix products small enough that a library's packing and dispatch would cost as much as the product.
//!
//! A register-blocked kernel in safe code: a tile of two vectors of rows by eight columns of C stays in
//! registers while the inner dimension runs. `pulp` picks the instructions at run time (AVX-512, AVX2 with FMA,
//! NEON, or none). For every entry of C the sum over the inner dimension runs in the same order, whatever the shape: an
//! entry never depends on the other columns that are computed with it, so a score is the same in any batch.

use std::any::TypeId;
use std::ops::Range;

use bytemuck::Pod;
use cl_data::Scalar;
use pulp::{Arch, Simd, WithSimd};

/// Columns of C in a tile.
const COLUMNS: usize = 8;

/// Steps of the inner dimension at a time: a panel of A (32 rows in `f32`) and one of B then stay in a first-level
/// cache of 48 KiB.
const DEPTH: usize = 256;

/// The widest vector in use, in numbers: 512 bits of `f32`.
const WIDEST: usize = 16;

/// The left operand, m x k.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Left<'a, T> {
    /// Column by column.
    Plain(&'a [T]),
    /// The transpose of a k x m matrix that lies column by column.
    Transposed(&'a [T]),
}

/// The right operand, k x n.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Right<'a, T> {
    /// Column by column.
    Plain(&'a [T]),
    /// The transpose of an n x k matrix that lies column by column.
    Transposed(&'a [T]),
}

/// Scratch memory of the matrix products: grown when needed, and kept.
#[derive(Debug, Clone, Default)]
pub struct Packing<T> {
    left: Vec<T>,
    right: Vec<T>,
}

/// C = A B with C (m x n), and `bias` (m) added to every column where it is not empty.
pub(crate) fn gemm<T: Scalar>(
    left: Left<'_, T>,
    right: Right<'_, T>,
    bias: &[T],
    c: &mut [T],
    (m, k, n): (usize, usize, usize),
    packing: &mut Packing<T>,
) {
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        // An empty sum, which the kernel has no panels for.
        let bias = bias.iter().copied().chain(std::iter::repeat(T::zero()));
        return c
            .chunks_exact_mut(m)
            .for_each(|column| column.iter_mut().zip(bias.clone()).for_each(|(c, b)| *c = b));
    }
    let depth = k.min(DEPTH);
    packing.left.resize(packing.left.len().max(2 * WIDEST * depth), T::zero());
    packing.right.resize(packing.right.len().max(n.next_multiple_of(COLUMNS) * depth), T::zero());
    if TypeId::of::<T>() == TypeId::of::<f32>() {
        product::<T, f32>(left, right, bias, c, (m, k, n), packing);
    } else {
        product::<T, f64>(left, right, bias, c, (m, k, n), packing);
    }
}

/// The same with T known to be E: the casts are of a type to itself.
fn product<T: Scalar, E: Element>(
    left: Left<'_, T>,
    right: Right<'_, T>,
    bias: &[T],
    c: &mut [T],
    shape: (usize, usize, usize),
    packing: &mut Packing<T>,
) {
    Arch::new().dispatch(Product::<E> {
        left: match left {
            Left::Plain(a) => Left::Plain(bytemuck::cast_slice(a)),
            Left::Transposed(a) => Left::Transposed(bytemuck::cast_slice(a)),
        },
        right: match right {
            Right::Plain(b) => Right::Plain(bytemuck::cast_slice(b)),
            Right::Transposed(b) => Right::Transposed(bytemuck::cast_slice(b)),
        },
        bias: bytemuck::cast_slice(bias),
        c: bytemuck::cast_slice_mut(c),
        shape,
        left_panel: bytemuck::cast_slice_mut(&mut packing.left),
        right_panels: bytemuck::cast_slice_mut(&mut packing.right),
    });
}

struct Product<'a, E> {
    left: Left<'a, E>,
    right: Right<'a, E>,
    bias: &'a [E],
    c: &'a mut [E],
    shape: (usize, usize, usize),
    left_panel: &'a mut [E],
    right_panels: &'a mut [E],
}

impl<E: Element> WithSimd for Product<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, right, bias, c, shape: (m, k, n), left_panel, right_panels } = self;
        // One vector of rows where all of them fit into it, two otherwise.
        let rows = if m <= E::lanes::<S>() { E::lanes::<S>() } else { 2 * E::lanes::<S>() };
        for first in (0..k).step_by(DEPTH) {
            let depth = first..k.min(first + DEPTH);
            if let Right::Transposed(b) = right {
                pack_right(&b[depth.start * n..depth.end * n], n, right_panels.as_chunks_mut().0);
            }
            for first_row in (0..m).step_by(rows) {
                let n_rows = rows.min(m - first_row);
                let left_panel = &mut left_panel[..depth.len() * rows];
                pack_left(left, left_panel, first_row..first_row + n_rows, depth.clone(), (m, k));
                let left_panel = E::vectors::<S>(left_panel);
                for first_column in (0..n).step_by(COLUMNS) {
                    let n_columns = COLUMNS.min(n - first_column);
                    let start = match first {
                        0 => Start::Bias(bias.get(first_row..).unwrap_or(&[])),
                        _ => Start::Sum,
                    };
                    let c = &mut c[first_column * m + first_row..];
                    let target = Block { c, m, n_rows, n_columns, start };
                    match right {
                        Right::Plain(b) => {
                            // Columns that are not there repeat the last one: their sums are not stored.
                            let columns: [&[E]; COLUMNS] = std::array::from_fn(|column| {
                                &b[(first_column + column.min(n_columns - 1)) * k..][depth.clone()]
                            });
                            tiles::<E, S>(simd, left_panel, columns, rows, target);
                        }
                        Right::Transposed(_) => {
                            let panel = first_column / COLUMNS * depth.len();
                            let panel = &right_panels.as_chunks::<COLUMNS>().0[panel..][..depth.len()];
                            tiles::<E, S>(simd, left_panel, panel, rows, target);
                        }
                    }
                }
            }
        }
    }
}

/// Lays `rows` of A out with each column contiguous, filled up with zeros to whole vectors.
#[inline(always)]
fn pack_left<E: Element>(
    left: Left<'_, E>,
    panel: &mut [E],
    rows: Range<usize>,
    depth: Range<usize>,
    (m, k): (usize, usize),
) {
    let width = panel.len() / depth.len();
    for (column, packed) in depth.zip(panel.chunks_exact_mut(width)) {
        let (present, absent) = packed.split_at_mut(rows.len());
        match left {
            Left::Plain(a) => present.copy_from_slice(&a[column * m + rows.start..][..rows.len()]),
            Left::Transposed(a) => {
                let entries = a[rows.start * k + column..].iter().step_by(k);
                present.iter_mut().zip(entries).for_each(|(packed, &entry)| *packed = entry);
            }
        }
        absent.fill(E::ZERO);
    }
}

/// Lays the rows of B (each of length n) out in panels of eight columns, a row of a panel contiguous.
#[inline(always)]
fn pack_right<E: Element>(rows: &[E], n: usize, panels: &mut [[E; COLUMNS]]) {
    let depth = rows.len() / n;
    for (at, row) in rows.chunks_exact(n).enumerate() {
        let (whole, rest) = row.as_chunks::<COLUMNS>();
        for (panel, entries) in whole.iter().enumerate() {
            panels[panel * depth + at] = *entries;
        }
        if !rest.is_empty() {
            panels[whole.len() * depth + at][..rest.len()].copy_from_slice(rest);
        }
    }
}

/// The right operand of a tile: at each step of the inner dimension, an entry of each of eight columns.
trait Factors<E>: Copy {
    fn len(&self) -> usize;
    fn at(&self, row: usize, column: usize) -> E;
}

impl<E: Element> Factors<E> for [&[E]; COLUMNS] {
    #[inline(always)]
    fn len(&self) -> usize {
        self[0].len()
    }

    #[inline(always)]
    fn at(&self, row: usize, column: usize) -> E {
        self[column][row]
    }
}

impl<E: Element> Factors<E> for &[[E; COLUMNS]] {
    #[inline(always)]
    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    #[inline(always)]
    fn at(&self, row: usize, column: usize) -> E {
        self[row][column]
    }
}

/// What a tile's sums are added to.
#[derive(Clone, Copy)]
enum Start<'a, E> {
    /// The bias of each row, or nothing where it is empty.
    Bias(&'a [E]),
    /// What C holds of the inner dimension so far.
    Sum,
}

/// Where a tile goes: the first `n_rows` of its rows and `n_columns` of its columns, in a matrix of m rows.
struct Block<'a, E> {
    c: &'a mut [E],
    m: usize,
    n_rows: usize,
    n_columns: usize,
    start: Start<'a, E>,
}

#[inline(always)]
fn tiles<E: Element, S: Simd>(
    simd: S,
    left: &[E::Vector<S>],
    right: impl Factors<E>,
    rows: usize,
    target: Block<'_, E>,
) {
    if rows == E::lanes::<S>() {
        tile::<E, S, 1>(simd, left.as_chunks().0, right, target);
    } else {
        tile::<E, S, 2>(simd, left.as_chunks().0, right, target);
    }
}

/// One tile of C: `VECTORS` vectors of rows by eight columns.
#[inline(always)]
fn tile<E: Element, S: Simd, const VECTORS: usize>(
    simd: S,
    left: &[[E::Vector<S>; VECTORS]],
    right: impl Factors<E>,
    target: Block<'_, E>,
) {
    let lanes = E::lanes::<S>();
    let mut sums = [[E::splat(simd, E::ZERO); VECTORS]; COLUMNS];
    let depth = right.len();
    for (row, left) in left[..depth].iter().enumerate() {
        for (column, sums) in sums.iter_mut().enumerate() {
            let factor = E::splat(simd, right.at(row, column));
            for (sum, &left) in sums.iter_mut().zip(left) {
                *sum = E::multiply_add(simd, left, factor, *sum);
            }
        }
    }
    let Block { c, m, n_rows, n_columns, start } = target;
    for (column, sums) in c.chunks_mut(m).zip(&sums).take(n_columns) {
        if n_rows == VECTORS * lanes {
            let whole = &mut E::vectors_mut::<S>(column)[..VECTORS];
            for (vector, (entry, &sum)) in whole.iter_mut().zip(sums).enumerate() {
                *entry = match start {
                    Start::Bias([]) => sum,
                    Start::Bias(bias) => E::add(simd, sum, E::vectors::<S>(bias)[vector]),
                    Start::Sum => E::add(simd, sum, *entry),
                };
            }
        } else {
            let mut whole = [E::ZERO; 2 * WIDEST];
            for (vector, &sum) in sums.iter().enumerate() {
                E::vectors_mut::<S>(&mut whole[vector * lanes..])[0] = sum;
            }
            for (row, (entry, &sum)) in column[..n_rows].iter_mut().zip(&whole).enumerate() {
                *entry = match start {
                    Start::Bias(bias) => bias.get(row).map_or(sum, |&bias| E::plus(sum, bias)),
                    Start::Sum => E::plus(sum, *entry),
                };
            }
        }
    }
}

/// A number that the kernel computes with: what `pulp` offers for `f32` and `f64` under one name.
trait Element: Pod {
    type Vector<S: Simd>: Copy;
    const ZERO: Self;
    fn lanes<S: Simd>() -> usize;
    fn plus(self, other: Self) -> Self;
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    fn vectors<S: Simd>(slice: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [Self::Vector<S>];
}

macro_rules! element {
    ($float:ty, $vector:ident, $lanes:ident, $splat:ident, $add:ident, $fma:ident, $slice:ident, $slice_mut:ident) => {
        impl Element for $float {
            type Vector<S: Simd> = S::$vector;
            const ZERO: Self = 0.0;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }

            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn multiply_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$fma(a, b, c)
            }

            #[inline(always)]
            fn vectors<S: Simd>(slice: &[Self]) -> &[S::$vector] {
                S::$slice(slice).0
            }

            #[inline(always)]
            fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [S::$vector] {
                S::$slice_mut(slice).0
            }
        }
    };
}

element!(f32, f32s, F32_LANES, splat_f32s, add_f32s, mul_add_e_f32s, as_simd_f32s, as_mut_simd_f32s);
element!(f64, f64s, F64_LANES, splat_f64s, add_f64s, mul_add_e_f64s, as_simd_f64s, as_mut_simd_f64s);

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(i: usize, j: usize, salt: usize) -> f64 {
        ((i * 7 + j * 13 + salt * 5) % 11) as f64 - 5.0
    }

    fn matrix<T: Scalar>(rows: usize, columns: usize, salt: usize, transposed: bool) -> Vec<T> {
        let at = |at: usize| if transposed { (at / columns, at % columns) } else { (at % rows, at / rows) };
        (0..rows * columns).map(at).map(|(i, j)| T::of_f64(entry(i, j, salt))).collect()
    }

    /// Small integers make the sums exact, so that equality with the triple loop is exact too.
    fn check<T: Scalar>(m: usize, k: usize, n: usize) {
        let bias: Vec<T> = (0..m).map(|i| T::of_f64(entry(i, 3, 3))).collect();
        let mut packing = Packing::default();
        for with_bias in [false, true] {
            let expected: Vec<T> = (0..m * n)
                .map(|at| {
                    let (i, j) = (at % m, at / m);
                    let product: f64 = (0..k).map(|l| entry(i, l, 1) * entry(l, j, 2)).sum();
                    T::of_f64(product + if with_bias { entry(i, 3, 3) } else { 0.0 })
                })
                .collect();
            for (left_transposed, right_transposed) in [(false, false), (true, false), (false, true), (true, true)]
            {
                let (a, b) = (matrix(m, k, 1, left_transposed), matrix(k, n, 2, right_transposed));
                let left = if left_transposed { Left::Transposed(&a[..]) } else { Left::Plain(&a[..]) };
                let right = if right_transposed { Right::Transposed(&b[..]) } else { Right::Plain(&b[..]) };
                let mut c = vec![T::of_f64(f64::NAN); m * n];
                let bias = if with_bias { &bias[..] } else { &[] };
                gemm(left, right, bias, &mut c, (m, k, n), &mut packing);
                assert_eq!(c, expected, "{m} {k} {n} {left_transposed} {right_transposed} {with_bias}");
            }
        }
    }

    #[test]
    fn products_equal_the_triple_loop() {
        for m in 1..=9 {
            for k in 0..=5 {
                for n in 1..=9 {
                    check::<f32>(m, k, n);
                    check::<f64>(m, k, n);
                }
            }
        }
        for (m, k, n) in [
            (16, 7, 8),
            (17, 64, 16),
            (32, 10, 33),
            (33, 31, 24),
            (65, 3, 9),
            (10, 256, 64),
            (40, 600, 9),
            (5, 257, 3),
        ] {
            check::<f32>(m, k, n);
            check::<f64>(m, k, n);
        }
    }

    /// A column of the product has the same bits alone and among others.
    #[test]
    fn a_column_does_not_depend_on_its_neighbours() {
        let (m, k, n) = (19, 37, 21);
        let a: Vec<f32> = (0..m * k).map(|i| (i as f32 * 0.37).sin()).collect();
        let b: Vec<f32> = (0..k * n).map(|i| (i as f32 * 0.73).cos()).collect();
        let mut packing = Packing::default();
        let mut together = vec![0.0; m * n];
        gemm(Left::Plain(&a), Right::Plain(&b), &[], &mut together, (m, k, n), &mut packing);
        for column in 0..n {
            let mut alone = vec![0.0; m];
            gemm(Left::Plain(&a), Right::Plain(&b[column * k..][..k]), &[], &mut alone, (m, k, 1), &mut packing);
            assert_eq!(alone, together[column * m..][..m]);
        }
    }
}
