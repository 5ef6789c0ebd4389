//! Matrix products small enough that a library's packing and dispatch would cost as much as the product.
//!
//! A register-blocked kernel in safe code: a tile of C, some vectors of rows by some columns, stays in registers while the
//! inner dimension runs. `pulp` picks the instructions at run time, and the number of their registers the tile: four
//! vectors by six columns or two by eight of 32 registers (AVX-512, NEON), two by six of 16 (AVX2), and one by eight
//! where all rows fit into one vector. For every entry of C the sum over the inner dimension runs in the same order with
//! one rounding a step, whatever the shape, the tile and the instructions: an entry never depends on the other columns
//! that are computed with it, so a score is the same in any batch, and the same bytes on any machine.

use std::any::TypeId;
use std::ops::Range;

use cl_data::{Scalar, instructions};
use pulp::{Arch, Simd, WithSimd};

use self::element::Element;
use self::tile::{Block, Start, tiles};

pub(crate) mod convolution;
mod element;
mod tile;

/// Steps of the inner dimension at a time: a panel of A (64 rows in `f32` at most) then stays in a second-level cache,
/// and the columns of B that are in use in the first. Each such part of a sum starts from zero: another number here
/// means other roundings.
const DEPTH: usize = 256;

/// Rows of the largest tile: four vectors of 512 bits, in `f32`.
const ROWS: usize = 4 * 16;

/// Columns of the widest tile.
const COLUMNS: usize = 8;

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
    packing.left.resize(packing.left.len().max(ROWS * depth), T::zero());
    packing.right.resize(packing.right.len().max((n + COLUMNS) * depth), T::zero());
    // The casts are of a type to itself.
    if TypeId::of::<T>() == TypeId::of::<f32>() {
        in_f32(instructions::arch(), cast(left, right, bias, c, (m, k, n), packing));
    } else {
        in_f64(instructions::arch(), cast(left, right, bias, c, (m, k, n), packing));
    }
}

/// The same product with E known to be T.
fn cast<'a, T: Scalar, E: Element>(
    left: Left<'a, T>,
    right: Right<'a, T>,
    bias: &'a [T],
    c: &'a mut [T],
    shape: (usize, usize, usize),
    packing: &'a mut Packing<T>,
) -> Product<'a, E> {
    Product {
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
    }
}

// Not generic, so that the kernels are compiled here and in no crate that uses them.
fn in_f32(arch: Arch, product: Product<'_, f32>) {
    arch.dispatch(product);
}

fn in_f64(arch: Arch, product: Product<'_, f64>) {
    arch.dispatch(product);
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
        let (many_registers, m) = (S::REGISTER_COUNT >= 32, self.shape.0);
        if m <= E::lanes::<S>() {
            // All rows in one vector: only many columns give sums enough to wait for none.
            self.by_tiles::<S, 1, COLUMNS, 4>(simd);
        } else if many_registers && m <= 2 * E::lanes::<S>() {
            self.by_tiles::<S, 2, COLUMNS, 4>(simd);
        } else if many_registers {
            self.by_tiles::<S, 4, 6, 3>(simd);
        } else {
            self.by_tiles::<S, 2, 6, 3>(simd);
        }
    }
}

impl<E: Element> Product<'_, E> {
    /// In tiles of at most `V` vectors of rows by `C` columns, or by `H` where no more are left.
    #[inline(always)]
    fn by_tiles<S: Simd, const V: usize, const C: usize, const H: usize>(self, simd: S) {
        let Self { left, right, bias, c, shape: (m, k, n), left_panel, right_panels } = self;
        let lanes = E::lanes::<S>();
        for first in (0..k).step_by(DEPTH) {
            let depth = first..k.min(first + DEPTH);
            if let Right::Transposed(b) = right {
                pack_right::<E, C>(&b[depth.start * n..depth.end * n], n, right_panels.as_chunks_mut().0);
            }
            let mut first_row = 0;
            while first_row < m {
                let vectors = V.min((m - first_row).div_ceil(lanes));
                let n_rows = (vectors * lanes).min(m - first_row);
                let left_panel = &mut E::vectors_mut::<S>(left_panel).0[..vectors * depth.len()];
                pack_left(simd, left, left_panel, first_row..first_row + n_rows, depth.clone(), (m, k));
                for first_column in (0..n).step_by(C) {
                    let n_columns = C.min(n - first_column);
                    let start = match first {
                        0 => Start::Bias(bias.get(first_row..).unwrap_or(&[])),
                        _ => Start::Sum,
                    };
                    let c = &mut c[first_column * m + first_row..];
                    let target = Block { c, m, n_rows, n_columns, start };
                    match right {
                        Right::Plain(b) if n_columns <= H => {
                            let columns = columns_of::<E, H>(b, k, first_column..first_column + n_columns, &depth);
                            tiles::<E, S, H, 1>(simd, left_panel, [columns], vectors, target);
                        }
                        Right::Plain(b) => {
                            let columns = columns_of::<E, C>(b, k, first_column..first_column + n_columns, &depth);
                            tiles::<E, S, C, 1>(simd, left_panel, [columns], vectors, target);
                        }
                        Right::Transposed(_) => {
                            let panel = first_column / C * depth.len();
                            let panel = &right_panels.as_chunks::<C>().0[panel..][..depth.len()];
                            tiles::<E, S, C, 1>(simd, left_panel, [panel], vectors, target);
                        }
                    }
                }
                first_row += n_rows;
            }
        }
    }
}

