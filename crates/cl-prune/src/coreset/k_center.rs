use std::sync::Arc;

use cl_data::{Scalar, catalogue::Parameter};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, Method},
    features::Features,
    greedy::check_elements,
    kernel::{Panels, ROWS, Visitor, products},
    objective::Coreset,
    request::{Request, Size},
    start::Start,
};
use crate::error::PruneError;

/// Examples whose distances are brought up to date at a time: the candidates for the next centres.
const CANDIDATES: usize = 4096;

/// Of these, the most among which centres are looked for.
const POOL: usize = 512;

/// k-center greedy: always the example farthest from all chosen so far, by Euclidean distance.
///
/// ```text
/// m_i = min_{c in S} d(i, c),   next = argmax_i m_i,   the lowest index of equals
/// ```
///
/// The radius max_i m_i is at most twice that of the best k centres. A gain is the distance m_i with which an example
/// was chosen, infinite for the first. Nested. O(n k d) at worst and O(n + k d) memory.
///
/// Exactly the plain algorithm's choice, in less work. A distance to some of the centres bounds the distance to all of
/// them, so that an example's is brought up to date only where its bound says that it could be among the
/// farthest; these then meet all the centres they missed at once, at the speed of a matrix product. Distances are
/// computed in double precision whatever the features' type.
///
/// Source: Gonzalez (1985), Clustering to minimize the maximum intercluster distance; Sener and Savarese (2018), Active
/// learning for convolutional neural networks: a core-set approach.
///
/// ```
/// use cl_prune::coreset::{Features, KCenter, Start};
///
/// let features = Features::new(&[0.0f32, 1.0, 5.0, 9.0], 1)?;
/// let coreset = KCenter::new(Start::Example(0)).select(&features, 3)?;
/// assert_eq!(coreset.order, [0, 3, 2]);
/// assert_eq!(coreset.gains[1..], [9.0, 4.0]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KCenter {
    start: Start,
}

pub(super) static ENTRY: Entry = Entry::new(
    "k-center",
    "always the example farthest from all chosen",
    "its distance to the nearest of them",
    &[Parameter::with_default("distance", "euclidean, or cosine: 1 - cos", "euclidean")],
    |options| {
        let is_cosine = options.choice("distance", &[("euclidean", false), ("cosine", true)])?;
        Ok(Arc::new(ByName { is_cosine }))
    },
)
.takes_start();

/// K-center whose first centre is given with the request.
#[derive(Debug)]
pub(super) struct ByName {
    pub(super) is_cosine: bool,
}

impl Method for ByName {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        if self.is_cosine {
            let values = directions(features)?;
            let mut coreset = among(&Features::new(&values, features.n_features())?, request)?;
            // |x - y|^2 = 2 - 2 cos where both are of length one.
            coreset.gains.iter_mut().for_each(|gain| *gain = *gain * *gain / 2.0);
            return Ok(coreset);
        }
        among(features, request)
    }

    fn bytes(&self, size: &Size) -> f64 {
        let directions = if self.is_cosine { 8.0 * size.n * size.d } else { 0.0 };
        8.0 * (size.k + POOL as f64) * size.d + 40.0 * size.n + directions
    }
}

fn among<T: Scalar>(features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
    match request.before {
        [] => KCenter::new(request.start()).select(features, request.count),
        chosen => KCenter::extend(features, chosen, request.count),
    }
}

/// The examples at length one, by which the nearest are those of the largest cosine.
fn directions<T: Scalar>(features: &Features<'_, T>) -> Result<Vec<f64>, PruneError> {
    let mut values: Vec<f64> = features.values().iter().map(|value| value.as_f64()).collect();
    for (example, values) in values.chunks_exact_mut(features.n_features()).enumerate() {
        // By the largest feature first, so that no square overflows or vanishes.
        let scale = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        if scale == 0.0 {
            let expected = "a feature other than zero in every example, for a cosine";
            return Err(PruneError::Feature { example, feature: 0, value: "0".into(), expected });
        }
        values.iter_mut().for_each(|value| *value /= scale);
        let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
        values.iter_mut().for_each(|value| *value /= norm);
    }
    Ok(values)
}

impl KCenter {
    /// From this first centre.
    pub fn new(start: Start) -> Self {
        Self { start }
    }

    /// The first `count` centres.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer examples; [`PruneError::InvalidArgument`] where there is no such first centre.
    pub fn select<T: Scalar>(&self, features: &Features<'_, T>, count: usize) -> Result<Coreset, PruneError> {
        let n_examples = features.n_examples();
        if count > n_examples {
            return Err(PruneError::Count { count, n_examples });
        }
        let mut coreset = Coreset::with_capacity(count);
        if count == 0 {
            return Ok(coreset);
        }
        let first = self.start.resolve(n_examples)?;
        coreset.push(first, f64::INFINITY);
        Search::new(features, &[first], count).continue_to(count, &mut coreset);
        Ok(coreset)
    }

