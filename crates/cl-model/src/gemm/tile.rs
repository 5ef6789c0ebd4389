//! A tile of a product: some vectors of rows by some columns, its sums in registers.

use pulp::Simd;

use super::element::Element;

/// The right operand of a tile: at each step of the inner dimension, an entry of each of its columns.
pub(super) trait Factors<E>: Copy {
    fn len(&self) -> usize;
    fn at(&self, row: usize, column: usize) -> E;
}

impl<E: Element, const C: usize> Factors<E> for [&[E]; C] {
    #[inline(always)]
    fn len(&self) -> usize {
        self[0].len()
    }

    #[inline(always)]
    fn at(&self, row: usize, column: usize) -> E {
        self[column][row]
    }
}

impl<E: Element, const C: usize> Factors<E> for &[[E; C]] {
    #[inline(always)]
    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    #[inline(always)]
    fn at(&self, row: usize, column: usize) -> E {
        self[row][column]
    }
}

/// Columns of which each begins one entry after the one before, a row `stride` entries after the row before.
#[derive(Clone, Copy)]
pub(super) struct Windows<'a, E> {
    pub(super) entries: &'a [E],
    pub(super) stride: usize,
    pub(super) n_rows: usize,
}

impl<E: Element> Factors<E> for Windows<'_, E> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.n_rows
    }

    #[inline(always)]
    fn at(&self, row: usize, column: usize) -> E {
        self.entries[row * self.stride + column]
    }
}

/// What a tile's sums are added to.
#[derive(Clone, Copy)]
pub(super) enum Start<'a, E> {
    /// The bias of each row, or nothing where it is empty.
    Bias(&'a [E]),
    /// What C holds of the inner dimension so far.
    Sum,
}

/// Where a tile goes: the first `n_rows` of its rows and `n_columns` of its columns, in a matrix of m rows.
pub(super) struct Block<'a, E> {
    pub(super) c: &'a mut [E],
    pub(super) m: usize,
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    pub(super) start: Start<'a, E>,
}

/// One tile of C with as many vectors of rows as there are; the inner dimension runs through the parts of the right
/// operand one after the other, in one sum.
#[inline(always)]
pub(super) fn tiles<E: Element, S: Simd, const C: usize, const P: usize>(
    simd: S,
    left: &[E::Vector<S>],
    right: [impl Factors<E>; P],
    vectors: usize,
    target: Block<'_, E>,
) {
    match vectors {
        1 => tile::<E, S, 1, C, P>(simd, left.as_chunks().0, right, target),
        2 => tile::<E, S, 2, C, P>(simd, left.as_chunks().0, right, target),
        3 => tile::<E, S, 3, C, P>(simd, left.as_chunks().0, right, target),
        _ => tile::<E, S, 4, C, P>(simd, left.as_chunks().0, right, target),
    }
}

/// The block for each of the columns below both numbers, written out: of a loop the compiler keeps some as one, with the
/// sums in memory.
macro_rules! for_each_column {
    ($column:ident < $n:expr, $columns:ident, $block:block) => {
        for_each_column!($column < $n, $columns, $block, 0 1 2 3 4 5 6 7)
    };
    ($column:ident < $n:expr, $columns:ident, $block:block, $($literal:literal)*) => {
        $(if $literal < $columns && $literal < $n {
            let $column = $literal;
            $block
        })*
    };
}

/// One tile of C: `V` vectors of rows by `C` columns.
#[inline(always)]
fn tile<E: Element, S: Simd, const V: usize, const C: usize, const P: usize>(
    simd: S,
    mut left: &[[E::Vector<S>; V]],
    right: [impl Factors<E>; P],
    target: Block<'_, E>,
) {
    let mut sums = [[E::splat(simd, E::ZERO); V]; C];
    for right in right {
        let (of_part, rest) = left.split_at(right.len());
        left = rest;
        for (row, left) in of_part.iter().enumerate() {
            for_each_column!(column < C, C, {
                let factor = E::splat(simd, right.at(row, column));
                for (sum, &left) in sums[column].iter_mut().zip(left) {
                    *sum = E::multiply_add(simd, left, factor, *sum);
                }
            });
        }
    }
    let lanes = E::lanes::<S>();
    let Block { c, m, n_rows, n_columns, start } = target;
    if n_rows == V * lanes {
        for_each_column!(column < n_columns, C, {
            let entries = &mut E::vectors_mut::<S>(&mut c[column * m..]).0[..V];
            for (vector, (entry, &sum)) in entries.iter_mut().zip(&sums[column]).enumerate() {
                *entry = match start {
                    Start::Bias([]) => sum,
                    Start::Bias(bias) => E::add(simd, sum, E::vectors::<S>(bias).0[vector]),
                    Start::Sum => E::add(simd, sum, *entry),
                };
            }
        });
        return;
    }
    // A copy, so that the loop below does not keep the sums themselves out of registers.
    let mut copy = [[E::splat(simd, E::ZERO); V]; C];
    for_each_column!(column < C, C, {
        copy[column] = sums[column];
    });
    for (column, sums) in c.chunks_mut(m).zip(&copy).take(n_columns) {
        for (vector, (entries, &sum)) in column[..n_rows].chunks_mut(lanes).zip(sums).enumerate() {
            let start = match start {
                Start::Bias([]) => None,
                Start::Bias(bias) => Some(&bias[vector * lanes..][..entries.len()]),
                Start::Sum => Some(&*entries),
            };
            let sum = start.map_or(sum, |start| E::add(simd, sum, E::load(simd, start)));
            E::store(simd, entries, sum);
        }
    }
}
