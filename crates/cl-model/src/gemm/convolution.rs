//! Convolutions with 3 x 3 kernels as matrix products that copy no patch.
//!
//! An image lies pixel by pixel, the channels of a pixel side by side, in a frame of zeros: a row of them above and below,
//! and after every row one that serves the next row as its left neighbour. In such a frame the patches of neighbouring
//! pixels are three runs of 3 c numbers each, which begin c numbers after those of the pixel before: a matrix whose
//! columns overlap, and which is never written out.

use std::any::TypeId;

use cl_data::{Scalar, instructions};
use pulp::{Simd, WithSimd};

use super::element::Element;
use super::tile::{Block, Start, Windows, tiles};
use super::{DEPTH, Left, Packing, pack_left};

/// The largest tile has four vectors of rows; most columns, and what is left of three times a number of channels.
const COLUMNS: usize = 6;
const REST: usize = 3;

/// Pixels of an image and their places in its frame.
///
/// ```text
/// place of row y, column x     (y + 1)(width + 1) + x + 1
/// places of a frame            (height + 2)(width + 1) + 2, for the patch of the zero after the last row, too
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Grid {
    /// From a pixel to the one below it.
    pub(crate) fn stride(self) -> usize {
        self.width + 1
    }

    /// Where the first pixel stands.
    pub(crate) fn first(self) -> usize {
        self.stride() + 1
    }

    /// Places of the frame.
    pub(crate) fn n_framed(self) -> usize {
        (self.height + 2) * self.stride() + 2
    }

    /// Places from the first pixel to the end of the last row: pixels, and the zero after each row.
    pub(crate) fn n_places(self) -> usize {
        self.height * self.stride()
    }

    /// Pixels.
    pub(crate) fn n_pixels(self) -> usize {
        self.height * self.width
    }
}

/// The convolution of a framed image with `n_inputs` channels by 3 x 3 kernels, the image continued by zeros.
///
/// ```text
/// out(co, y, x) = sum_{dy, dx, ci} w(co, dy, dx, ci) in(ci, y + dy - 1, x + dx - 1)
/// ```
///
/// `weights` is n_outputs x 9 n_inputs column by column, the columns in the order of (dy, dx, ci). `output` has the
/// places of [`Grid::n_places`]; what it holds after the end of a row means nothing. The sum of an entry runs in one
/// order with one rounding a step.
pub(crate) fn convolve<T: Scalar>(
    weights: &[T],
    framed: &[T],
    output: &mut [T],
    grid: Grid,
    (n_outputs, n_inputs): (usize, usize),
    packing: &mut Packing<T>,
) {
    let room = n_outputs.next_multiple_of(super::ROWS) * 9 * n_inputs;
    packing.left.resize(packing.left.len().max(room), T::zero());
    let shape = (n_outputs, n_inputs);
    // The casts are of a type to itself.
    if TypeId::of::<T>() == TypeId::of::<f32>() {
        in_f32(Task::Convolve(Convolution {
            weights: bytemuck::cast_slice(weights),
            framed: bytemuck::cast_slice(framed),
            output: bytemuck::cast_slice_mut(output),
            panel: bytemuck::cast_slice_mut(&mut packing.left),
            grid,
            shape,
        }));
    } else {
        in_f64(Task::Convolve(Convolution {
            weights: bytemuck::cast_slice(weights),
            framed: bytemuck::cast_slice(framed),
            output: bytemuck::cast_slice_mut(output),
            panel: bytemuck::cast_slice_mut(&mut packing.left),
            grid,
            shape,
        }));
    }
}

/// Adds to `gradient` that of the weights of [`convolve`], from the framed input and the framed gradient with respect to
/// the output.
///
/// ```text
/// dw(co, dy, dx, ci) = sum_{y, x} d(co, y, x) in(ci, y + dy - 1, x + dx - 1)
/// ```
pub(crate) fn add_weight_gradient<T: Scalar>(
    framed: &[T],
    framed_deltas: &[T],
    gradient: &mut [T],
    grid: Grid,
    (n_outputs, n_inputs): (usize, usize),
    packing: &mut Packing<T>,
) {
    packing.left.resize(packing.left.len().max(super::ROWS * DEPTH), T::zero());
    let shape = (n_outputs, n_inputs);
    if TypeId::of::<T>() == TypeId::of::<f32>() {
        in_f32(Task::AddGradient(WeightGradient {
            framed: bytemuck::cast_slice(framed),
            deltas: bytemuck::cast_slice(framed_deltas),
            gradient: bytemuck::cast_slice_mut(gradient),
            panel: bytemuck::cast_slice_mut(&mut packing.left),
            grid,
            shape,
        }));
    } else {
        in_f64(Task::AddGradient(WeightGradient {
            framed: bytemuck::cast_slice(framed),
            deltas: bytemuck::cast_slice(framed_deltas),
            gradient: bytemuck::cast_slice_mut(gradient),
            panel: bytemuck::cast_slice_mut(&mut packing.left),
            grid,
            shape,
        }));
    }
}

