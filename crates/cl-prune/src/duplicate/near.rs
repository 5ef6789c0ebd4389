use cl_data::{Scalar, random::choose, random::stream};
use rayon::prelude::*;
use serde::Serialize;

use super::exact::exact_duplicates;
use super::groups::DuplicateGroups;
use crate::coreset::{Features, NeighborSearch, SearchReport, Similarity};
use crate::error::PruneError;

/// Examples whose duplicates are sought among all others, to know the recall.
const SAMPLE: usize = 256;

/// Near duplicates by the angle of their features.
///
/// ```text
/// pairs     cos(x, y) >= threshold, of each example and its K nearest          among those that are no exact copies
/// groups    the components of the pairs
/// ```
///
/// The nearest are sought as [`NeighborSearch`] does: among all where that is affordable, else in cells of nearest centroid,
/// as SemDeDup seeks pairs within its clusters; an example looks into several cells, since duplicates lie on both sides of a
/// border, too. The recall is measured: of 256 examples all others at or above the threshold are sought, and counted how many
/// are in the group. Examples of length 0 have no angle: they are copies of one another and of no other.
///
/// SemDeDup drops an example that is near an earlier one, be that dropped itself; the components are the same unless
/// duplicates form a chain whose ends are no duplicates, of which it may keep several and this keeps one.
///
/// O(n d) and the search. Memory: 8 bytes for each of n K neighbours, and a copy of the features where there are copies.
///
/// Source: Abbas, Tirumala, Simig, Ganguli and Morcos (2023), SemDeDup: Data-efficient learning at web-scale through
/// semantic deduplication.
///
/// ```
/// use cl_prune::coreset::Features;
/// use cl_prune::duplicate::NearDuplicates;
///
/// let features = Features::new(&[1.0f32, 0.0, 0.0, 1.0, 0.999, 0.01, 2.0, 0.0], 2)?;
/// let (groups, report) = NearDuplicates::new(0.99)?.of(&features)?;
/// assert_eq!(groups.groups(), [vec![0, 2, 3]]);
/// assert_eq!(report.recall, 1.0);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearDuplicates {
    threshold: f64,
    search: NeighborSearch,
    seed: u64,
}

/// How near duplicates were found, and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NearReport {
    /// The number of examples that are copies of an earlier one.
    pub n_exact: usize,
    /// The number of pairs found at or above the threshold.
    pub n_pairs: usize,
    /// How the nearest were sought; none where fewer than two examples are no copies.
    pub search: Option<SearchReport>,
    /// Of the duplicates of a sample the share that is in the same group; 1 where it has none.
    pub recall: f64,
    /// How many duplicates the sample has.
    pub n_sampled: usize,
}

impl NearDuplicates {
    /// Where the cosine is at least this. The 16 nearest of each example are looked at.
    ///
    /// # Errors
    /// Unless 0 < threshold <= 1.
    pub fn new(threshold: f64) -> Result<Self, PruneError> {
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(PruneError::argument("threshold", threshold, "a cosine in (0, 1]"));
        }
        Ok(Self { threshold, search: NeighborSearch::new(17)?, seed: 0 })
    }

    /// The same by another search.
    pub fn with_search(self, search: NeighborSearch) -> Self {
        Self { search, ..self }
    }

    /// The same with another seed of the sample and of cells.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { search: self.search.with_seed(seed), seed, ..self }
    }

    /// The groups of these examples, and how they were found.
    ///
    /// # Errors
    /// As [`NeighborSearch::of`].
    pub fn of<T: Scalar>(&self, features: &Features<'_, T>) -> Result<(DuplicateGroups, NearReport), PruneError> {
        let n = features.n_examples();
        let exact = exact_duplicates(features)?;
        let is_zero = |example: usize| features.example(example).iter().all(|value| value.as_f64() == 0.0);
        let distinct: Vec<usize> =
            (0..n).filter(|&example| exact.first_of(example) == Some(example) && !is_zero(example)).collect();
        let mut report =
            NearReport { n_exact: exact.n_duplicates(), n_pairs: 0, search: None, recall: 1.0, n_sampled: 0 };
        if distinct.len() < 2 {
            return Ok((exact, report));
        }
        let gathered: Vec<T>;
        let own = if distinct.len() == n {
            *features
        } else {
            gathered = distinct.iter().flat_map(|&example| features.example(example)).copied().collect();
            Features::new(&gathered, features.n_features())?
        };
        let search = self.search.with_least_cosine(self.threshold)?;
        let (similarities, search) = search.of(&own, Similarity::Cosine)?;
        let norms: Vec<f64> =
            (0..own.n_examples()).into_par_iter().map(|example| norm(own.example(example))).collect();
        let cosine = |a: usize, b: usize| cosine(own.example(a), own.example(b)) / (norms[a] * norms[b]);
        let near: Vec<(usize, usize)> = (0..own.n_examples())
            .into_par_iter()
            .flat_map_iter(|a| {
                let others = similarities.of_all_to(a).filter(move |&(b, _)| b != a);
                others.map(move |(b, _)| (a.min(b), a.max(b)))
            })
            .filter(|&(a, b)| self.is_near(cosine(a, b)))
            .collect();
        let mut near = near;
        near.par_sort_unstable();
        near.dedup();
        let groups = exact.joined(near.iter().map(|&(a, b)| (distinct[a], distinct[b])))?;

        let sample =
            choose(&mut stream(self.seed, "duplicates sampled", 0), distinct.len(), SAMPLE.min(distinct.len()));
        let counts = sample.par_iter().map(|&a| {
            let others = (0..distinct.len()).filter(|&b| b != a && self.is_near(cosine(a, b)));
            let first = groups.first_of(distinct[a]);
            others.fold((0, 0), |(found, all), b| {
                (found + usize::from(groups.first_of(distinct[b]) == first), all + 1)
            })
        });
        let (found, all) = counts.reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        report.n_pairs = near.len();
        report.search = Some(search);
        report.n_sampled = all;
        report.recall = if all == 0 { 1.0 } else { found as f64 / all as f64 };
        Ok((groups, report))
    }

    /// Whether a cosine reaches the threshold, but for its own rounding.
    fn is_near(&self, cosine: f64) -> bool {
        cosine >= self.threshold - 1e-12
    }
}

fn norm<T: Scalar>(values: &[T]) -> f64 {
    values.iter().map(|value| value.as_f64() * value.as_f64()).sum::<f64>().sqrt()
}

/// The product of two examples.
fn cosine<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a.as_f64() * b.as_f64();
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a.as_f64() * b.as_f64()).sum();
    sums.iter().sum::<f64>() + rest
}
