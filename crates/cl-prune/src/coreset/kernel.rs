//! Inner products of many examples with many others, in double precision, and nothing kept of them.
//!
//! Sixteen examples lie interleaved in a panel; a tile of two vectors of them by eight other examples (six where there
//! are 16 registers) stays in registers while the features run. `pulp` picks the instructions at run time. For every
//! pair the sum over the features runs in the same order, rounded once a step, whatever is computed beside it, so that
//! x y = y x bit for bit and no result depends on tiles, threads or instructions.

use std::ops::Range;

use cl_data::instructions;
use pulp::{Simd, WithSimd};

/// Examples in a panel.
pub(super) const ROWS: usize = 16;

/// Vectors of a panel in a tile.
const VECTORS: usize = 2;

/// Examples in panels, filled up with zeros.
#[derive(Debug, Clone, Default)]
pub(super) struct Panels {
    values: Vec<f64>,
    n_features: usize,
    n_examples: usize,
}

impl Panels {
    /// The examples that `write` puts into the slice it is given, one after the other.
    pub(super) fn new(n_examples: usize, n_features: usize, write: impl FnMut(usize, &mut [f64])) -> Self {
        let mut panels = Self { n_features, ..Self::default() };
        panels.refill(n_examples, write);
        panels
    }

    /// The same with the memory that there is.
    pub(super) fn refill(&mut self, n_examples: usize, mut write: impl FnMut(usize, &mut [f64])) {
        self.n_examples = n_examples;
        self.values.clear();
        self.values.resize(n_examples.next_multiple_of(ROWS) * self.n_features, 0.0);
        let mut example = vec![0.0; self.n_features];
        let panel_len = (ROWS * self.n_features).max(1);
        for (panel, values) in self.values.chunks_exact_mut(panel_len).enumerate() {
            for row in 0..ROWS.min(n_examples - panel * ROWS) {
                write(panel * ROWS + row, &mut example);
                let entries = values[row..].iter_mut().step_by(ROWS);
                entries.zip(&example).for_each(|(entry, &value)| *entry = value);
            }
        }
    }

    pub(super) fn n_examples(&self) -> usize {
        self.n_examples
    }

    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(super) fn n_panels(&self) -> usize {
        self.n_examples.div_ceil(ROWS)
    }

    /// Appends example `index` to `columns`.
    pub(super) fn append_example(&self, index: usize, columns: &mut Vec<f64>) {
        columns.extend((0..self.n_features).map(|feature| self.values[self.place(index) + feature * ROWS]));
    }

    /// The examples of these indices, one after the other.
    pub(super) fn gather(&self, indices: &[usize]) -> Vec<f64> {
        let mut columns = Vec::with_capacity(indices.len() * self.n_features);
        indices.iter().for_each(|&index| self.append_example(index, &mut columns));
        columns
    }

    /// The sum of all examples.
    pub(super) fn sum(&self) -> Vec<f64> {
        let mut sum = vec![0.0; self.n_features];
        for panel in 0..self.n_panels() {
            let features = self.panel(panel).as_chunks::<ROWS>().0;
            sum.iter_mut().zip(features).for_each(|(sum, values)| *sum += values.iter().sum::<f64>());
        }
        sum
    }

    fn place(&self, index: usize) -> usize {
        index / ROWS * ROWS * self.n_features + index % ROWS
    }

    fn panel(&self, panel: usize) -> &[f64] {
        &self.values[panel * ROWS * self.n_features..][..ROWS * self.n_features]
    }

    /// |x|^2 of every example and of the zeros after the last, by the same sums as every other product.
    pub(super) fn squared_norms(&self) -> Vec<f64> {
        struct Diagonal<'a> {
            norms: &'a mut [f64],
            first: usize,
        }
        impl Visitor for Diagonal<'_> {
            #[inline(always)]
            fn visit(&mut self, _: usize, column: usize, products: &[f64; ROWS]) {
                self.norms[self.first + column] = products[column];
            }
        }
        let mut norms = vec![0.0; self.n_panels() * ROWS];
        for panel in 0..self.n_panels() {
            let first = panel * ROWS;
            let indices: Vec<usize> = (first..self.n_examples.min(first + ROWS)).collect();
            let columns = self.gather(&indices);
            products(self, panel..panel + 1, &columns, indices.len(), &mut Diagonal { norms: &mut norms, first });
        }
        norms
    }
}

/// What is done with the products of a panel's examples with one other example.
pub(super) trait Visitor {
    /// To be marked `#[inline(always)]`, so that it is compiled for the instructions that were picked.
    fn visit(&mut self, panel: usize, column: usize, products: &[f64; ROWS]);
}

/// Visits the products of the examples of these panels with `columns`, `n_columns` examples one after the other.
/// O(rows x columns x features); panels in ascending order, and for each of them all columns.
pub(super) fn products<V: Visitor>(
    panels: &Panels,
    range: Range<usize>,
    columns: &[f64],
    n_columns: usize,
    visitor: &mut V,
) {
    instructions::arch().dispatch(Products { panels, range, columns, n_columns, visitor });
}

