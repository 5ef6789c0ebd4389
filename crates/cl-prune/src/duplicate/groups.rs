use std::cmp::Ordering;

use cl_data::Scalar;

use crate::coreset::Features;
use crate::error::PruneError;

/// Examples in groups of duplicates: the components of a graph, an example without a duplicate alone in its own.
///
/// ```
/// use cl_prune::duplicate::{DuplicateGroups, Survivor};
///
/// let groups = DuplicateGroups::of_pairs(5, [(3, 1), (1, 4)])?;
/// assert_eq!(groups.groups(), [vec![1, 3, 4]]);
/// assert_eq!(groups.kept(Survivor::First)?, [0, 1, 2]);
/// assert_eq!(groups.kept(Survivor::Highest(&[0.0, 1.0, 5.0, 7.0, 2.0]))?, [0, 2, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateGroups {
    /// Of each example the first of its group.
    first: Vec<u32>,
}

/// Which example of a group stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Survivor<'a> {
    /// The first.
    First,
    /// The one of the highest of these scores, the first of equal ones.
    Highest(&'a [f64]),
    /// The one of the lowest of these scores, the first of equal ones.
    Lowest(&'a [f64]),
}

impl DuplicateGroups {
    /// The components of these pairs among `n_examples`, for which there is a union-find: almost O(n + pairs).
    ///
    /// # Errors
    /// Where a pair is beyond the examples, or there are 2^32 of these.
    pub fn of_pairs(
        n_examples: usize,
        pairs: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Self, PruneError> {
        let mut components = Components::new(n_examples)?;
        for (a, b) in pairs {
            if let Some(&index) = [a, b].iter().find(|&&index| index >= n_examples) {
                return Err(PruneError::IndexOutOfRange { what: "a duplicate", index, n_examples });
            }
            components.join(a, b);
        }
        Ok(components.into_groups())
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.first.len()
    }

    /// The first example of the group of this one; itself where it has no duplicate before it. None where there is no such
    /// example.
    pub fn first_of(&self, example: usize) -> Option<usize> {
        self.first.get(example).map(|&first| first as usize)
    }

    /// How many examples are not the first of their groups: as many go.
    pub fn n_duplicates(&self) -> usize {
        self.first.iter().zip(0..).filter(|&(&first, example)| first != example).count()
    }

    /// The groups of at least two, in the order of their first examples, each in increasing order.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<u32> = (0..self.first.len() as u32).collect();
        order.sort_by_key(|&example| self.first[example as usize]);
        let groups = order.chunk_by(|&a, &b| self.first[a as usize] == self.first[b as usize]);
        let several = groups.filter(|group| group.len() > 1);
        several.map(|group| group.iter().map(|&example| example as usize).collect()).collect()
    }

    /// One example of each group, in increasing order. O(n).
    ///
    /// # Errors
    /// Where there are not as many scores as examples, or one of a group is NaN.
    pub fn kept(&self, survivor: Survivor<'_>) -> Result<Vec<usize>, PruneError> {
        let n = self.first.len();
        let (scores, wanted) = match survivor {
            Survivor::First => (None, Ordering::Less),
            Survivor::Highest(scores) => (Some(scores), Ordering::Greater),
            Survivor::Lowest(scores) => (Some(scores), Ordering::Less),
        };
        if let Some(scores) = scores.filter(|scores| scores.len() != n) {
            return Err(PruneError::LengthMismatch { what: "scores", found: scores.len(), expected: n });
        }
        let mut survivors: Vec<u32> = self.first.clone();
        for (example, &first) in self.first.iter().enumerate() {
            let Some(scores) = scores else { break };
            let best = &mut survivors[first as usize];
            let order = scores[example].partial_cmp(&scores[*best as usize]);
            let order = order.ok_or(PruneError::NotANumber { example })?;
            if order == wanted {
                *best = example as u32;
            }
        }
        let firsts = (0..n).filter(|&example| self.first[example] as usize == example);
        let mut kept: Vec<usize> = firsts.map(|first| survivors[first] as usize).collect();
        kept.sort_unstable();
        Ok(kept)
    }

    /// These groups and others of the same examples: duplicates by either are.
    pub(super) fn joined(&self, pairs: impl IntoIterator<Item = (usize, usize)>) -> Result<Self, PruneError> {
        let own = self.first.iter().enumerate().map(|(example, &first)| (example, first as usize));
        Self::of_pairs(self.first.len(), own.chain(pairs))
    }
}

/// How near each example is to the centre of its group: minus the squared Euclidean distance to the mean of the group, for
/// [`Survivor::Highest`]. 0 for an example alone. O(n d).
///
/// # Errors
/// Where there are not as many examples as in the groups.
pub fn nearness_to_center<T: Scalar>(
    features: &Features<'_, T>,
    groups: &DuplicateGroups,
) -> Result<Vec<f64>, PruneError> {
    let (n, d) = (features.n_examples(), features.n_features());
    if n != groups.n_examples() {
        return Err(PruneError::LengthMismatch { what: "features", found: n, expected: groups.n_examples() });
    }
    let mut nearness = vec![0.0; n];
    for group in groups.groups() {
        let mut mean = vec![0.0; d];
        for &example in &group {
            mean.iter_mut().zip(features.example(example)).for_each(|(mean, value)| *mean += value.as_f64());
        }
        mean.iter_mut().for_each(|mean| *mean /= group.len() as f64);
        for &example in &group {
            let squared = features.example(example).iter().zip(&mean);
            nearness[example] = -squared.map(|(value, mean)| (value.as_f64() - mean).powi(2)).sum::<f64>();
        }
    }
    Ok(nearness)
}

/// A union-find whose roots are the first examples of their components.
pub(super) struct Components {
    parents: Vec<u32>,
}

impl Components {
    pub(super) fn new(n: usize) -> Result<Self, PruneError> {
        if u32::try_from(n).is_err() {
            return Err(PruneError::argument("n_examples", n, "fewer than 2^32"));
        }
        Ok(Self { parents: (0..n as u32).collect() })
    }

    /// The first of an example's component; paths are halved on the way (Tarjan and van Leeuwen 1984).
    pub(super) fn first_of(&mut self, example: usize) -> usize {
        let mut at = example as u32;
        while self.parents[at as usize] != at {
            let grandparent = self.parents[self.parents[at as usize] as usize];
            self.parents[at as usize] = grandparent;
            at = grandparent;
        }
        at as usize
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first_of(a), self.first_of(b));
        self.parents[a.max(b)] = a.min(b) as u32;
    }

    pub(super) fn into_groups(mut self) -> DuplicateGroups {
        let first = (0..self.parents.len()).map(|example| self.first_of(example) as u32).collect();
        DuplicateGroups { first }
    }
}
