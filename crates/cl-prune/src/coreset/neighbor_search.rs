use cl_data::{Scalar, random::stream};
use rayon::prelude::*;
use serde::Serialize;

use super::{
    cells::{Cells, sample},
    features::Features,
    nearest_list::NearestList,
    points::Rule,
    search_points::{Block, SearchPoints},
    similarity::Similarity,
    sparse_similarities::SparseSimilarities,
};
use crate::error::PruneError;

/// Examples of a block, where these are taken as they come.
const BLOCK: usize = 1024;

/// Cells whose neighbours are found before they are put where they belong, where there are fewer threads: then two each.
const CELLS: usize = 64;

/// Cells whose examples look for neighbours together, at most: what they look into is written out once for all of them.
const TOGETHER: usize = 16;

/// Examples whose neighbours are sought both ways, to know the recall.
const SAMPLE: usize = 256;

/// As many where only neighbours from some similarity on are asked for, of which most examples have none.
const SAMPLE_ABOVE: usize = 1024;

/// Multiply-adds up to which all pairs are compared: seconds.
const AFFORDABLE: f64 = 2e11;

/// The recall that the number of probes is doubled for.
const RECALL: f64 = 0.98;

/// As much where only neighbours from some similarity on are asked for.
const RECALL_ABOVE: f64 = 0.995;

/// How neighbours are sought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchMethod {
    /// Among all where that is affordable (n^2 d up to 2 10^11), else in cells.
    #[default]
    Auto,
    /// Among all.
    Exact,
    /// In the nearest of about sqrt(n) cells.
    Cells,
}

/// The K most similar of every example, itself the first.
///
/// ```text
/// exact   products of blocks of examples with blocks of others, of which the best K are kept: O(n^2 d)
/// cells   about sqrt(n) cells by k-means; each example looks into the P cells of nearest centroid: O(n sqrt(n) d P)
/// ```
///
/// P is doubled from 2 until, on 256 examples whose neighbours are sought among all, too, at least 98 % of these are
/// found ([99.5 %](Self::with_least_cosine) of those above a least cosine, on 1,024). The recall of the P taken is told.
/// Memory: 8 bytes for each of the n K neighbours, and the features as they are; what is compared is written out in double
/// precision a block at a time. The same bits for any number of threads.
///
/// For `max-squared` and `max-distance` the largest distance is that of all pairs where these are compared; in cells it
/// is the largest that repeated sweeps to the farthest example find, which may be smaller, and similarities below 0 are 0.
///
/// ```
/// use cl_prune::coreset::{Features, NeighborSearch, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 3.0], 1)?;
/// let (similarities, search) = NeighborSearch::new(2)?.of(&features, Similarity::MaxDistance)?;
/// assert_eq!(similarities.of_all_to(1).collect::<Vec<_>>(), [(0, 2.0), (1, 3.0), (2, 1.0)]); // 3 - d
/// assert_eq!(search.recall, 1.0);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NeighborSearch {
    k: usize,
    least_cosine: Option<f64>,
    method: SearchMethod,
    n_probes: Option<usize>,
    seed: u64,
}

/// How neighbours were found, and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SearchReport {
    /// `exact` or `cells`.
    pub method: SearchMethod,
    /// The number of cells, 0 where all pairs were compared.
    pub n_cells: usize,
    /// Into how many of them each example looked.
    pub n_probes: usize,
    /// The share of the nearest that was found, of those of the sample.
    pub recall: f64,
    /// How many examples the sample has, 0 where all pairs were compared.
    pub n_sampled: usize,
}

impl NeighborSearch {
    /// For the `k` most similar, itself among them: all others where there are fewer.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `k` is 0.
    pub fn new(k: usize) -> Result<Self, PruneError> {
        if k == 0 {
            return Err(PruneError::argument("neighbors", k, "at least 1, the example itself"));
        }
        Ok(Self { k, least_cosine: None, method: SearchMethod::Auto, n_probes: None, seed: 0 })
    }