    /// The `count` centres that follow upon those `chosen` before, such as examples that have labels already.
    ///
    /// ```
    /// use cl_prune::coreset::{Features, KCenter};
    ///
    /// let features = Features::new(&[0.0f32, 1.0, 5.0, 9.0], 1)?;
    /// assert_eq!(KCenter::extend(&features, &[0, 1], 2)?.order, [3, 2]);
    /// # Ok::<(), cl_prune::PruneError>(())
    /// ```
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where none is chosen, or one is no example or occurs twice; [`PruneError::Count`] where
    /// fewer examples are left.
    pub fn extend<T: Scalar>(
        features: &Features<'_, T>,
        chosen: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        if chosen.is_empty() {
            return Err(PruneError::argument("chosen", "empty", "at least one"));
        }
        check_elements(chosen, features.n_examples())?;
        let n_examples = features.n_examples() - chosen.len();
        if count > n_examples {
            return Err(PruneError::Count { count, n_examples });
        }
        let mut coreset = Coreset::with_capacity(count);
        Search::new(features, chosen, chosen.len() + count).continue_to(count, &mut coreset);
        Ok(coreset)
    }

    /// The largest distance of any example to the nearest of these centres. O(n k d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where there is no centre, or one is no example.
    pub fn radius<T: Scalar>(features: &Features<'_, T>, centres: &[usize]) -> Result<f64, PruneError> {
        Ok(Self::distances(features, centres)?.into_iter().fold(0.0, f64::max))
    }

    /// The distance of each example to the nearest of these centres, 0 for these. O(n k d).
    ///
    /// ```
    /// use cl_prune::coreset::{Features, KCenter};
    ///
    /// let features = Features::new(&[0.0f32, 1.0, 5.0, 9.0], 1)?;
    /// assert_eq!(KCenter::distances(&features, &[0, 3])?, [0.0, 1.0, 4.0, 0.0]);
    /// # Ok::<(), cl_prune::PruneError>(())
    /// ```
    ///
    /// # Errors
    /// As [`radius`](Self::radius).
    pub fn distances<T: Scalar>(features: &Features<'_, T>, centres: &[usize]) -> Result<Vec<f64>, PruneError> {
        let n = features.n_examples();
        if centres.is_empty() {
            return Err(PruneError::argument("centres", "empty", "at least one"));
        }
        if let Some(&centre) = centres.iter().find(|&&centre| centre >= n) {
            return Err(PruneError::argument("centres", centre, format!("indices below {n}")));
        }
        let mut search = Search::new(features, centres, centres.len());
        let all: Vec<usize> = (0..n).filter(|&example| search.squared[example] > 0.0).collect();
        // Some at a time, as they are written out in double precision.
        all.chunks(CANDIDATES).for_each(|some| search.bring_up_to_date(some));
        Ok(search.squared.into_iter().map(|squared| squared.max(0.0).sqrt()).collect())
    }
}

/// The state of the search.
struct Search<'a, T> {
    features: &'a Features<'a, T>,
    origin: Vec<f64>,
    /// For each example the squared distance to the nearest of the centres it has met; negative for centres.
    squared: Vec<f64>,
    /// How many of the centres each example has met.
    n_met: Vec<u32>,
    /// The centres, one after the other, and their squared norms.
    centres: Vec<f64>,
    centre_norms: Vec<f64>,
}

impl<'a, T: Scalar> Search<'a, T> {
    /// With these centres, and room for `count` of them.
    fn new(features: &'a Features<'a, T>, centres: &[usize], count: usize) -> Self {
        let n = features.n_examples();
        let mut search = Self {
            features,
            origin: features.origin(),
            squared: vec![f64::INFINITY; n],
            n_met: vec![0; n],
            centres: Vec::with_capacity(count * features.n_features()),
            centre_norms: Vec::with_capacity(count),
        };
        centres.iter().for_each(|&centre| search.add(centre));
        search
    }

    /// Chooses centres until there are `count` in `coreset`.
    fn continue_to(mut self, count: usize, coreset: &mut Coreset) {
        while coreset.order.len() < count {
            self.next_centres(count - coreset.order.len(), coreset);
        }
    }

    fn panels(&self, examples: &[usize]) -> Panels {
        Panels::new(examples.len(), self.features.n_features(), |at, values| {
            let example = self.features.example(examples[at]);
            for ((value, own), origin) in values.iter_mut().zip(example).zip(&self.origin) {
                *value = own.as_f64() - origin;
            }
        })
    }

    /// A centre that nobody has met yet.
    fn add(&mut self, example: usize) {
        let panels = self.panels(&[example]);
        panels.append_example(0, &mut self.centres);
        self.centre_norms.push(panels.squared_norms()[0]);
        self.squared[example] = -1.0;
    }

