use cl_data::{Dataset, Scalar, random};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::distance::{Distance, Points, normalize, squared_distance};
use crate::error::DifficultyError;

/// How examples are clustered by Lloyd's k-means, started by k-means++.
///
/// ```text
/// start:   centroid 1 is a random example; each next one is drawn with probability proportional to the squared
///          distance to the nearest centroid so far
/// iterate: every example goes to its nearest centroid (the first of equally near ones),
///          every centroid becomes the mean of its examples, until no example moves
/// ```
///
/// For the cosine, examples are scaled to length 1 and so are centroids (spherical k-means). A centroid that loses
/// its last example moves to the example farthest from its own. O(n k d) per iteration, in parallel; the result does
/// not depend on the number of threads.
///
/// Source: Lloyd (1982); Arthur and Vassilvitskii (2007), k-means++.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KMeans {
    /// The number of clusters.
    pub n_clusters: usize,
    /// How distance is measured.
    pub distance: Distance,
    /// After how many iterations to stop, moving or not.
    pub max_iterations: usize,
    /// The seed of the start.
    pub seed: u64,
}

/// Examples in clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Clustering {
    /// The centroids, d features each; of length 1 for the cosine.
    pub centroids: Vec<f64>,
    /// The cluster of each example.
    pub clusters: Vec<usize>,
    /// The distance of each example to its centroid.
    pub distances: Vec<f64>,
    /// The iterations made.
    pub n_iterations: usize,
    /// Whether the last iteration moved no example.
    pub converged: bool,
}

impl KMeans {
    /// Clusters the examples of `data`.
    ///
    /// # Errors
    /// Unless there is at least one cluster and one example for each, and where the cosine of a zero vector is asked
    /// for.
    pub fn fit<T: Scalar>(&self, data: &Dataset<T>) -> Result<Clustering, DifficultyError> {
        let points = Points::new(data, self.distance)?;
        if self.n_clusters == 0 || self.n_clusters > points.len() {
            let expected = "at least 1 and at most one per example";
            return Err(DifficultyError::argument("n_clusters", self.n_clusters, expected));
        }
        let mut centroids = self.start(&points);
        let mut nearest = assign(&points, &centroids);
        let (mut n_iterations, mut converged) = (0, false);
        while n_iterations < self.max_iterations && !converged {
            self.update(&points, &nearest, &mut centroids);
            let next = assign(&points, &centroids);
            converged = next.iter().zip(&nearest).all(|(next, last)| next.0 == last.0);
            nearest = next;
            n_iterations += 1;
        }
        let distances = nearest.iter().map(|&(_, squared)| self.distance.of_squared(squared)).collect();
        let clusters = nearest.into_iter().map(|(cluster, _)| cluster).collect();
        Ok(Clustering { centroids, clusters, distances, n_iterations, converged })
    }

    fn start(&self, points: &Points) -> Vec<f64> {
        let mut rng = random::stream(self.seed, "k-means++", 0);
        let mut chosen = random::below(&mut rng, points.len());
        let mut centroids = points.get(chosen).to_vec();
        let mut squared = vec![f64::INFINITY; points.len()];
        for _ in 1..self.n_clusters {
            let centroid = points.get(chosen);
            squared
                .par_iter_mut()
                .zip(points.values.par_chunks_exact(points.n_features))
                .for_each(|(squared, point)| *squared = squared.min(squared_distance(point, centroid)));
            let total: f64 = squared.iter().sum();
            // Where every example coincides with a centroid there is nothing to weigh.
            chosen = if total > 0.0 {
                let mut rest = random::uniform(&mut rng) * total;
                let drawn = squared.iter().position(|squared| {
                    rest -= squared;
                    rest < 0.0
                });
                drawn.or_else(|| squared.iter().rposition(|&squared| squared > 0.0)).unwrap_or(0)
            } else {
                random::below(&mut rng, points.len())
            };
            centroids.extend_from_slice(points.get(chosen));
        }
        centroids
    }

    fn update(&self, points: &Points, nearest: &[(usize, f64)], centroids: &mut [f64]) {
        let d = points.n_features;
        let mut counts = vec![0usize; self.n_clusters];
        centroids.fill(0.0);
        for (point, &(cluster, _)) in points.iter().zip(nearest) {
            counts[cluster] += 1;
            centroids[cluster * d..][..d].iter_mut().zip(point).for_each(|(sum, x)| *sum += x);
        }
        let mut farthest: Vec<usize> = Vec::new();
        if counts.contains(&0) {
            farthest = (0..points.len()).collect();
            farthest.sort_by(|&a, &b| nearest[b].1.total_cmp(&nearest[a].1));
        }
        let mut farthest = farthest.into_iter();
        for (centroid, &count) in centroids.chunks_exact_mut(d).zip(&counts) {
            centroid.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
            let is_zero = self.distance == Distance::Cosine && count > 0 && !normalize(centroid);
            if let Some(example) = (count == 0 || is_zero).then(|| farthest.next()).flatten() {
                centroid.copy_from_slice(points.get(example));
            }
        }
    }
}

/// The nearest centroid of each point, and the squared distance to it.
fn assign(points: &Points, centroids: &[f64]) -> Vec<(usize, f64)> {
    let d = points.n_features;
    let nearest = |point: &[f64]| {
        let mut best = (0, f64::INFINITY);
        for (cluster, centroid) in centroids.chunks_exact(d).enumerate() {
            let squared = squared_distance(point, centroid);
            if squared < best.1 {
                best = (cluster, squared);
            }
        }
        best
    };
    points.values.par_chunks_exact(d).map(nearest).collect()
}

/// Prototype distance: how far each example is from the centroid of its cluster, higher = harder.
///
/// ```text
/// difficulty_i = min over clusters c of distance(x_i, centroid_c)
/// ```
///
/// The paper clusters a self-supervised embedding and takes the cosine; `data` holds the features of any embedding.
///
/// Source: Sorscher et al. (2022), Beyond Neural Scaling Laws, section 5.
///
/// ```
/// use cl_difficulty::model_based::{Distance, KMeans, prototype_distance};
///
/// let k_means = KMeans { n_clusters: 3, distance: Distance::Cosine, max_iterations: 100, seed: 1 };
/// let difficulty = prototype_distance(&cl_data::bundled::iris(), &k_means)?;
/// assert!(difficulty.iter().all(|distance| (0.0..1.0).contains(distance)));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// As [`KMeans::fit`].
pub fn prototype_distance<T: Scalar>(data: &Dataset<T>, k_means: &KMeans) -> Result<Vec<f64>, DifficultyError> {
    Ok(k_means.fit(data)?.distances)
}