    /// The same by another method.
    pub fn with_method(self, method: SearchMethod) -> Self {
        Self { method, ..self }
    }

    /// The same with so many cells that each example looks into, whatever the recall.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where that is none.
    pub fn with_probes(self, n_probes: usize) -> Result<Self, PruneError> {
        if n_probes == 0 {
            return Err(PruneError::argument("probes", n_probes, "at least 1"));
        }
        Ok(Self { n_probes: Some(n_probes), ..self })
    }

    /// The same with another seed of cells and sample.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same for those of the nearest alone whose cosine is at least this, but for the rounding of single precision: lists
    /// are shorter then, and the recall that is measured, of 1,024 examples, and sought, 99.5 %, is that of these.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where it is not in [-1, 1]; and in [`of`](Self::of), where the similarity does not
    /// grow with the cosine.
    pub fn with_least_cosine(self, cosine: f64) -> Result<Self, PruneError> {
        if !(-1.0..=1.0).contains(&cosine) {
            return Err(PruneError::argument("least_cosine", cosine, "a cosine, from -1 to 1"));
        }
        Ok(Self { least_cosine: Some(cosine), ..self })
    }

    /// How many neighbours each example has, itself among them.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Whether all pairs of so many examples of so many features are compared.
    pub fn is_exact(&self, n_examples: usize, n_features: usize) -> bool {
        match self.method {
            SearchMethod::Auto => (n_examples as f64).powi(2) * n_features as f64 <= AFFORDABLE,
            method => method == SearchMethod::Exact,
        }
    }

