use std::collections::VecDeque;

use cl_data::{Scalar, catalogue::Parameter};
use rayon::prelude::*;

use super::{
    entry::Entry,
    features::Features,
    given::{GivenObjective, GivenSimilarities},
    greedy::check_elements,
    kernel::ROWS,
    objective::{Bound, SubmodularObjective},
    request::Size,
    served_lists::{ENTRY_BYTES, Gains, List, Losses, capacity},
    similarities::{Similarities, sum_lanes},
    similarity::{SIMILARITY, Similarity},
    sparse_facility_location::SparseFacilityLocation,
    submodular::{Submodular, maximized},
    targets::Targets,
};
use crate::error::PruneError;

/// The memory that lists of examples may take, where none is given: 1 GiB.
pub(super) const DEFAULT_MEMORY: usize = 1 << 30;

/// Facility location: how well every example is served by the most similar one chosen.
///
/// ```text
/// f(S)       = sum_i max_{j in S} s_ij,   f({}) = 0
/// gain(j)    = sum_i max(0, s_ij - m_i),  m_i = max_{j in S} s_ij
/// ```
///
/// Monotone submodular. A gain computed anew costs O(n d); with it the examples that j would serve better are counted,
/// and noted once they are few. Later only those can count, so that from then on a gain costs as much as its list is
/// long: about n / |S|. Before that, what a pick took away bounds a gain from above, and only the examples that the pick
/// serves better need be looked at for it; the first pick takes bounds from the sum of all features, where that tells the
/// sum of similarities. O(n d) memory and the lists', which are bounded; never n x n.
///
/// Equal sums can differ in the last bits: two examples that would each serve only themselves and each other have
/// exactly the same gain on paper, and rounding decides between them. All optimisers decide alike.
///
/// Source: Lin and Bilmes (2009), How to select a good training-data subset for transcription; Mirzasoleiman, Bilmes and
/// Leskovec (2020), Coresets for data-efficient training of machine learning models.
///
/// ```
/// use cl_prune::coreset::{FacilityLocation, Features, Greedy, Similarities, Similarity};
///
/// // Two groups: one example of each, the one in the middle of the larger group first.
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let similarities = Similarities::new(&features, Similarity::MaxDistance)?;
/// let coreset = Greedy::default().select(&mut FacilityLocation::new(similarities), 2)?;
/// assert_eq!(coreset.order, [2, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FacilityLocation {
    similarities: Similarities,
    /// m_i, and infinity for the rows of the last panel that are no examples.
    best: Vec<f64>,
    /// For each element how many examples it served better than all chosen, when its gain was last computed.
    counts: Vec<u32>,
    /// These examples, where they are noted.
    lists: Vec<Option<List>>,
    /// The most examples that are noted for an element.
    capacity: usize,
    /// How many have been added.
    n_added: usize,
    /// What each of the latest changed, the last one last.
    changes: VecDeque<Changes>,
    /// For each element a bound of its gain, and how many had been added when it was found.
    known: Vec<Option<(f64, usize)>>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "facility-location",
    "what serves every example best",
    "similarity gained over all examples",
    &[
        SIMILARITY,
        Parameter::with_default(
            "memory",
            "MiB for lists of who would be served better: the choice is the same, the time is not",
            "1024",
        ),
    ],
    |options| {
        let memory = options.number::<usize>("memory")?.saturating_mul(1 << 20);
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, memory }, options)
    },
)
.submodular()
.over_neighbors();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    memory: usize,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        Ok(FacilityLocation::new(Similarities::new(features, self.similarity)?).with_memory(self.memory))
    }

    fn similarity(&self) -> Option<Similarity> {
        Some(self.similarity)
    }

    fn client_similarity(&self) -> Option<Similarity> {
        Some(self.similarity)
    }

    fn over(
        &self,
        given: &GivenSimilarities,
        weights: Option<&[f64]>,
    ) -> Result<Option<GivenObjective>, PruneError> {
        Ok(Some(match given {
            GivenSimilarities::Sparse(similarities) => {
                let objective = SparseFacilityLocation::new(similarities.clone());
                Box::new(match weights {
                    Some(weights) => objective.with_weights(weights)?,
                    None => objective,
                })
            }
            GivenSimilarities::Dense(similarities) => {
                Box::new(FacilityLocation::new(similarities.clone()).with_memory(self.memory))
            }
        }))
    }

    fn bytes(&self, size: &Size, alone: bool) -> (f64, f64) {
        let (shared, own) = FacilityLocation::bytes(size, self.memory);
        // Of several, in one pass, none bounds gains or keeps lists.
        if alone { (shared, own) } else { (shared - size.panels(), 144.0 * size.n) }
    }
}

