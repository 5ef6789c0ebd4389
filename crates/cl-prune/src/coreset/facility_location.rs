use rayon::prelude::*;

use super::kernel::ROWS;
use super::objective::SubmodularObjective;
use super::similarity::{Similarities, SimilarityVisitor, sum_lanes};
use crate::PruneError;

/// The memory that lists of examples may take, where none is given: 1 GiB.
const DEFAULT_MEMORY: usize = 1 << 30;

/// Bytes that a list needs for an example.
const ENTRY: usize = size_of::<u32>() + size_of::<f64>();

/// Facility location: how well every example is served by the most similar one chosen.
///
/// ```text
/// f(S)       = sum_i max_{j in S} s_ij,   f({}) = 0
/// gain(j)    = sum_i max(0, s_ij - m_i),  m_i = max_{j in S} s_ij
/// ```
///
/// Monotone submodular. A gain computed anew costs O(n d); with it the examples that j would serve better are counted,
/// and noted once they are few. Later only those can count, so that from then on a gain costs as much as its list is
/// long: about n / |S|. O(n d) memory and the lists', which are bounded; never n x n.
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
}

#[derive(Debug, Clone, Default)]
struct List {
    examples: Vec<u32>,
    similarities: Vec<f64>,
}

impl List {
    /// Room for this many examples and a panel's more.
    fn with_room(n: usize) -> Self {
        Self { examples: vec![0; n + ROWS], similarities: vec![0.0; n + ROWS] }
    }

    fn truncate(&mut self, n: usize) {
        self.examples.truncate(n);
        self.similarities.truncate(n);
    }

    /// The gain, forgetting the examples that count no longer.
    fn gain(&mut self, best: &[f64]) -> f64 {
        let mut lanes = [0.0; ROWS];
        let mut n = 0;
        for at in 0..self.examples.len() {
            let (example, similarity) = (self.examples[at], self.similarities[at]);
            let term = similarity - best[example as usize];
            if term > 0.0 {
                lanes[example as usize % ROWS] += term;
                self.examples[n] = example;
                self.similarities[n] = similarity;
                n += 1;
            }
        }
        self.truncate(n);
        if n < self.examples.capacity() / 4 {
            self.examples.shrink_to_fit();
            self.similarities.shrink_to_fit();
        }
        sum_lanes(&lanes)
    }
}

/// The most examples that are noted for an element, of `n` that may take `bytes` together.
fn capacity(n: usize, bytes: usize) -> usize {
    if u32::try_from(n).is_err() {
        return 0;
    }
    // Longer lists cost more to write than they save.
    (bytes / ENTRY / n.max(1)).min((n / 8).max(64))
}

impl FacilityLocation {
    /// Facility location over these similarities, nothing chosen.
    pub fn new(similarities: Similarities) -> Self {
        let n = similarities.n_examples();
        let mut best = vec![0.0; n];
        best.resize(n.next_multiple_of(ROWS), f64::INFINITY);
        let (counts, lists) = (vec![u32::MAX; n], vec![None; n]);
        let mut objective = Self { similarities, best, counts, lists, capacity: 0 };
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
        n.saturating_mul((capacity(n, bytes) + ROWS) * ENTRY)
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
        super::greedy::check_elements(order, self.n_elements())?;
        let mut sizes = vec![0; order.len()];
        if !order.is_empty() {
            self.similarities.most_similar(order).into_iter().for_each(|position| sizes[position] += 1);
        }
        Ok(sizes)
    }

    /// Gains from the similarities to all examples, noting who counts where these are few.
    fn dense_gains(&mut self, elements: &[usize]) -> Vec<f64> {
        let best = self.best.as_chunks().0;
        let room = |element: &usize| {
            // Nobody who did not count then counts now.
            let count = self.counts[*element] as usize;
            (count <= self.capacity).then(|| List::with_room(count))
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

struct Gains<'a> {
    best: &'a [[f64; ROWS]],
    lanes: Vec<[f64; ROWS]>,
    counts: Vec<[u32; ROWS]>,
    lists: Vec<Option<List>>,
    n_listed: Vec<usize>,
}

impl SimilarityVisitor for Gains<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, similarities: &[f64; ROWS]) {
        let mut terms = [0.0f64; ROWS];
        for ((term, &similarity), &best) in terms.iter_mut().zip(similarities).zip(&self.best[panel]) {
            *term = (similarity - best).max(0.0);
        }
        for (lane, &term) in self.lanes[column].iter_mut().zip(&terms) {
            *lane += term;
        }
        for (count, &term) in self.counts[column].iter_mut().zip(&terms) {
            *count += u32::from(term > 0.0);
        }
        let Some(list) = &mut self.lists[column] else { return };
        let largest = terms.iter().fold(0.0f64, |largest, &term| largest.max(term));
        if largest > 0.0 {
            // All are written, and those kept that count: a branch for each would be mispredicted.
            let first = self.n_listed[column];
            let mut n = 0;
            let examples = &mut list.examples[first..first + ROWS];
            let noted = &mut list.similarities[first..first + ROWS];
            for (row, (&term, &similarity)) in terms.iter().zip(similarities).enumerate() {
                examples[n] = (panel * ROWS + row) as u32;
                noted[n] = similarity;
                n += usize::from(term > 0.0);
            }
            self.n_listed[column] = first + n;
        }
    }
}

impl SubmodularObjective for FacilityLocation {
    fn n_elements(&self) -> usize {
        self.lists.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        match &mut self.lists[element] {
            Some(list) => list.gain(&self.best),
            None => self.dense_gains(&[element])[0],
        }
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
            if unknown {
                gains.extend(computed.next());
            } else if let Some((gain, list)) = known.next() {
                self.lists[element] = Some(list);
                gains.push(gain);
            }
        }
    }

    fn add(&mut self, element: usize) {
        match self.lists[element].take() {
            Some(list) => {
                for (&example, &similarity) in list.examples.iter().zip(&list.similarities) {
                    let best = &mut self.best[example as usize];
                    *best = best.max(similarity);
                }
            }
            None => {
                let column = self.similarities.column(element);
                self.best.iter_mut().zip(&column).for_each(|(best, &similarity)| *best = best.max(similarity));
            }
        }
    }
}