    /// The neighbours of every example and how similar they are.
    ///
    /// # Errors
    /// [`PruneError::Feature`] where an example has no direction and `similarity` is a cosine;
    /// [`PruneError::InvalidArgument`] where there are 2^32 examples or no memory for so many neighbours.
    pub fn of<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        similarity: Similarity,
    ) -> Result<(SparseSimilarities, SearchReport), PruneError> {
        let (n, k) = (features.n_examples(), self.k.min(features.n_examples().max(1)));
        PruneError::check_memory::<(u32, f32)>("neighbors", n.saturating_mul(k))?;
        let list = NearestList::new(k - 1).at_least(self.least_rank(similarity)?);
        let points = SearchPoints::new(*features, similarity)?;
        let (cells, report) = self.cells(&points, &list);
        let is_exact = report.n_cells == 0;
        let mut indices = vec![SparseSimilarities::NONE; n * k];
        let mut similarities = vec![0.0f32; n * k];
        let centroids = cells.have_centroids().then(|| cells.block(points.n_features()));
        let mut least = f64::INFINITY;
        let n_cells = CELLS.max(2 * rayon::current_num_threads());
        // Where all are looked at, one block of queries after the other stays in the cache.
        let shared = (n_cells / (2 * rayon::current_num_threads())).clamp(1, TOGETHER);
        let together = if is_exact { 1 } else { shared };
        for first in (0..cells.len()).step_by(n_cells) {
            let last = cells.len().min(first + n_cells);
            let found: Vec<Found<'_>> = (first..last)
                .into_par_iter()
                .step_by(together)
                .map(|cell| {
                    let queries = cells.members_of(cell..last.min(cell + together));
                    let (lists, lowest) =
                        look(&points, &cells, centroids.as_ref(), report.n_probes, queries, &list);
                    (queries, lists.into_iter().map(NearestList::into_sorted).collect(), lowest)
                })
                .collect();
            for (queries, lists, lowest) in found {
                least = least.min(lowest);
                for (list, &example) in lists.into_iter().zip(queries) {
                    let row = example as usize * k;
                    indices[row] = example;
                    for (at, (rank, index)) in (row + 1..).zip(list) {
                        (indices[at], similarities[at]) = (index, rank);
                    }
                }
            }
        }
        // Of ranks similarities.
        let largest = match similarity {
            _ if similarity.is_cosine() || n == 0 => 0.0,
            _ if is_exact => (-least).max(0.0),
            _ => points.swept_squared_distance(),
        };
        let rule = rule(similarity, largest);
        similarities.par_iter_mut().with_min_len(BLOCK).enumerate().for_each(|(at, value)| {
            let of_rank = if at % k == 0 { rule.of_itself() } else { of_rank(rule, (*value).into()) };
            *value = of_rank as f32;
        });
        Ok((SparseSimilarities::of_lists(n, k, indices, similarities)?, report))
    }

    /// How similar the given neighbours of every example are: `lists` has so many indices for each, itself or not, with
    /// [`NONE`](SparseSimilarities::NONE) where there are fewer. An example is its own neighbour in any case. O(n K d).
    ///
    /// # Errors
    /// As [`of`](Self::of), and [`PruneError::Neighbor`] where an index is out of range or twice in a list.
    pub fn of_given<T: Scalar>(
        features: &Features<'_, T>,
        similarity: Similarity,
        lists: &[u32],
    ) -> Result<SparseSimilarities, PruneError> {
        let n = features.n_examples();
        let k = lists.len() / n.max(1);
        if lists.len() != n * k {
            let expected = format!("as many for each of the {n} examples");
            return Err(PruneError::argument("neighbors", format!("{} indices", lists.len()), expected));
        }
        if let Some(at) = lists.iter().position(|&index| index != SparseSimilarities::NONE && index as usize >= n)
        {
            let expected = format!("an index below {n}, the number of examples");
            let (client, value) = (at / k, lists[at].to_string());
            return Err(PruneError::Neighbor { client, what: "a neighbour", value, expected });
        }
        let points = SearchPoints::new(*features, similarity)?;
        let largest = if similarity.is_cosine() { 0.0 } else { points.swept_squared_distance() };
        let rule = rule(similarity, largest);
        let width = k + 1;
        let mut indices = vec![SparseSimilarities::NONE; n * width];
        let mut similarities = vec![0.0f32; n * width];
        let rows = indices.par_chunks_mut(width).zip(similarities.par_chunks_mut(width)).enumerate();
        rows.for_each(|(client, (indices, similarities))| {
            (indices[0], similarities[0]) = (client as u32, rule.of_itself() as f32);
            let others: Vec<u32> = lists[client * k..][..k]
                .iter()
                .copied()
                .filter(|&index| index != SparseSimilarities::NONE && index as usize != client)
                .collect();
            let mut block = Block::default();
            points.fill(&mut block, &others);
            let (columns, norms) = points.columns(&[client as u32]);
            let mut nearest = vec![NearestList::new(others.len())];
            block.offer(points.rank, (&columns, &norms), (&[0], &[client as u32]), &mut nearest);
            let found = nearest.pop().map(NearestList::into_sorted).unwrap_or_default();
            for (at, (rank, index)) in (1..).zip(found) {
                (indices[at], similarities[at]) = (index, of_rank(rule, rank.into()) as f32);
            }
        });
        SparseSimilarities::of_lists(n, width, indices, similarities)
    }

    /// What ranks have to reach.
    fn least_rank(&self, similarity: Similarity) -> Result<f32, PruneError> {
        match (self.least_cosine, similarity) {
            (None, _) => Ok(f32::NEG_INFINITY),
            // A similarity is rounded by 2^-24 at most, and by as much again from its rounded bound.
            (Some(cosine), Similarity::Cosine) => Ok(((1.0 + cosine) / 2.0 - 1e-6) as f32),
            (Some(cosine), Similarity::CosineSquared) if cosine >= 0.0 => Ok((cosine * cosine - 1e-6) as f32),
            (Some(cosine), _) => {
                Err(PruneError::argument("least_cosine", cosine, "a similarity that grows with the cosine"))
            }
        }
    }

    /// The cells, and how many of them each example looks into.
    fn cells<T: Scalar>(&self, points: &SearchPoints<'_, T>, list: &NearestList) -> (Cells, SearchReport) {
        let n = points.len();
        if self.is_exact(n, points.n_features()) {
            let method = SearchMethod::Exact;
            let report = SearchReport { method, n_cells: 0, n_probes: 0, recall: 1.0, n_sampled: 0 };
            return (Cells::in_order(n, BLOCK), report);
        }
        let cells = Cells::by_k_means(points, self.seed);
        let centroids = cells.block(points.n_features());
        let (n_sampled, enough) =
            if self.least_cosine.is_some() { (SAMPLE_ABOVE, RECALL_ABOVE) } else { (SAMPLE, RECALL) };
        let sampled = sample(&mut stream(self.seed, "neighbour recall", 0), n, n_sampled.min(n));
        let chunks = |cells: &Cells, centroids: Option<&Block>, n_probes: usize| -> Vec<NearestList> {
            let share = sampled.len().div_ceil(rayon::current_num_threads()).max(1);
            let look = |queries| look(points, cells, centroids, n_probes, queries, list).0;
            sampled.par_chunks(share).flat_map_iter(look).collect()
        };
        let nearest: Vec<Vec<(f32, u32)>> =
            chunks(&Cells::in_order(n, BLOCK), None, 0).into_iter().map(NearestList::into_sorted).collect();
        let recall = |n_probes: usize| {
            let found = chunks(&cells, Some(&centroids), n_probes);
            let (mut n_found, mut n_nearest) = (0, 0);
            for (found, nearest) in found.into_iter().zip(&nearest) {
                // One as near as the last is as good as it.
                let last = nearest.last().map_or(f32::INFINITY, |last| last.0);
                n_found += found.into_sorted().iter().filter(|&&(rank, _)| rank >= last).count();
                n_nearest += nearest.len();
            }
            if n_nearest == 0 { 1.0 } else { n_found as f64 / n_nearest as f64 }
        };
        let mut n_probes = self.n_probes.unwrap_or(2).min(cells.len());
        let mut reached = recall(n_probes);
        while self.n_probes.is_none() && reached < enough && n_probes < cells.len() {
            n_probes = (2 * n_probes).min(cells.len());
            reached = recall(n_probes);
        }
        let (method, n_cells) = (SearchMethod::Cells, cells.len());
        (cells, SearchReport { method, n_cells, n_probes, recall: reached, n_sampled: sampled.len() })
    }
}