/// A part of each of these columns of B, which have length k. Columns that are not there repeat the last one: their sums
/// are not stored.
#[inline(always)]
fn columns_of<'b, E, const C: usize>(
    b: &'b [E],
    k: usize,
    columns: Range<usize>,
    depth: &Range<usize>,
) -> [&'b [E]; C] {
    std::array::from_fn(|column| &b[(columns.start + column).min(columns.end - 1) * k..][depth.clone()])
}

/// Lays `rows` of A out with each column contiguous, filled up with zeros to whole vectors.
#[inline(always)]
fn pack_left<E: Element, S: Simd>(
    simd: S,
    left: Left<'_, E>,
    panel: &mut [E::Vector<S>],
    rows: Range<usize>,
    depth: Range<usize>,
    (m, k): (usize, usize),
) {
    let width = panel.len() / depth.len();
    match left {
        Left::Plain(a) => {
            for (column, packed) in depth.zip(panel.chunks_exact_mut(width)) {
                let (whole, rest) = E::vectors::<S>(&a[column * m..][rows.clone()]);
                packed.iter_mut().zip(whole).for_each(|(packed, whole)| *packed = *whole);
                if let Some(last) = packed.get_mut(whole.len()) {
                    *last = E::load(simd, rest);
                }
            }
        }
        Left::Transposed(a) => {
            for (column, packed) in depth.zip(panel.chunks_exact_mut(width)) {
                let (present, absent) = E::numbers_mut::<S>(packed).split_at_mut(rows.len());
                let entries = a[rows.start * k + column..].iter().step_by(k);
                present.iter_mut().zip(entries).for_each(|(packed, &entry)| *packed = entry);
                absent.fill(E::ZERO);
            }
        }
    }
}

/// Lays the rows of B (each of length n) out in panels of `C` columns, a row of a panel contiguous.
#[inline(always)]
fn pack_right<E: Element, const C: usize>(rows: &[E], n: usize, panels: &mut [[E; C]]) {
    let depth = rows.len() / n;
    for (at, row) in rows.chunks_exact(n).enumerate() {
        let (whole, rest) = row.as_chunks::<C>();
        for (panel, entries) in whole.iter().enumerate() {
            panels[panel * depth + at] = *entries;
        }
        if !rest.is_empty() {
            panels[whole.len() * depth + at][..rest.len()].copy_from_slice(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use cl_data::instructions::Instructions;

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

    /// No vectors, narrow and wide ones give the same bits, over several parts of the inner dimension, too.
    #[test]
    fn all_instructions_give_the_same_bits() {
        for (m, k, n) in [(10, 300, 13), (33, 70, 6), (70, 9, 25), (3, 600, 1), (16, 16, 12)] {
            let a: Vec<f32> = (0..m * k).map(|i| (i as f32 * 0.37).sin()).collect();
            let b: Vec<f32> = (0..k * n).map(|i| (i as f32 * 0.73).cos()).collect();
            let doubles = |of: &[f32]| of.iter().map(|&x| f64::from(x) * 1.000_000_1).collect::<Vec<f64>>();
            let (wide_a, wide_b) = (doubles(&a), doubles(&b));
            let all = Instructions::available().into_iter().map(|instructions| {
                let arch = instructions.arch().expect("it is available");
                let mut packing =
                    Packing { left: vec![0.0; ROWS * DEPTH], right: vec![0.0; (n + COLUMNS) * DEPTH] };
                let mut c = vec![0.0f32; m * n];
                let (left, right) = (Left::Plain(&a[..]), Right::Transposed(&b[..]));
                in_f32(arch, cast(left, right, &a[..m], &mut c, (m, k, n), &mut packing));
                let mut packing =
                    Packing { left: vec![0.0; ROWS * DEPTH], right: vec![0.0; (n + COLUMNS) * DEPTH] };
                let mut wide = vec![0.0f64; m * n];
                let (left, right) = (Left::Transposed(&wide_a[..]), Right::Plain(&wide_b[..]));
                in_f64(arch, cast(left, right, &[], &mut wide, (m, k, n), &mut packing));
                (instructions, c, wide)
            });
            let all: Vec<_> = all.collect();
            for (instructions, c, wide) in &all[1..] {
                assert_eq!((c, wide), (&all[0].1, &all[0].2), "{instructions:?} {m} {k} {n}");
            }
        }
    }
}
