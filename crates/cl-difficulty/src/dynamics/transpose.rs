//! From numbers example by example to numbers class by class.

use pulp::Simd;

/// Examples and classes that are turned at a time: they stay in registers.
const TILE: usize = 4;

type Tile = [[f64; TILE]; TILE];

/// Lays rows of c numbers out class by class, L rows in all, a multiple of four.
#[inline(always)]
pub(super) fn transpose<S: Simd, const L: usize>(simd: S, rows: &[f64], columns: &mut [[f64; L]]) {
    // With vectors in use the machine has these: x86-64 turns four numbers at a time by them.
    #[cfg(target_arch = "x86_64")]
    if S::F64_LANES >= TILE
        && let Some(avx) = pulp::x86::V3::try_new()
    {
        return by_tiles(
            rows,
            columns,
            #[inline(always)]
            |tile| turn(avx, tile),
        );
    }
    let _ = simd;
    by_tiles(
        rows,
        columns,
        #[inline(always)]
        |tile| std::array::from_fn(|class| tile.map(|row| row[class])),
    );
}

#[inline(always)]
fn by_tiles<const L: usize>(rows: &[f64], columns: &mut [[f64; L]], turn: impl Fn(Tile) -> Tile) {
    let c = columns.len();
    for (group, rows) in rows.chunks_exact(TILE * c).take(L / TILE).enumerate() {
        let first = group * TILE;
        if c < TILE {
            for (class, column) in columns.iter_mut().enumerate() {
                (0..TILE).for_each(|l| column[first + l] = rows[l * c + class]);
            }
            continue;
        }
        let (top, bottom) = rows.split_at(2 * c);
        let ((a, b), (c_row, d)) = (top.split_at(c), bottom.split_at(c));
        let whole = a.as_chunks::<TILE>().0.iter().zip(b.as_chunks::<TILE>().0);
        let whole = whole.zip(c_row.as_chunks::<TILE>().0).zip(d.as_chunks::<TILE>().0);
        for (columns, (((a, b), c), d)) in columns.as_chunks_mut::<TILE>().0.iter_mut().zip(whole) {
            put(turn([*a, *b, *c, *d]), columns, group);
        }
        if !c.is_multiple_of(TILE) {
            // The last tile overlaps the one before it.
            let last = |row: &[f64]| row.last_chunk::<TILE>().copied().unwrap_or_default();
            let tile = turn([last(a), last(b), last(c_row), last(d)]);
            if let Some(columns) = columns.last_chunk_mut::<TILE>() {
                put(tile, columns, group);
            }
        }
    }
}

/// Writes what was turned into the `group`-th four numbers of each column.
#[inline(always)]
fn put<const L: usize>(tile: Tile, columns: &mut [[f64; L]; TILE], group: usize) {
    for (column, turned) in columns.iter_mut().zip(tile) {
        column.as_chunks_mut::<TILE>().0[group] = turned;
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn turn(v3: pulp::x86::V3, tile: Tile) -> Tile {
    use std::arch::x86_64::__m256d;

    let avx = v3.avx;
    let [a, b, c, d] = tile.map(bytemuck::cast::<[f64; TILE], __m256d>);
    let (ab_even, ab_odd) = (avx._mm256_unpacklo_pd(a, b), avx._mm256_unpackhi_pd(a, b));
    let (cd_even, cd_odd) = (avx._mm256_unpacklo_pd(c, d), avx._mm256_unpackhi_pd(c, d));
    [
        avx._mm256_permute2f128_pd::<0x20>(ab_even, cd_even),
        avx._mm256_permute2f128_pd::<0x20>(ab_odd, cd_odd),
        avx._mm256_permute2f128_pd::<0x31>(ab_even, cd_even),
        avx._mm256_permute2f128_pd::<0x31>(ab_odd, cd_odd),
    ]
    .map(bytemuck::cast::<__m256d, [f64; TILE]>)
}

#[cfg(test)]
mod tests {
    use cl_data::instructions::Instructions;
    use pulp::WithSimd;

    use super::*;

    struct Transpose<'a>(&'a [f64], &'a mut [[f64; 8]]);

    impl WithSimd for Transpose<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            transpose(simd, self.0, self.1);
        }
    }

    #[test]
    fn rows_become_columns() {
        for c in 2..20 {
            let rows: Vec<f64> = (0..8 * c).map(|at| at as f64).collect();
            for arch in Instructions::available().into_iter().filter_map(Instructions::arch) {
                let mut columns = vec![[0.0; 8]; c];
                arch.dispatch(Transpose(&rows, &mut columns));
                for (class, column) in columns.iter().enumerate() {
                    (0..8).for_each(|l| assert_eq!(column[l], rows[l * c + class]));
                }
            }
        }
    }
}
