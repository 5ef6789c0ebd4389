//! Examples in cells, so that neighbours are sought in the nearest few of these.

use std::ops::Range;

use cl_data::{
    Scalar,
    random::{below, stream},
};
use rayon::prelude::*;

use super::{
    nearest_list::NearestList,
    points::Rule,
    search_points::{Block, SearchPoints},
};

/// Examples that a thread assigns at a time.
const EXAMPLES: usize = 1024;

/// Examples per cell of which its centroid is the mean while cells are sought.
const SAMPLES: usize = 64;

/// Lloyd's iterations: cells need not be good clusters.
const ITERATIONS: usize = 6;

/// How many times the mean size a cell may have.
const LARGEST: usize = 4;

/// A partition of the examples.
pub(super) struct Cells {
    /// Empty where there is nothing to choose cells by.
    centroids: Vec<f64>,
    starts: Vec<usize>,
    members: Vec<u32>,
}

impl Cells {
    /// As they come, `size` in each.
    pub(super) fn in_order(n: usize, size: usize) -> Self {
        let starts = (0..n).step_by(size).chain([n]).collect();
        Self { centroids: Vec::new(), starts, members: (0..n as u32).collect() }
    }

    /// About sqrt(n) cells by Lloyd's k-means over a sample, each example then in that of the nearest centroid; those of
    /// more than four times the mean size in several of one centroid. O(n sqrt(n) d).
    ///
    /// Source: Sivic and Zisserman (2003), Video Google; Jégou, Douze and Schmid (2011), Product quantization for nearest
    /// neighbor search, whose inverted lists they are.
    pub(super) fn by_k_means<T: Scalar>(points: &SearchPoints<'_, T>, seed: u64) -> Self {
        let (n, d) = (points.len(), points.n_features());
        let n_cells = ((n as f64).sqrt().round() as usize).clamp(1, n.max(1));
        let rng = &mut stream(seed, "neighbour cells", 0);
        let sample = sample(rng, n, (SAMPLES * n_cells).min(n));
        let (mut centroids, _) = points.columns(&sample[..n_cells.min(sample.len())]);
        for _ in 0..ITERATIONS {
            let cells = assign(points, &sample, &centroids);
            let (mut sums, mut counts) = (vec![0.0; centroids.len()], vec![0usize; n_cells]);
            let mut values = vec![0.0; d];
            for (&example, &cell) in sample.iter().zip(&cells) {
                points.write(example as usize, &mut values);
                counts[cell as usize] += 1;
                sums[cell as usize * d..][..d].iter_mut().zip(&values).for_each(|(sum, value)| *sum += value);
            }
            // What lost its last example stays where it is.
            for (cell, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
                let means = centroids[cell * d..][..d].iter_mut().zip(&sums[cell * d..][..d]);
                means.for_each(|(mean, sum)| *mean = sum / count as f64);
            }
        }
        let all: Vec<u32> = (0..n as u32).collect();
        let cells = assign(points, &all, &centroids);
        drop(all);
        let mut by_cell = vec![Vec::new(); n_cells];
        cells.iter().zip(0..).for_each(|(&cell, example)| by_cell[cell as usize].push(example));
        let largest = LARGEST * n.div_ceil(n_cells);
        let mut partition = Self { centroids: Vec::new(), starts: vec![0], members: Vec::with_capacity(n) };
        for (cell, members) in by_cell.into_iter().enumerate() {
            for part in members.chunks(largest) {
                partition.centroids.extend_from_slice(&centroids[cell * d..][..d]);
                partition.members.extend_from_slice(part);
                partition.starts.push(partition.members.len());
            }
        }
        partition
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are centroids by which the nearest are known.
    pub(super) fn have_centroids(&self) -> bool {
        !self.centroids.is_empty()
    }

    pub(super) fn members(&self, cell: usize) -> &[u32] {
        self.members_of(cell..cell + 1)
    }

    pub(super) fn members_of(&self, cells: Range<usize>) -> &[u32] {
        &self.members[self.starts[cells.start]..self.starts[cells.end]]
    }

    /// The centroids, for [`probes`](Self::probes).
    pub(super) fn block(&self, n_features: usize) -> Block {
        Block::of_points(&self.centroids, n_features)
    }

    /// For each cell which of the columns look into it: each into the `n_probes` of nearest centroid. By their distance, as
    /// examples were put into cells, for cosines too: centroids of directions are of lengths of their own.
    pub(super) fn probes(&self, block: &Block, columns: (&[f64], &[f64]), n_probes: usize) -> Vec<Vec<usize>> {
        let n = columns.1.len();
        let mut lists = vec![NearestList::new(n_probes.min(self.len())); n];
        let places: Vec<usize> = (0..n).collect();
        block.offer(Rule::MaxSquared(0.0), columns, (&places, &vec![u32::MAX; n]), &mut lists);
        let mut by_cell = vec![Vec::new(); self.len()];
        for (place, list) in lists.into_iter().enumerate() {
            list.into_sorted().into_iter().for_each(|(_, cell)| by_cell[cell as usize].push(place));
        }
        by_cell
    }
}

/// `size` of 0..n, each once, in random order.
pub(super) fn sample(rng: &mut impl rand::Rng, n: usize, size: usize) -> Vec<u32> {
    let mut all: Vec<u32> = (0..n as u32).collect();
    for at in 0..size {
        let other = at + below(rng, n - at);
        all.swap(at, other);
    }
    all.truncate(size);
    all.shrink_to_fit();
    all
}

/// The nearest centroid of each of these examples, the first of equally near ones.
fn assign<T: Scalar>(points: &SearchPoints<'_, T>, examples: &[u32], centroids: &[f64]) -> Vec<u32> {
    let block = Block::of_points(centroids, points.n_features());
    let nearest = |chunk: &[u32]| {
        let (columns, norms) = points.columns(chunk);
        let places: Vec<usize> = (0..chunk.len()).collect();
        let mut lists = vec![NearestList::new(1); chunk.len()];
        let own = vec![u32::MAX; chunk.len()];
        block.offer(Rule::MaxSquared(0.0), (&columns, &norms), (&places, &own), &mut lists);
        lists.into_iter().map(|list| list.into_sorted().first().map_or(0, |&(_, cell)| cell)).collect::<Vec<_>>()
    };
    examples.par_chunks(EXAMPLES).flat_map_iter(nearest).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{features::Features, similarity::Similarity};
    use super::*;
    use cl_data::random::uniform;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Of one cell an example looks into its own, by distance and by cosine, where directions that spread more have
        /// shorter centroids.
        #[test]
        fn the_nearest_cell_is_ones_own(n in 2usize..300, d in 1usize..5, seed: u64) {
            let rng = &mut stream(seed, "test", 0);
            let values: Vec<f64> = (0..n * d).map(|at| (at / d % 7) as f64 * (uniform(rng) - 0.4) + 0.1).collect();
            let features = Features::new(&values, d).unwrap();
            for similarity in [Similarity::MaxSquared, Similarity::Cosine] {
                let points = SearchPoints::new(features, similarity).unwrap();
                let cells = Cells::by_k_means(&points, seed);
                let all: Vec<u32> = (0..n as u32).collect();
                let (columns, norms) = points.columns(&all);
                let probes = cells.probes(&cells.block(d), (&columns, &norms), 1);
                let centroid = |cell: usize| &cells.centroids[cell * d..][..d];
                for (cell, places) in probes.iter().enumerate() {
                    for &place in places {
                        let own = (0..cells.len()).find(|&cell| cells.members(cell).contains(&(place as u32))).unwrap();
                        prop_assert!(own == cell || centroid(own) == centroid(cell), "{place}: {own} {cell}");
                    }
                }
            }
        }
    }
}