/// The similarity with this largest squared distance.
fn rule(similarity: Similarity, largest: f64) -> Rule {
    match similarity {
        Similarity::MaxSquared => Rule::MaxSquared(largest),
        Similarity::MaxDistance => Rule::MaxDistance(largest.sqrt()),
        Similarity::CosineSquared => Rule::CosineSquared,
        Similarity::Cosine => Rule::Cosine,
    }
}

/// The similarity of a rank.
fn of_rank(rule: Rule, rank: f64) -> f64 {
    match rule {
        Rule::MaxSquared(max) => (max + rank).max(0.0),
        Rule::MaxDistance(max) => (max - (-rank).max(0.0).sqrt()).max(0.0),
        Rule::CosineSquared | Rule::Cosine => rank,
    }
}

/// The queries that were sought for together, their neighbours, the nearest first, and the lowest rank of all pairs.
type Found<'a> = (&'a [u32], Vec<Vec<(f32, u32)>>, f64);

/// The nearest others of these examples, as many as `list` holds, of what is in the cells that each looks into, or of all;
/// and the lowest rank of any pair that was compared.
fn look<T: Scalar>(
    points: &SearchPoints<'_, T>,
    cells: &Cells,
    centroids: Option<&Block>,
    n_probes: usize,
    queries: &[u32],
    list: &NearestList,
) -> (Vec<NearestList>, f64) {
    let d = points.n_features();
    let mut lists = vec![list.clone(); queries.len()];
    let (columns, norms) = points.columns(queries);
    let by_cell = centroids.map(|block| cells.probes(block, (&columns, &norms), n_probes));
    let all: Vec<usize> = (0..queries.len()).collect();
    let (mut block, mut least) = (Block::default(), f64::INFINITY);
    let (mut some_columns, mut some_norms, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for cell in 0..cells.len() {
        let places = by_cell.as_ref().map_or(&all, |by_cell| &by_cell[cell]);
        if places.is_empty() {
            continue;
        }
        points.fill(&mut block, cells.members(cell));
        let lowest = if places.len() == queries.len() {
            block.offer(points.rank, (&columns, &norms), (&all, queries), &mut lists)
        } else {
            some_columns.clear();
            places.iter().for_each(|&place| some_columns.extend_from_slice(&columns[place * d..][..d]));
            some_norms.clear();
            some_norms.extend(places.iter().map(|&place| norms[place]));
            own.clear();
            own.extend(places.iter().map(|&place| queries[place]));
            block.offer(points.rank, (&some_columns, &some_norms), (places, &own), &mut lists)
        };
        least = least.min(lowest);
    }
    (lists, least)
}

#[cfg(test)]
mod tests {
    use super::super::similarities::Similarities;
    use super::*;
    use cl_data::random::uniform;
    use proptest::prelude::*;

    fn values(n: usize, d: usize, seed: u64, grid: bool) -> Vec<f32> {
        let rng = &mut stream(seed, "test", 0);
        let value = |_| 4.0 * uniform(rng) as f32 - 1.5;
        (0..n * d).map(value).map(|value: f32| if grid { value.round() + 0.25 } else { value }).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// The neighbours are those of the whole matrix, as similar as there.
        #[test]
        fn neighbours_are_the_most_similar(
            n in 1usize..60, d in 1usize..5, k in 1usize..70, seed: u64, grid: bool,
            method in prop_oneof![Just(SearchMethod::Exact), Just(SearchMethod::Cells)],
        ) {
            let values = values(n, d, seed, grid);
            let features = Features::new(&values, d).unwrap();
            for (_, similarity) in Similarity::NAMES {
                // All cells are looked into.
                let search = NeighborSearch::new(k).unwrap().with_method(method).with_probes(n).unwrap();
                let (sparse, report) = search.of(&features, similarity).unwrap();
                prop_assert_eq!(report.recall, 1.0);
                let dense = Similarities::new(&features, similarity).unwrap();
                let mut lists = vec![Vec::new(); n];
                for element in 0..n {
                    for (client, found) in sparse.of_all_to(element) {
                        lists[client].push((element, found));
                    }
                }
                for (client, list) in lists.iter().enumerate() {
                    let mut expected = dense.of_all_to(client);
                    prop_assert_eq!(list.len(), k.min(n));
                    prop_assert!(list.iter().any(|&(element, _)| element == client));
                    let is_swept = method == SearchMethod::Cells && !similarity.is_cosine();
                    let shift = if is_swept {
                        expected[client] - f64::from(list.iter().find(|entry| entry.0 == client).unwrap().1)
                    } else {
                        0.0
                    };
                    prop_assert!(shift >= -1e-4);
                    let as_found = |value: f64| (value - shift).max(0.0);
                    for &(element, found) in list {
                        prop_assert!((as_found(expected[element]) - f64::from(found)).abs() < 1e-3, "{similarity}");
                    }
                    expected.sort_by(|a, b| b.total_cmp(a));
                    let least = list.iter().map(|entry| entry.1).fold(f32::INFINITY, f32::min);
                    prop_assert!((as_found(expected[k.min(n) - 1]) - f64::from(least)).abs() < 1e-3);
                }
                // Given back, they are the same, but for the largest distance.
                if similarity.is_cosine() {
                    let indices: Vec<u32> =
                        lists.iter().flatten().map(|&(element, _)| element as u32).collect();
                    let given = NeighborSearch::of_given(&features, similarity, &indices).unwrap();
                    prop_assert_eq!(&given, &sparse);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Those of the nearest that reach the cosine, and no others.
        #[test]
        fn a_least_cosine_shortens_lists(
            n in 1usize..60, d in 1usize..4, k in 1usize..20, least in -1.0f64..=1.0, seed: u64,
            method in prop_oneof![Just(SearchMethod::Exact), Just(SearchMethod::Cells)],
        ) {
            let values = values(n, d, seed, true);
            let features = Features::new(&values, d).unwrap();
            let search = NeighborSearch::new(k).unwrap().with_method(method).with_probes(n).unwrap();
            let all = search.of(&features, Similarity::Cosine).unwrap().0;
            let some = search.with_least_cosine(least).unwrap().of(&features, Similarity::Cosine).unwrap().0;
            for element in 0..n {
                let reaches = |slack: f64| move |&(client, similarity): &(usize, f32)| {
                    client == element || f64::from(similarity) >= (1.0 + least) / 2.0 - slack
                };
                let of = |of: &SparseSimilarities| of.of_all_to(element).collect::<Vec<_>>();
                let found = of(&some);
                prop_assert!(found.iter().all(reaches(2e-6)));
                prop_assert!(of(&all).iter().filter(|entry| reaches(0.0)(entry)).all(|entry| found.contains(entry)));
                prop_assert!(found.iter().all(|entry| of(&all).contains(entry)));
            }
        }
    }

    #[test]
    fn a_least_cosine_is_of_cosines() {
        let search = NeighborSearch::new(2).unwrap();
        assert!(search.with_least_cosine(1.5).is_err() && search.with_least_cosine(f64::NAN).is_err());
        let features = Features::new(&[1.0, 0.5], 1).unwrap();
        let error = search.with_least_cosine(0.9).unwrap().of(&features, Similarity::MaxSquared).unwrap_err();
        assert!(error.to_string().contains("grows with the cosine"), "{error}");
    }

    #[test]
    fn cells_find_most_in_few_of_them_for_any_number_of_threads() {
        let rng = &mut stream(3, "test", 0);
        let centres: Vec<f64> = (0..50 * 8).map(|_| 10.0 * uniform(rng)).collect();
        let values: Vec<f32> =
            (0..4000 * 8).map(|at| (centres[at / 8 % 50 * 8 + at % 8] + uniform(rng)) as f32).collect();
        let features = Features::new(&values, 8).unwrap();
        let search = NeighborSearch::new(10).unwrap().with_method(SearchMethod::Cells).with_seed(5);
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| search.of(&features, Similarity::MaxSquared).unwrap())
        };
        let (similarities, report) = run(1);
        assert_eq!((similarities, report), run(3));
        assert!(report.recall >= RECALL && report.n_probes <= 16, "{report:?}");
        assert!((60..80).contains(&report.n_cells), "{report:?}");
        let (_, report) = search.with_probes(1).unwrap().of(&features, Similarity::MaxSquared).unwrap();
        assert!(report.n_probes == 1 && report.recall < 1.0 && report.recall > 0.3, "{report:?}");
    }

    #[test]
    fn examples_that_are_all_the_same_are_nobodys_burden() {
        let values = vec![1.0f32; 5000 * 2];
        let features = Features::new(&values, 2).unwrap();
        let search = NeighborSearch::new(4).unwrap().with_method(SearchMethod::Cells);
        let (similarities, report) = search.of(&features, Similarity::Cosine).unwrap();
        assert_eq!((similarities.n_entries(), report.recall), (20_000, 1.0));
        assert!(report.n_cells > 10, "{report:?}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(NeighborSearch::new(0).is_err());
        assert!(NeighborSearch::new(1).unwrap().with_probes(0).is_err());
        let features = Features::new(&[1.0, 0.0, 0.0, 0.0], 2).unwrap();
        let error = NeighborSearch::new(2).unwrap().of(&features, Similarity::Cosine).unwrap_err().to_string();
        assert!(error.contains("example 1"), "{error}");
        let error = NeighborSearch::of_given(&features, Similarity::MaxSquared, &[1, 7]).unwrap_err().to_string();
        assert_eq!(error, "a neighbour of example 1 is 7, expected an index below 2, the number of examples");
        let error =
            NeighborSearch::of_given(&features, Similarity::MaxSquared, &[0, 1, 0]).unwrap_err().to_string();
        assert!(error.contains("3 indices"), "{error}");
    }
}
