//! Who would be served better: lists of examples, and what finds them.

use super::{kernel::ROWS, points::SimilarityVisitor, similarities::sum_lanes};

/// Bytes that a list needs for an example.
pub(super) const ENTRY_BYTES: usize = size_of::<u32>() + size_of::<f64>();

/// The examples that an element would serve better than all chosen, and their similarities to it.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    pub(super) examples: Vec<u32>,
    pub(super) similarities: Vec<f64>,
}

impl List {
    /// Room for this many examples and a panel's more.
    pub(super) fn with_room(n: usize) -> Self {
        Self { examples: vec![0; n + ROWS], similarities: vec![0.0; n + ROWS] }
    }

    pub(super) fn truncate(&mut self, n: usize) {
        self.examples.truncate(n);
        self.similarities.truncate(n);
        if n < self.examples.capacity() / 4 {
            self.examples.shrink_to_fit();
            self.similarities.shrink_to_fit();
        }
    }

    /// The gain, forgetting the examples that count no longer.
    pub(super) fn gain(&mut self, best: &[f64]) -> f64 {
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
        sum_lanes(&lanes)
    }
}

/// The most examples that are noted for an element, of `n` that may take `bytes` together.
pub(super) fn capacity(n: usize, bytes: usize) -> usize {
    if u32::try_from(n).is_err() {
        return 0;
    }
    // Longer lists cost more to write than they save.
    (bytes / ENTRY_BYTES / n.max(1)).min((n / 8).max(64))
}

/// How much smaller gains are by a change.
pub(super) struct Losses<'a> {
    pub(super) before: &'a [[f64; ROWS]],
    pub(super) after: &'a [[f64; ROWS]],
    pub(super) lanes: Vec<[f64; ROWS]>,
}

impl SimilarityVisitor for Losses<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, similarities: &[f64; ROWS]) {
        // max(0, s - before) - max(0, s - after), as before <= after.
        let mut terms = *similarities;
        terms.iter_mut().zip(&self.after[panel]).for_each(|(term, after)| *term = term.min(*after));
        terms.iter_mut().zip(&self.before[panel]).for_each(|(term, before)| *term = (*term - before).max(0.0));
        self.lanes[column].iter_mut().zip(&terms).for_each(|(lane, term)| *lane += term);
    }
}

/// Gains, and who counts for them where these are few.
pub(super) struct Gains<'a> {
    pub(super) best: &'a [[f64; ROWS]],
    pub(super) lanes: Vec<[f64; ROWS]>,
    pub(super) counts: Vec<[u32; ROWS]>,
    pub(super) lists: Vec<Option<List>>,
    pub(super) n_listed: Vec<usize>,
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
            let first = self.n_listed[column];
            if first + ROWS > list.examples.len() {
                // They are too many after all.
                self.lists[column] = None;
                return;
            }
            // All are written, and those kept that count: a branch for each would be mispredicted.
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