/// The examples that an element serves better than all before it, with m_i before and after.
#[derive(Debug, Clone, Default)]
struct Changes {
    examples: Vec<usize>,
    before: Vec<f64>,
    after: Vec<f64>,
    /// Their similarities to all, once they are needed.
    similarities: Option<Similarities>,
}

impl FacilityLocation {
    /// Facility location over these similarities, nothing chosen.
    pub fn new(similarities: Similarities) -> Self {
        let n = similarities.n_examples();
        let mut best = vec![0.0; n];
        best.resize(n.next_multiple_of(ROWS), f64::INFINITY);
        let (counts, lists) = (vec![u32::MAX; n], vec![None; n]);
        let (n_added, changes, known) = (0, VecDeque::new(), vec![None; n]);
        let mut objective = Self { similarities, best, counts, lists, capacity: 0, n_added, changes, known };
        objective.set_memory(DEFAULT_MEMORY);
        objective
    }

    /// The same with at most `bytes` for the lists of examples: more is faster, the choice is the same. 1 GiB where it
    /// is not given; they rarely take as much.
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.set_memory(bytes);
        self
    }

    /// The most bytes that the lists of `n` examples take where they may take `bytes`: no list grows beyond an eighth
    /// of the examples, or 64 of them.
    pub fn list_bytes(n: usize, bytes: usize) -> usize {
        n.saturating_mul((capacity(n, bytes) + ROWS) * ENTRY_BYTES)
    }

    /// What does not change while it grows, and what each copy has of its own with lists of at most `memory` bytes: sums
    /// and counts by lane while gains are computed for all, and the features of those whose best has changed of late.
    pub(super) fn bytes(size: &Size, memory: usize) -> (f64, f64) {
        let lists = Self::list_bytes(size.n as usize, memory) as f64;
        (2.0 * size.panels() + 320.0 * size.n, 144.0 * size.n + lists)
    }

    fn set_memory(&mut self, bytes: usize) {
        self.capacity = capacity(self.lists.len(), bytes);
    }

    /// How many examples each element of `order` serves best, the earlier of equals: CRAIG's weights. They sum to the
    /// number of examples. O(n k d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where an element does not exist or occurs twice.
    pub fn cluster_sizes(&self, order: &[usize]) -> Result<Vec<usize>, PruneError> {
        check_elements(order, self.n_elements())?;
        let mut sizes = vec![0; order.len()];
        if !order.is_empty() {
            self.similarities.most_similar(order).into_iter().for_each(|position| sizes[position] += 1);
        }
        Ok(sizes)
    }

    /// Whether most elements serve too many examples better than those chosen for these to be noted.
    fn is_early(&self) -> bool {
        self.capacity.saturating_mul(self.n_added + 1) < 2 * self.lists.len()
    }

    /// Notes that m of an example has grown.
    fn raise(best: &mut f64, example: usize, similarity: f64, changes: &mut Changes) {
        if similarity > *best {
            changes.examples.push(example);
            changes.before.push(*best);
            changes.after.push(similarity);
            *best = similarity;
        }
    }

    /// From how many added on all changes are known, and how many changes there were since, for each later number.
    fn n_changes_since(&self) -> (usize, Vec<usize>) {
        let mut n_changes = vec![0];
        for changes in self.changes.iter().rev() {
            n_changes.push(n_changes[n_changes.len() - 1] + changes.examples.len());
        }
        n_changes.reverse();
        (self.n_added - self.changes.len(), n_changes)
    }

    /// Bounds of gains of elements, which are ordered by when their last bounds were found: these, less what has been
    /// lost since.
    fn tightened(&mut self, elements: &[usize]) -> Vec<f64> {
        let (bounds, n_added) = (&self.known, self.n_added);
        let known = |element: usize| bounds[element].unwrap_or((f64::INFINITY, n_added));
        let mut losses = vec![0.0; elements.len()];
        let first = self.n_added - self.changes.len();
        for (at, changes) in self.changes.iter_mut().enumerate() {
            let before_it = &elements[..elements.partition_point(|&element| known(element).1 <= first + at)];
            if before_it.is_empty() {
                continue;
            }
            if changes.similarities.is_none() {
                changes.similarities = self.similarities.among(&changes.examples);
                let padded = changes.examples.len().next_multiple_of(ROWS);
                changes.before.resize(padded, f64::INFINITY);
                changes.after.resize(padded, f64::INFINITY);
            }
            let Some(similarities) = &changes.similarities else { continue };
            let (before, after) = (changes.before.as_chunks().0, changes.after.as_chunks().0);
            let found = similarities.by_elements_of(&self.similarities, &changes.examples, before_it, |chunk| {
                Losses { before, after, lanes: vec![[0.0; ROWS]; chunk.len()] }
            });
            let found = found.iter().flat_map(|found| found.lanes.iter().map(sum_lanes));
            losses.iter_mut().zip(found).for_each(|(loss, found)| *loss += found);
        }
        // No sum is off by more, neither those subtracted nor the gain that is bounded.
        let rounding = (self.lists.len() + 64 * (self.changes.len() + 1)) as f64 * f64::EPSILON;
        let bound = |(&element, loss): (&usize, f64)| {
            let bound = known(element).0;
            bound.min(bound - loss + rounding * bound)
        };
        elements.iter().zip(losses).map(bound).collect()
    }

    /// Gains from the similarities to all examples, noting who counts where these are few.
    fn dense_gains(&mut self, elements: &[usize]) -> Vec<f64> {
        let best = self.best.as_chunks().0;
        let is_early = self.is_early();
        let room = |element: &usize| {
            // Nobody who did not count then counts now.
            let count = self.counts[*element] as usize;
            let may_be_few = count <= self.capacity || !is_early;
            may_be_few.then(|| List::with_room(count.min(self.capacity)))
        };
        let found = self.similarities.by_elements(elements, |chunk| Gains {
            best,
            lanes: vec![[0.0; ROWS]; chunk.len()],
            counts: vec![[0; ROWS]; chunk.len()],
            lists: chunk.iter().map(room).collect(),
            n_listed: vec![0; chunk.len()],
        });
        let mut gains = Vec::with_capacity(elements.len());
        let mut elements = elements.iter();
        for found in found {
            gains.extend(found.lanes.iter().map(sum_lanes));
            let counted = found.counts.iter().zip(found.lists).zip(found.n_listed);
            for (((count, list), n_listed), &element) in counted.zip(elements.by_ref()) {
                self.counts[element] = count.iter().sum();
                self.lists[element] = list.map(|mut list| {
                    list.truncate(n_listed);
                    list
                });
            }
        }
        gains
    }
}