/// What a kernel does.
enum Task<'a, E> {
    Convolve(Convolution<'a, E>),
    AddGradient(WeightGradient<'a, E>),
}

// Not generic, so that the kernels are compiled here and in no crate that uses them.
fn in_f32(task: Task<'_, f32>) {
    match task {
        Task::Convolve(convolution) => instructions::arch().dispatch(convolution),
        Task::AddGradient(gradient) => instructions::arch().dispatch(gradient),
    }
}

fn in_f64(task: Task<'_, f64>) {
    match task {
        Task::Convolve(convolution) => instructions::arch().dispatch(convolution),
        Task::AddGradient(gradient) => instructions::arch().dispatch(gradient),
    }
}

struct Convolution<'a, E> {
    weights: &'a [E],
    framed: &'a [E],
    output: &'a mut [E],
    panel: &'a mut [E],
    grid: Grid,
    shape: (usize, usize),
}

impl<E: Element> WithSimd for Convolution<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.by_tiles::<S, 4>(simd) } else { self.by_tiles::<S, 2>(simd) }
    }
}

impl<E: Element> Convolution<'_, E> {
    /// In tiles of at most `V` vectors of rows.
    #[inline(always)]
    fn by_tiles<S: Simd, const V: usize>(self, simd: S) {
        let Self { weights, framed, output, panel, grid, shape: (m, c) } = self;
        let (lanes, depth, n) = (E::lanes::<S>(), 9 * c, grid.n_places());
        for first_row in (0..m).step_by(V * lanes) {
            let vectors = V.min((m - first_row).div_ceil(lanes));
            let n_rows = (vectors * lanes).min(m - first_row);
            let panel = &mut E::vectors_mut::<S>(panel).0[..vectors * depth];
            pack_left(simd, Left::Plain(weights), panel, first_row..first_row + n_rows, 0..depth, (m, depth));
            for first in (0..n).step_by(COLUMNS) {
                let n_columns = COLUMNS.min(n - first);
                let target = Block {
                    c: &mut output[first * m + first_row..],
                    m,
                    n_rows,
                    n_columns,
                    start: Start::Bias(&[]),
                };
                if n_columns <= REST {
                    let patches = patches::<E, REST>(framed, first, n_columns, grid, c);
                    tiles::<E, S, REST, 3>(simd, panel, patches, vectors, target);
                } else {
                    let patches = patches::<E, COLUMNS>(framed, first, n_columns, grid, c);
                    tiles::<E, S, COLUMNS, 3>(simd, panel, patches, vectors, target);
                }
            }
        }
    }
}

/// The three runs of the patches of neighbouring places. Places that are not there repeat the last one.
#[inline(always)]
fn patches<E, const C: usize>(framed: &[E], first: usize, n: usize, grid: Grid, c: usize) -> [[&[E]; C]; 3] {
    std::array::from_fn(|dy| {
        std::array::from_fn(|at| &framed[(first + at.min(n - 1) + dy * grid.stride()) * c..][..3 * c])
    })
}

struct WeightGradient<'a, E> {
    framed: &'a [E],
    deltas: &'a [E],
    gradient: &'a mut [E],
    panel: &'a mut [E],
    grid: Grid,
    shape: (usize, usize),
}

impl<E: Element> WithSimd for WeightGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.by_tiles::<S, 4>(simd) } else { self.by_tiles::<S, 2>(simd) }
    }
}

