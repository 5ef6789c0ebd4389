use cl_data::{Dataset, Scalar, random};
use cl_model::{Examples, Mode, Model, SoftmaxRegression};
use rayon::prelude::*;

use super::distance::{Distance, Points, squared_distance};
use crate::error::DifficultyError;

/// The k nearest neighbours of each query among the examples of a data set, nearest first.
///
/// Brute force by tiles of the distance matrix, in parallel, which never exists as a whole: O(n m d) time,
/// O(n k) memory. A matrix product of centred features finds k + 8 candidates, whose distances are then taken term by
/// term: rounding could only hide a neighbour behind eight others that are nearer to it in distance than 1e-15 of
/// their squared norms. Examples at the same distance come in a random order that follows from the seed.
///
/// ```
/// use cl_data::Dataset;
/// use cl_difficulty::model_based::{Distance, Neighbors};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 3.0], vec![0, 0, 1], 2)?;
/// let neighbors = Neighbors::within(&data, 1, Distance::Euclidean, 0)?;
/// assert_eq!((neighbors.indices(2), neighbors.distances(2)), (&[1][..], &[2.0][..]));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbors {
    k: usize,
    n_candidates: usize,
    indices: Vec<usize>,
    distances: Vec<f64>,
}

impl Neighbors {
    /// The k nearest **other** examples of each example of `data`.
    ///
    /// # Errors
    /// Unless 1 <= k < n, and where the cosine of a zero vector is asked for.
    pub fn within<T: Scalar>(
        data: &Dataset<T>,
        k: usize,
        distance: Distance,
        seed: u64,
    ) -> Result<Self, DifficultyError> {
        let points = Points::new(data, distance)?;
        search(&points, None, k, distance, seed)
    }

    /// The k nearest examples of `data` to each example of `queries`.
    ///
    /// # Errors
    /// Unless 1 <= k <= n, where the two differ in their features, and where the cosine of a zero vector is asked
    /// for.
    pub fn between<T: Scalar>(
        data: &Dataset<T>,
        queries: &Dataset<T>,
        k: usize,
        distance: Distance,
        seed: u64,
    ) -> Result<Self, DifficultyError> {
        let (found, expected) = (queries.n_features(), data.n_features());
        if found != expected {
            return Err(DifficultyError::LengthMismatch { what: "example of queries", found, expected });
        }
        let (points, queries) = (Points::new(data, distance)?, Points::new(queries, distance)?);
        search(&points, Some(&queries), k, distance, seed)
    }

    /// Neighbours per query.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The number of queries.
    pub fn n_queries(&self) -> usize {
        self.indices.len() / self.k
    }

    /// Among how many examples the neighbours of a query were sought, the query itself apart.
    pub fn n_candidates(&self) -> usize {
        self.n_candidates
    }

    /// The neighbours of a query by index, nearest first.
    ///
    /// # Panics
    /// As indexing a slice does, where there is no such query.
    pub fn indices(&self, query: usize) -> &[usize] {
        &self.indices[query * self.k..][..self.k]
    }

    /// The distances of a query's neighbours, ascending.
    ///
    /// # Panics
    /// As indexing a slice does, where there is no such query.
    pub fn distances(&self, query: usize) -> &[f64] {
        &self.distances[query * self.k..][..self.k]
    }
}

/// The mean distance of each example to its k nearest neighbours, higher = harder: isolated.
pub fn neighbor_distance(neighbors: &Neighbors) -> Vec<f64> {
    let mean = |query| neighbors.distances(query).iter().sum::<f64>() / neighbors.k as f64;
    (0..neighbors.n_queries()).map(mean).collect()
}

/// The distance of each example to its k-th nearest neighbour, higher = harder: the k-nearest-neighbour density is
/// low there.
///
/// ```text
/// density(x) = k / (n V_d r_k(x)^d)          V_d: volume of the unit ball; falls as r_k grows
/// ```
///
/// The distance is what is returned, because the density itself overflows in high dimensions; they order the
/// examples the same way.
///
/// Source: Loftsgaarden and Quesenberry (1965), A Nonparametric Estimate of a Multivariate Density Function.
pub fn kth_neighbor_distance(neighbors: &Neighbors) -> Vec<f64> {
    (0..neighbors.n_queries()).map(|query| neighbors.distances(query)[neighbors.k - 1]).collect()
}

/// The share of each example's k nearest neighbours that bear another label, in [0, 1], higher = harder.
///
/// ```text
/// difficulty_i = (1/k) sum over neighbours j of [y_j != y_i]
/// ```
///
/// `labels` are those of the data, `query_labels` those of the queries: the same for neighbours within one data set.
/// O(n k).
///
/// # Errors
/// Where there is not one label per query, or a neighbour has none.
pub fn neighbor_disagreement(
    neighbors: &Neighbors,
    labels: &[usize],
    query_labels: &[usize],
) -> Result<Vec<f64>, DifficultyError> {
    check_labels(neighbors, labels, query_labels)?;
    let share = |(query, label): (usize, &usize)| {
        neighbors.indices(query).iter().filter(|&&other| labels[other] != *label).count() as f64
            / neighbors.k as f64
    };
    Ok(query_labels.iter().enumerate().map(share).collect())
}