impl SubmodularObjective for FacilityLocation {
    fn n_elements(&self) -> usize {
        self.lists.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        let gain = match &mut self.lists[element] {
            Some(list) => list.gain(&self.best),
            None => self.dense_gains(&[element])[0],
        };
        self.known[element] = Some((gain, self.n_added));
        gain
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        let unknown: Vec<usize> =
            elements.iter().copied().filter(|&element| self.lists[element].is_none()).collect();
        let mut computed = if unknown.is_empty() { Vec::new() } else { self.dense_gains(&unknown) }.into_iter();
        let mut unknown = unknown.into_iter().peekable();
        let is_unknown = elements.iter().map(|&element| unknown.next_if_eq(&element).is_some());
        let is_unknown: Vec<bool> = is_unknown.collect();
        let listed = elements.iter().zip(&is_unknown).filter(|(_, unknown)| !**unknown);
        // Taken out and put back, so that threads can share them.
        let mut lists: Vec<List> =
            listed.map(|(&element, _)| self.lists[element].take().unwrap_or_default()).collect();
        let n_entries: usize = lists.iter().map(|list| list.examples.len()).sum();
        let known: Vec<f64> = if n_entries > 100_000 {
            lists.par_iter_mut().with_min_len(8).map(|list| list.gain(&self.best)).collect()
        } else {
            lists.iter_mut().map(|list| list.gain(&self.best)).collect()
        };
        let mut known = known.into_iter().zip(lists);
        for (&element, unknown) in elements.iter().zip(is_unknown) {
            let gain = if unknown {
                computed.next()
            } else {
                known.next().map(|(gain, list)| {
                    self.lists[element] = Some(list);
                    gain
                })
            };
            self.known[element] = gain.map(|gain| (gain, self.n_added));
            gains.extend(gain);
        }
    }