impl<E: Element> WeightGradient<'_, E> {
    /// In tiles of at most `V` vectors of rows.
    #[inline(always)]
    fn by_tiles<S: Simd, const V: usize>(self, simd: S) {
        let Self { framed, deltas, gradient, panel, grid, shape: (m, c) } = self;
        let (lanes, n) = (E::lanes::<S>(), grid.n_places());
        // The zeros after the rows add nothing.
        let deltas = &deltas[grid.first() * m..][..n * m];
        for first in (0..n).step_by(DEPTH) {
            let depth = first..n.min(first + DEPTH);
            for first_row in (0..m).step_by(V * lanes) {
                let vectors = V.min((m - first_row).div_ceil(lanes));
                let n_rows = (vectors * lanes).min(m - first_row);
                let panel = &mut E::vectors_mut::<S>(panel).0[..vectors * depth.len()];
                pack_left(simd, Left::Plain(deltas), panel, first_row..first_row + n_rows, depth.clone(), (m, n));
                for dy in 0..3 {
                    let rows = &framed[(depth.start + dy * grid.stride()) * c..];
                    let mut column = 0;
                    while column < 3 * c {
                        let windows = Windows { entries: &rows[column..], stride: c, n_rows: depth.len() };
                        let n_columns = if 3 * c - column >= COLUMNS { COLUMNS } else { REST };
                        let target = Block {
                            c: &mut gradient[(dy * 3 * c + column) * m + first_row..],
                            m,
                            n_rows,
                            n_columns,
                            start: Start::Sum,
                        };
                        // Three times the channels is a number of sixes, and a three where they are odd.
                        if n_columns == COLUMNS {
                            tiles::<E, S, COLUMNS, 1>(simd, panel, [windows], vectors, target);
                        } else {
                            tiles::<E, S, REST, 1>(simd, panel, [windows], vectors, target);
                        }
                        column += n_columns;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cl_data::instructions::Instructions;

    use super::*;

    fn small(at: usize, salt: usize) -> f64 {
        ((at * 7 + salt * 5) % 11) as f64 - 5.0
    }

    /// A framed image of small integers, so that sums are exact.
    fn framed<T: Scalar>(grid: Grid, c: usize, salt: usize) -> Vec<T> {
        let mut framed = vec![T::zero(); grid.n_framed() * c];
        for y in 0..grid.height {
            for x in 0..grid.width {
                for channel in 0..c {
                    let place = grid.first() + y * grid.stride() + x;
                    framed[place * c + channel] = T::of_f64(small((y * grid.width + x) * c + channel, salt));
                }
            }
        }
        framed
    }

    /// The sum over all that a kernel touches, by definition: f(co, dy, dx, ci, y, x, place below the kernel).
    fn check<T: Scalar>(grid: Grid, (m, c): (usize, usize)) {
        let pixel = |y: usize, x: usize, channel: usize, c: usize, salt: usize| match (
            y.checked_sub(1).filter(|&y| y < grid.height),
            x.checked_sub(1).filter(|&x| x < grid.width),
        ) {
            (Some(y), Some(x)) => small((y * grid.width + x) * c + channel, salt),
            _ => 0.0,
        };
        let weights: Vec<T> = (0..m * 9 * c).map(|at| T::of_f64(small(at, 3))).collect();
        let (input, deltas) = (framed::<T>(grid, c, 1), framed::<T>(grid, m, 2));
        let mut packing = Packing::default();
        let mut output = vec![T::of_f64(f64::NAN); grid.n_places() * m];
        convolve(&weights, &input, &mut output, grid, (m, c), &mut packing);
        for y in 0..grid.height {
            for x in 0..grid.width {
                for co in 0..m {
                    let terms = (0..9 * c).map(|k| {
                        let (dy, dx, ci) = (k / (3 * c), k / c % 3, k % c);
                        small(k * m + co, 3) * pixel(y + dy, x + dx, ci, c, 1)
                    });
                    let found = output[(y * grid.stride() + x) * m + co].as_f64();
                    assert_eq!(found, terms.sum::<f64>(), "{grid:?} {m} {c} {y} {x} {co}");
                }
            }
        }
        let mut gradient = vec![T::one(); m * 9 * c];
        add_weight_gradient(&input, &deltas, &mut gradient, grid, (m, c), &mut packing);
        for k in 0..9 * c {
            let (dy, dx, ci) = (k / (3 * c), k / c % 3, k % c);
            for co in 0..m {
                let places = (0..grid.n_pixels()).map(|at| (at / grid.width, at % grid.width));
                let terms = places
                    .map(|(y, x)| pixel(y + 1, x + 1, co, m, 2) * pixel(y + dy, x + dx, ci, c, 1))
                    .sum::<f64>();
                assert_eq!(gradient[k * m + co].as_f64(), 1.0 + terms, "{grid:?} {m} {c} {k} {co}");
            }
        }
    }

    #[test]
    fn convolutions_are_their_definition() {
        for (height, width) in [(1, 1), (1, 4), (3, 1), (2, 2), (4, 5), (7, 6)] {
            for (m, c) in [(1, 1), (1, 3), (3, 2), (8, 3), (16, 1), (17, 4), (20, 5)] {
                check::<f32>(Grid { height, width }, (m, c));
                check::<f64>(Grid { height, width }, (m, c));
            }
        }
        // More than one part of the inner dimension of the gradient.
        check::<f64>(Grid { height: 20, width: 17 }, (9, 2));
    }

    #[test]
    fn all_instructions_give_the_same_bits() {
        let (grid, m, c) = (Grid { height: 18, width: 17 }, 21, 5);
        let wave = |n: usize, step: f32| (0..n).map(|i| (i as f32 * step).sin()).collect::<Vec<f32>>();
        let (weights, input) = (wave(m * 9 * c, 0.37), wave(grid.n_framed() * c, 0.73));
        let deltas = wave(grid.n_framed() * m, 0.11);
        let of = |instructions: Instructions| {
            let arch = instructions.arch().expect("it is available");
            let mut panel = vec![0.0; super::super::ROWS * DEPTH.max(9 * c)];
            let mut output = vec![0.0; grid.n_places() * m];
            arch.dispatch(Convolution {
                weights: &weights,
                framed: &input,
                output: &mut output,
                panel: &mut panel,
                grid,
                shape: (m, c),
            });
            let mut gradient = vec![0.0; m * 9 * c];
            arch.dispatch(WeightGradient {
                framed: &input,
                deltas: &deltas,
                gradient: &mut gradient,
                panel: &mut panel,
                grid,
                shape: (m, c),
            });
            (output, gradient)
        };
        let all = Instructions::available();
        for &instructions in &all[1..] {
            assert_eq!(of(instructions), of(all[0]), "{instructions:?}");
        }
    }
}
