//! The largest of every 2 x 2 pixels.

use cl_data::Scalar;
use cl_data::instructions::vectorized;

use crate::gemm::convolution::Grid;

/// The pixels that are left of `grid`: a row or column beyond an even number is left out.
pub(crate) fn pooled(grid: Grid) -> Grid {
    Grid { height: grid.height / 2, width: grid.width / 2 }
}

/// Writes the largest of every 2 x 2 pixels into `largest`, channel by channel, and which of the four it is into
/// `winners`, the first winning ties: 0 and 1 of the upper row, 2 and 3 of the lower one. `z` has the places of
/// [`Grid::n_places`].
pub(crate) fn max_pool<T: Scalar>(z: &[T], grid: Grid, n_channels: usize, largest: &mut [T], winners: &mut [T]) {
    let row = grid.stride() * n_channels;
    let [one, two, three] = [1.0, 2.0, 3.0].map(T::of_f64);
    let out_row = pooled(grid).width * n_channels;
    if out_row == 0 {
        return;
    }
    vectorized(
        #[inline(always)]
        || {
            let out_rows = largest.chunks_exact_mut(out_row).zip(winners.chunks_exact_mut(out_row));
            for ((largest, winners), rows) in out_rows.zip(z.chunks_exact(2 * row)) {
                let (upper, lower) = rows.split_at(row);
                let pairs = upper.chunks_exact(2 * n_channels).zip(lower.chunks_exact(2 * n_channels));
                let pixels = largest.chunks_exact_mut(n_channels).zip(winners.chunks_exact_mut(n_channels));
                for ((largest, winners), (upper, lower)) in pixels.zip(pairs) {
                    let ((a, b), (c, d)) = (upper.split_at(n_channels), lower.split_at(n_channels));
                    for channel in 0..n_channels {
                        let (mut best, mut winner) = (a[channel], T::zero());
                        let mut challenge = |z: T, which: T| {
                            let wins = z > best;
                            best = if wins { z } else { best };
                            winner = if wins { which } else { winner };
                        };
                        challenge(b[channel], one);
                        challenge(c[channel], two);
                        challenge(d[channel], three);
                        (largest[channel], winners[channel]) = (best, winner);
                    }
                }
            }
        },
    );
}

/// Puts every delta where its number came from, and zeros elsewhere: `framed` is a framed image.
pub(crate) fn unpool<T: Scalar>(deltas: &[T], winners: &[T], grid: Grid, n_channels: usize, framed: &mut [T]) {
    let row = grid.stride() * n_channels;
    let [one, two, three] = [1.0, 2.0, 3.0].map(T::of_f64);
    let out_row = pooled(grid).width * n_channels;
    framed.fill(T::zero());
    if out_row == 0 {
        return;
    }
    vectorized(
        #[inline(always)]
        || {
            let out_rows = deltas.chunks_exact(out_row).zip(winners.chunks_exact(out_row));
            let places = framed[grid.first() * n_channels..].chunks_exact_mut(2 * row);
            for ((deltas, winners), rows) in out_rows.zip(places) {
                let (upper, lower) = rows.split_at_mut(row);
                let pairs = upper.chunks_exact_mut(2 * n_channels).zip(lower.chunks_exact_mut(2 * n_channels));
                let pixels = deltas.chunks_exact(n_channels).zip(winners.chunks_exact(n_channels));
                for ((deltas, winners), (upper, lower)) in pixels.zip(pairs) {
                    let ((a, b), (c, d)) = (upper.split_at_mut(n_channels), lower.split_at_mut(n_channels));
                    for channel in 0..n_channels {
                        let (delta, winner) = (deltas[channel], winners[channel]);
                        let of = |which: T| if winner == which { delta } else { T::zero() };
                        a[channel] = of(T::zero());
                        b[channel] = of(one);
                        c[channel] = of(two);
                        d[channel] = of(three);
                    }
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_found_and_its_delta_goes_back_to_it() {
        // Three columns and a zero after each row; the third column and row are left out.
        let grid = Grid { height: 3, width: 3 };
        let z = [1.0, 4.0, 9.0, 0.0, 3.0, 4.0, 9.0, 0.0, 9.0, 9.0, 9.0, 0.0];
        let (mut largest, mut winners) = ([f64::NAN], [f64::NAN]);
        max_pool(&z, grid, 1, &mut largest, &mut winners);
        assert_eq!((largest, winners), ([4.0], [1.0]));
        let mut framed = vec![f64::NAN; grid.n_framed()];
        unpool(&[0.5], &winners, grid, 1, &mut framed);
        let mut expected = vec![0.0; grid.n_framed()];
        expected[grid.first() + 1] = 0.5;
        assert_eq!(framed, expected);
    }
}