struct Products<'a, V> {
    panels: &'a Panels,
    range: Range<usize>,
    columns: &'a [f64],
    n_columns: usize,
    visitor: &'a mut V,
}

impl<V: Visitor> WithSimd for Products<'_, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.by_tiles::<S, 8, 4>(simd);
        } else {
            self.by_tiles::<S, 6, 3>(simd);
        }
    }
}

impl<V: Visitor> Products<'_, V> {
    /// In tiles of `C` columns, or of `H` or one where no more are left.
    #[inline(always)]
    fn by_tiles<S: Simd, const C: usize, const H: usize>(self, simd: S) {
        let Self { panels, range, columns, n_columns, visitor } = self;
        for panel in range {
            let left = panels.panel(panel);
            for first in (0..n_columns).step_by(C) {
                let n = C.min(n_columns - first);
                if n == 1 {
                    tile::<S, V, 1>(simd, left, columns, (panel, first, n), visitor);
                } else if n <= H {
                    tile::<S, V, H>(simd, left, columns, (panel, first, n), visitor);
                } else {
                    tile::<S, V, C>(simd, left, columns, (panel, first, n), visitor);
                }
            }
        }
    }
}

/// The products of a panel with N columns, of which the first n are visited.
#[inline(always)]
fn tile<S: Simd, V: Visitor, const N: usize>(
    simd: S,
    left: &[f64],
    columns: &[f64],
    (panel, first, n): (usize, usize, usize),
    visitor: &mut V,
) {
    let n_features = left.len() / ROWS;
    // Columns that are not there repeat the last one.
    let columns: [&[f64]; N] =
        std::array::from_fn(|column| &columns[(first + column.min(n - 1)) * n_features..][..n_features]);
    let left = S::as_simd_f64s(left).0;
    let per_row = ROWS / S::F64_LANES;
    let mut products = [[0.0; ROWS]; N];
    for part in (0..per_row).step_by(VECTORS) {
        let mut sums = [[simd.splat_f64s(0.0); VECTORS]; N];
        for feature in 0..n_features {
            let left = &left[feature * per_row + part..][..VECTORS];
            for (column, sums) in columns.iter().zip(&mut sums) {
                let factor = simd.splat_f64s(column[feature]);
                for (sum, &left) in sums.iter_mut().zip(left) {
                    *sum = simd.mul_add_f64s(left, factor, *sum);
                }
            }
        }
        for (products, sums) in products.iter_mut().zip(&sums) {
            S::as_mut_simd_f64s(products).0[part..][..VECTORS].copy_from_slice(sums);
        }
    }
    for (column, products) in products.iter().enumerate().take(n) {
        visitor.visit(panel, first + column, products);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Collect(Vec<Vec<f64>>);

    impl Visitor for Collect {
        #[inline(always)]
        fn visit(&mut self, panel: usize, column: usize, products: &[f64; ROWS]) {
            // Panels come in ascending order.
            assert_eq!(self.0[column].len(), panel * ROWS);
            self.0[column].extend_from_slice(products);
        }
    }

    #[test]
    fn products_equal_the_triple_loop() {
        // Small integers make the sums exact, so that equality is exact too.
        let value = |i: usize, feature: usize| ((i * 7 + feature * 13) % 11) as f64 - 5.0;
        for n in [1, 2, 7, 15, 16, 17, 40] {
            for d in [1, 2, 3, 8, 33] {
                let panels = Panels::new(n, d, |i, example| {
                    example.iter_mut().enumerate().for_each(|(feature, entry)| *entry = value(i, feature));
                });
                let all: Vec<usize> = (0..n).collect();
                let mut found = Collect(vec![Vec::new(); n]);
                products(&panels, 0..panels.n_panels(), &panels.gather(&all), n, &mut found);
                let norms = panels.squared_norms();
                for (i, norm) in norms.iter().enumerate().take(n) {
                    for j in 0..n {
                        let expected: f64 = (0..d).map(|feature| value(i, feature) * value(j, feature)).sum();
                        assert_eq!(found.0[j][i], expected, "{n} {d} {i} {j}");
                    }
                    assert_eq!(*norm, found.0[i][i]);
                }
            }
        }
    }

    #[test]
    fn a_product_has_the_same_bits_in_any_company_and_order() {
        let panels = Panels::new(37, 19, |i, example| {
            example.iter_mut().enumerate().for_each(|(feature, entry)| *entry = ((i * 19 + feature) as f64).sin());
        });
        let all: Vec<usize> = (0..37).collect();
        let mut together = Collect(vec![Vec::new(); 37]);
        products(&panels, 0..panels.n_panels(), &panels.gather(&all), 37, &mut together);
        let norms = panels.squared_norms();
        for (i, norm) in norms.iter().enumerate().take(37) {
            let mut alone = Collect(vec![Vec::new()]);
            products(&panels, 0..panels.n_panels(), &panels.gather(&[i]), 1, &mut alone);
            assert_eq!(alone.0[0], together.0[i]);
            assert_eq!(*norm, together.0[i][i]);
            for j in 0..37 {
                assert_eq!(together.0[i][j], together.0[j][i]);
            }
        }
    }
}