pub(super) fn check_labels(
    neighbors: &Neighbors,
    labels: &[usize],
    query_labels: &[usize],
) -> Result<(), DifficultyError> {
    let (found, expected) = (query_labels.len(), neighbors.n_queries());
    if found != expected {
        return Err(DifficultyError::LengthMismatch { what: "labels of queries", found, expected });
    }
    match neighbors.indices.iter().find(|&&example| example >= labels.len()) {
        Some(&example) => Err(DifficultyError::ExampleOutOfRange { example, n_examples: labels.len() }),
        None => Ok(()),
    }
}

/// Queries and examples of a tile: 128 x 512 squared distances, half a megabyte.
const QUERIES: usize = 128;
const EXAMPLES: usize = 512;

/// Candidates beyond k that are looked at exactly, should rounding have misplaced them.
const SPARE: usize = 8;

/// Every query against every point; without queries, every point against every other one.
fn search(
    points: &Points,
    queries: Option<&Points>,
    k: usize,
    distance: Distance,
    seed: u64,
) -> Result<Neighbors, DifficultyError> {
    let (n, d) = (points.len(), points.n_features);
    let n_candidates = n - usize::from(queries.is_none() && n > 0);
    if k == 0 || k > n_candidates {
        return Err(DifficultyError::argument("k", k, "at least 1 and at most the number of other examples"));
    }
    let n_nearest = queries.unwrap_or(points).len().saturating_mul(k);
    DifficultyError::check_memory::<(f64, usize)>("k", n_nearest)?;
    let excludes_itself = queries.is_none();
    let queries = queries.unwrap_or(points);
    let mut mean = vec![0.0; d];
    points.iter().for_each(|point| mean.iter_mut().zip(point).for_each(|(mean, x)| *mean += x / n as f64));
    let centred: Vec<f64> = points.iter().flat_map(|point| point.iter().zip(&mean).map(|(x, m)| x - m)).collect();
    // Where an example stands among those at the same distance.
    let ranks = random::permutation(&mut random::stream(seed, "neighbour ties", 0), n);

    let mut nearest = vec![(0.0, 0usize); queries.len() * k];
    let tiles = nearest.par_chunks_mut(QUERIES * k).zip(queries.values.par_chunks(QUERIES * d)).enumerate();
    tiles.for_each(|(tile, (nearest, queries))| {
        let n_queries = queries.len() / d;
        // |x - q|^2 - |x|^2 = |q|^2 - 2 q . x is a dense layer of the queries, which has a fast product.
        let mut layer = SoftmaxRegression::<f64>::zeros(d, n_queries);
        let (weights, biases) = layer.parameters_mut().split_at_mut(d * n_queries);
        for (at, query) in queries.chunks_exact(d).enumerate() {
            for (feature, (x, m)) in query.iter().zip(&mean).enumerate() {
                weights[feature * n_queries + at] = -2.0 * (x - m);
                biases[at] += (x - m) * (x - m);
            }
        }
        let mut workspace = layer.workspace(EXAMPLES);
        let mut products = vec![0.0; n_queries * EXAMPLES];
        let mut best: Vec<Nearest> = (0..n_queries).map(|_| Nearest::new(k + SPARE)).collect();
        for (block, examples) in centred.chunks(EXAMPLES * d).enumerate() {
            let n_examples = examples.len() / d;
            let products = &mut products[..n_queries * n_examples];
            layer.forward(Examples::new(examples, d), Mode::Evaluation, &mut workspace, products);
            for (at, (x, products)) in examples.chunks_exact(d).zip(products.chunks_exact(n_queries)).enumerate() {
                let (example, square) = (block * EXAMPLES + at, x.iter().map(|x| x * x).sum::<f64>());
                for (query, (best, product)) in best.iter_mut().zip(products).enumerate() {
                    if square + product <= best.bound && !(excludes_itself && tile * QUERIES + query == example) {
                        best.offer(square + product, example, &ranks);
                    }
                }
            }
        }
        for ((best, query), nearest) in
            best.into_iter().zip(queries.chunks_exact(d)).zip(nearest.chunks_exact_mut(k))
        {
            let mut exact: Vec<(f64, usize)> =
                best.kept.iter().map(|&(_, _, i)| (squared_distance(query, points.get(i)), i)).collect();
            exact.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(ranks[a.1].cmp(&ranks[b.1])));
            nearest.copy_from_slice(&exact[..k]);
        }
    });
    let indices = nearest.iter().map(|&(_, example)| example).collect();
    let distances = nearest.iter().map(|&(squared, _)| distance.of_squared(squared)).collect();
    Ok(Neighbors { k, n_candidates, indices, distances })
}

/// The nearest examples seen so far, as (squared distance, rank among ties, example), in a buffer of twice their
/// number that is cut back when full: O(1) amortised.
struct Nearest {
    size: usize,
    bound: f64,
    kept: Vec<(f64, usize, usize)>,
}

impl Nearest {
    fn new(size: usize) -> Self {
        Self { size, bound: f64::INFINITY, kept: Vec::new() }
    }

    fn offer(&mut self, squared: f64, example: usize, ranks: &[usize]) {
        self.kept.push((squared, ranks[example], example));
        if self.kept.len() >= 2 * self.size {
            let order = |a: &(f64, usize, usize), b: &(f64, usize, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            let (_, last, _) = self.kept.select_nth_unstable_by(self.size - 1, order);
            self.bound = last.0;
            self.kept.truncate(self.size);
        }
    }
}