    /// These examples meet all centres that they have not met.
    fn bring_up_to_date(&mut self, examples: &[usize]) {
        let n_centres = self.centre_norms.len();
        let mut stale: Vec<usize> = examples.to_vec();
        stale.retain(|&example| (self.n_met[example] as usize) < n_centres);
        // Those that missed the same centres share a panel.
        stale.sort_unstable_by_key(|&example| (self.n_met[example], example));
        let renewed: Vec<[f64; ROWS]> = stale
            .par_chunks(ROWS)
            .with_min_len(4)
            .map(|chunk| {
                let panels = self.panels(chunk);
                let norms = panels.squared_norms();
                // Meeting a centre twice changes nothing.
                let first = self.n_met[chunk[0]] as usize;
                let mut nearest = Nearest {
                    norms: &norms,
                    column_norms: &self.centre_norms[first..],
                    squared: [f64::INFINITY; ROWS],
                };
                let centres = &self.centres[first * self.features.n_features()..];
                products(&panels, 0..1, centres, n_centres - first, &mut nearest);
                nearest.squared
            })
            .collect();
        for (chunk, renewed) in stale.chunks(ROWS).zip(&renewed) {
            for (&example, &squared) in chunk.iter().zip(renewed) {
                self.squared[example] = self.squared[example].min(squared);
                self.n_met[example] = n_centres as u32;
            }
        }
    }

    /// Chooses at least one centre, or brings at least one bound down.
    fn next_centres(&mut self, at_most: usize, coreset: &mut Coreset) {
        // All that are bounded from below by the threshold become candidates, all others lie below it.
        let threshold = nth_largest(self.squared.clone(), CANDIDATES);
        let n = self.squared.len();
        let mut candidates: Vec<usize> = (0..n).filter(|&example| self.squared[example] >= threshold).collect();
        self.bring_up_to_date(&candidates);
        candidates.retain(|&example| self.squared[example] >= threshold);
        let of_candidates = candidates.iter().map(|&example| self.squared[example]).collect();
        let threshold = threshold.max(nth_largest(of_candidates, POOL));
        candidates.retain(|&example| self.squared[example] >= threshold);
        let is_copy = |&example: &usize| self.squared[example] == 0.0;
        if !candidates.is_empty() && candidates.iter().all(is_copy) {
            // What is left are copies of centres.
            for &example in candidates.iter().take(at_most) {
                self.add(example);
                coreset.push(example, 0.0);
            }
            return;
        }

        let n_before = self.centre_norms.len();
        let panels = self.panels(&candidates);
        let norms = panels.squared_norms();
        let mut pool = Pool { norms: &norms, norm: 0.0, squared: vec![-1.0; norms.len()] };
        pool.squared.iter_mut().zip(&candidates).for_each(|(own, &example)| *own = self.squared[example]);
        let mut centre = Vec::new();
        for _ in 0..at_most {
            let Some((at, squared)) = largest(&pool.squared).filter(|&(_, squared)| squared >= threshold) else {
                break;
            };
            coreset.push(candidates[at], squared.sqrt());
            centre.clear();
            panels.append_example(at, &mut centre);
            self.centres.extend_from_slice(&centre);
            self.centre_norms.push(norms[at]);
            pool.norm = norms[at];
            products(&panels, 0..panels.n_panels(), &centre, 1, &mut pool);
            pool.squared[at] = -1.0;
        }
        let n_centres = self.centre_norms.len();
        for (&example, &squared) in candidates.iter().zip(&pool.squared) {
            self.squared[example] = squared;
            self.n_met[example] = n_centres as u32;
        }
        debug_assert!(n_centres > n_before || candidates.is_empty());
    }
}

/// The n-th largest of values that are no NaN, the smallest of all that are not negative where there are fewer.
fn nth_largest(mut values: Vec<f64>, n: usize) -> f64 {
    values.retain(|&value| value >= 0.0);
    if values.len() <= n {
        return 0.0;
    }
    let (_, nth, _) = values.select_nth_unstable_by(n - 1, |a, b| b.total_cmp(a));
    *nth
}

/// The largest value and the first place where it stands.
fn largest(values: &[f64]) -> Option<(usize, f64)> {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter().position(|&value| value == largest).map(|at| (at, largest))
}

/// The squared distance of a panel's examples to the nearest of the columns.
struct Nearest<'a> {
    norms: &'a [f64],
    column_norms: &'a [f64],
    squared: [f64; ROWS],
}

impl Visitor for Nearest<'_> {
    #[inline(always)]
    fn visit(&mut self, _: usize, column: usize, products: &[f64; ROWS]) {
        let norm = self.column_norms[column];
        for ((squared, product), own) in self.squared.iter_mut().zip(products).zip(self.norms) {
            *squared = squared.min((own + norm - 2.0 * product).max(0.0));
        }
    }
}

/// The candidates, when a centre is chosen among them.
struct Pool<'a> {
    norms: &'a [f64],
    norm: f64,
    squared: Vec<f64>,
}

impl Visitor for Pool<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, _: usize, products: &[f64; ROWS]) {
        let norm = self.norm;
        let own = &self.norms.as_chunks::<ROWS>().0[panel];
        let squared = &mut self.squared.as_chunks_mut::<ROWS>().0[panel];
        for ((squared, product), own) in squared.iter_mut().zip(products).zip(own) {
            // Of centres, and of rows that are no examples, the distance is negative and stays so.
            *squared = squared.min((own + norm - 2.0 * product).max(0.0));
        }
    }
}