    fn bounds(&mut self, elements: &[usize], bounds: &mut Vec<Bound>) {
        if self.n_added == 0
            && let Some(sums) = self.similarities.sum_bounds(elements)
        {
            // Nobody is served yet, so that a gain is the sum of all similarities.
            for (&element, value) in elements.iter().zip(sums) {
                self.known[element] = Some((value, 0));
                bounds.push(Bound { value, is_gain: false });
            }
            return;
        }
        let n = self.lists.len();
        let (first, n_changes) = self.n_changes_since();
        // Where more has changed, the gain costs hardly more than the bound.
        let is_near = |n_added: usize| n_added >= first && n_changes[n_added - first] <= n / 4 * 3;
        let is_early = self.is_early();
        let (mut bounded, others): (Vec<usize>, Vec<usize>) = elements.iter().partition(|&&element| {
            is_early
                && self.lists[element].is_none()
                && self.known[element].is_some_and(|(_, n_added)| is_near(n_added))
        });
        bounded.sort_by_key(|&element| self.known[element].map(|(_, n_added)| n_added));
        let tightened = self.tightened(&bounded);
        for (&element, &bound) in bounded.iter().zip(&tightened) {
            self.known[element] = Some((bound, self.n_added));
        }
        let mut gains = Vec::with_capacity(others.len());
        self.gains(&others, &mut gains);
        let mut others = others.into_iter().zip(gains).peekable();
        for &element in elements {
            bounds.push(match others.next_if(|&(other, _)| other == element) {
                Some((_, value)) => Bound { value, is_gain: true },
                None => {
                    let value = self.known[element].map_or(f64::INFINITY, |(bound, _)| bound);
                    Bound { value, is_gain: false }
                }
            });
        }
    }

    fn add(&mut self, element: usize) {
        let mut changes = Changes::default();
        match self.lists[element].take() {
            Some(list) => {
                for (&example, &similarity) in list.examples.iter().zip(&list.similarities) {
                    let example = example as usize;
                    Self::raise(&mut self.best[example], example, similarity, &mut changes);
                }
            }
            None => {
                let column = self.similarities.column(element);
                for (example, (best, &similarity)) in self.best.iter_mut().zip(&column).enumerate() {
                    Self::raise(best, example, similarity, &mut changes);
                }
            }
        }
        self.n_added += 1;
        if !(self.is_early() && self.similarities.are_computed()) {
            self.changes.clear();
            return;
        }
        self.changes.push_back(changes);
        // What is longer ago serves no bound.
        let mut n_changes: usize = self.changes.iter().map(|changes| changes.examples.len()).sum();
        while n_changes > self.lists.len() {
            n_changes -= self.changes.pop_front().map_or(0, |changes| changes.examples.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::random::{below, stream, uniform};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        /// A bound is never below the gain, to the bit, whenever and for whomever it is asked for, and close to it.
        #[test]
        fn bounds_hold(
            n in 30usize..150, d in 1usize..5, seed: u64, grid: bool, memory in prop_oneof![Just(0), Just(DEFAULT_MEMORY)],
            kind in prop_oneof![
                Just(Similarity::MaxSquared), Just(Similarity::MaxDistance),
                Just(Similarity::Cosine), Just(Similarity::CosineSquared),
            ],
        ) {
            let mut rng = stream(seed, "test", 0);
            let mut values: Vec<f64> = (0..n * d).map(|_| 8.0 * uniform(&mut rng) - 3.5).collect();
            if grid {
                values.iter_mut().for_each(|value| *value = value.round() + 0.5);
            }
            let features = Features::new(&values, d).unwrap();
            let similarities = Similarities::new(&features, kind).unwrap();
            let mut objective = FacilityLocation::new(similarities.clone()).with_memory(memory);
            let mut exact = FacilityLocation::new(similarities).with_memory(memory);
            let (mut n_bounds, mut largest) = (0, 0.0);
            for pick in 0..12 {
                // Not all of them every time, so that bounds are of different age.
                let elements: Vec<usize> = (0..n).filter(|_| pick < 2 || below(&mut rng, 3) > 0).collect();
                let (mut bounds, mut gains) = (Vec::new(), Vec::new());
                objective.bounds(&elements, &mut bounds);
                exact.gains(&elements, &mut gains);
                largest = gains.iter().copied().fold(largest, f64::max);
                for (bound, &gain) in bounds.iter().zip(&gains) {
                    prop_assert!(bound.value >= gain && (!bound.is_gain || bound.value == gain), "{bound:?} {gain}");
                    prop_assert!(bound.value - gain <= 1e-10 * largest, "{bound:?} {gain}");
                    n_bounds += usize::from(!bound.is_gain);
                }
                let element = below(&mut rng, n);
                objective.add(element);
                exact.add(element);
            }
            prop_assert!(memory > 0 || n_bounds > 0);
        }
    }
}
