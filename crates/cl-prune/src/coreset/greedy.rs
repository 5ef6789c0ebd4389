use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;

use cl_data::random::{below, permutation, stream};
use serde::{Deserialize, Serialize};

use super::objective::{Bound, Coreset, SubmodularObjective};
use crate::error::PruneError;

/// The most stale gains renewed at a time.
const MAX_BATCH: usize = 1024;

/// How a greedy algorithm finds the element of largest gain.
///
/// | optimiser | gains computed per pick | guarantee for monotone submodular f |
/// |---|---|---|
/// | `naive` | all n | f(S) >= (1 - 1/e) f(best) |
/// | `lazy` | those whose bound reaches the top | the same set as `naive`, in the same order |
/// | `stochastic` | (n / k) ln(1 / epsilon) at random | (1 - 1/e - epsilon) f(best) in expectation |
/// | `lazier-than-lazy` | those of the sample whose bound reaches its top | the same set as `stochastic` |
///
/// `naive` and `lazy` are nested: the first picks do not depend on how many follow. The sample of the two others does.
///
/// Source: Nemhauser, Wolsey and Fisher (1978), An analysis of approximations for maximizing submodular set functions;
/// Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions; Mirzasoleiman et al. (2015),
/// Lazier than lazy greedy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// All gains, every time.
    Naive,
    /// Gains only where an earlier one, which bounds them, reaches the top.
    #[default]
    Lazy,
    /// A random sample every time.
    Stochastic,
    /// Lazy within the random sample.
    LazierThanLazy,
}

impl Optimizer {
    /// The optimisers by name.
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("naive", Self::Naive),
        ("lazy", Self::Lazy),
        ("stochastic", Self::Stochastic),
        ("lazier-than-lazy", Self::LazierThanLazy),
    ];
}

impl fmt::Display for Optimizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(Self::NAMES.iter().find(|(_, optimizer)| optimizer == self).map_or("", |(name, _)| name))
    }
}

/// Which of several elements with exactly the same gain is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// The one of lowest index.
    #[default]
    LowestIndex,
    /// The one that comes first in a random order drawn from the seed: fair to every example of sorted data.
    Seeded,
}

/// Greedy maximisation of a submodular objective: `count` times the element of largest gain.
///
/// ```text
/// S_0 = {},   S_{t+1} = S_t + argmax_e f(S_t + e) - f(S_t)
/// ```
///
/// ```
/// use cl_prune::coreset::{FacilityLocation, Greedy, Optimizer, Similarities};
///
/// let similarities = [1.0, 0.8, 0.1, 0.2, 0.8, 1.0, 0.2, 0.1, 0.1, 0.2, 1.0, 0.6, 0.2, 0.1, 0.6, 1.0];
/// let mut objective = FacilityLocation::new(Similarities::of_matrix(4, &similarities)?);
/// let coreset = Greedy::new(Optimizer::Naive).select(&mut objective, 2)?;
/// assert_eq!(coreset.order, [0, 2]); // 2 and 3 would both add 1.3
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Greedy {
    optimizer: Optimizer,
    ties: Ties,
    epsilon: f64,
    seed: u64,
}

impl Default for Greedy {
    fn default() -> Self {
        Self::new(Optimizer::default())
    }
}

impl Greedy {
    /// Greedy with this optimiser; ties to the lowest index, epsilon 0.1, seed 0.
    pub fn new(optimizer: Optimizer) -> Self {
        Self { optimizer, ties: Ties::LowestIndex, epsilon: 0.1, seed: 0 }
    }

    /// The optimiser.
    pub fn optimizer(&self) -> Optimizer {
        self.optimizer
    }

    pub(super) fn ties(&self) -> Ties {
        self.ties
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The same with another rule for ties.
    pub fn with_ties(self, ties: Ties) -> Self {
        Self { ties, ..self }
    }

    /// The same with another seed, for samples and seeded ties.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same with another epsilon, of the stochastic optimisers: what they may miss in expectation.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where it is outside of (0, 1).
    pub fn with_epsilon(self, epsilon: f64) -> Result<Self, PruneError> {
        if !(epsilon > 0.0 && epsilon < 1.0) {
            return Err(PruneError::argument("epsilon", epsilon, "a number in (0, 1)"));
        }
        Ok(Self { epsilon, ..self })
    }

    /// `count` elements of `objective`, which holds them afterwards.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer.
    pub fn select<O>(&self, objective: &mut O, count: usize) -> Result<Coreset, PruneError>
    where
        O: SubmodularObjective + ?Sized,
    {
        let elements: Vec<usize> = (0..objective.n_elements()).collect();
        self.select_among(objective, &elements, count)
    }

    /// `count` of these elements.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer; [`PruneError::InvalidArgument`] where one is no element of the objective or
    /// occurs twice.
    pub fn select_among<O>(
        &self,
        objective: &mut O,
        elements: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError>
    where
        O: SubmodularObjective + ?Sized,
    {
        let n = objective.n_elements();
        check_elements(elements, n)?;
        if count > elements.len() {
            return Err(PruneError::Count { count, n_examples: elements.len() });
        }
        let ranks = match self.ties {
            Ties::LowestIndex => None,
            Ties::Seeded => Some(permutation(&mut stream(self.seed, "greedy ties", 0), n)),
        };
        let candidate = |element: usize, bound: Bound, renewed: usize| {
            let rank = ranks.as_ref().map_or(element, |ranks| ranks[element]);
            Candidate::new(element, bound, rank, renewed)
        };
        Ok(match self.optimizer {
            // No bound holds where gains may grow.
            Optimizer::Lazy if !objective.is_submodular() => naive(objective, elements, count, candidate),
            Optimizer::Naive => naive(objective, elements, count, candidate),
            Optimizer::Lazy => lazy(objective, elements, count, candidate),
            Optimizer::Stochastic => self.stochastic(objective, elements, count, candidate, false),
            Optimizer::LazierThanLazy => {
                let lazily = objective.is_submodular();
                self.stochastic(objective, elements, count, candidate, lazily)
            }
        })
    }

    fn stochastic<O: SubmodularObjective + ?Sized>(
        &self,
        objective: &mut O,
        elements: &[usize],
        count: usize,
        candidate: impl Fn(usize, Bound, usize) -> Candidate,
        lazily: bool,
    ) -> Coreset {
        let share = elements.len() as f64 / count.max(1) as f64;
        let sample_size = ((share * -self.epsilon.ln()).ceil() as usize).max(1);
        let mut left = elements.to_vec();
        // What each gain was when it was last computed: a bound.
        let mut bounds = vec![f64::INFINITY; if lazily { objective.n_elements() } else { 0 }];
        let mut coreset = Coreset::with_capacity(count);
        let mut gains = Vec::new();
        for pick in 0..count {
            let rng = &mut stream(self.seed, "stochastic greedy", pick as u64);
            let n_sampled = sample_size.min(left.len());
            for at in 0..n_sampled {
                let other = at + below(rng, left.len() - at);
                left.swap(at, other);
            }
            let sample = &left[..n_sampled];
            let best = if lazily {
                let mut heap =
                    sample.iter().map(|&element| candidate(element, gain(bounds[element]), 0)).collect();
                let best = renew_until_fresh(objective, &mut heap, pick + 1, &mut gains, |element, bound| {
                    bounds[element] = bound.value;
                    candidate(element, bound, pick + 1)
                });
                best.unwrap_or_else(|| candidate(sample[0], gain(0.0), 0))
            } else {
                best_of(objective, sample, &mut gains, &candidate)
            };
            if let Some(at) = sample.iter().position(|&element| element == best.element) {
                left.swap_remove(at);
            }
            objective.add(best.element);
            coreset.push(best.element, best.gain);
        }
        coreset
    }
}

/// Elements must exist, once.
pub(super) fn check_elements(elements: &[usize], n: usize) -> Result<(), PruneError> {
    let mut seen = vec![false; n];
    for &element in elements {
        match seen.get_mut(element) {
            None => return Err(PruneError::argument("elements", element, format!("indices below {n}"))),
            Some(true) => {
                return Err(PruneError::argument("elements", format!("{element} twice"), "each one once"));
            }
            Some(seen) => *seen = true,
        }
    }
    Ok(())
}

/// Those chosen before must be examples, each once, and leave as many as are asked for.
pub(super) fn check_left(chosen: &[usize], n: usize, count: usize) -> Result<(), PruneError> {
    check_elements(chosen, n)?;
    let n_examples = n - chosen.len();
    if count > n_examples { Err(PruneError::Count { count, n_examples }) } else { Ok(()) }
}

/// An element with a gain, ordered by it; of equals the one of lower rank is the greater.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    gain: f64,
    rank: usize,
    element: usize,
    /// The pick that the gain was computed for.
    renewed: usize,
    /// Whether it is the gain, and not a bound of it.
    is_gain: bool,
}

impl Candidate {
    pub(super) fn new(element: usize, bound: Bound, rank: usize, renewed: usize) -> Self {
        Self { gain: bound.value, rank, element, renewed, is_gain: bound.is_gain }
    }

    pub(super) fn element(&self) -> usize {
        self.element
    }

    pub(super) fn gain(&self) -> f64 {
        self.gain
    }
}

fn gain(value: f64) -> Bound {
    Bound { value, is_gain: true }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        // Adding 0.0 makes -0.0 equal to 0.0.
        (self.gain + 0.0).total_cmp(&(other.gain + 0.0)).then(other.rank.cmp(&self.rank))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

/// The best of elements, of which there is at least one.
fn best_of<O: SubmodularObjective + ?Sized>(
    objective: &mut O,
    elements: &[usize],
    gains: &mut Vec<f64>,
    candidate: impl Fn(usize, Bound, usize) -> Candidate,
) -> Candidate {
    gains.clear();
    objective.gains(elements, gains);
    let candidates = elements.iter().zip(gains).map(|(&element, &mut value)| candidate(element, gain(value), 0));
    candidates.max().unwrap_or(Candidate { gain: 0.0, rank: 0, element: 0, renewed: 0, is_gain: true })
}

fn naive<O: SubmodularObjective + ?Sized>(
    objective: &mut O,
    elements: &[usize],
    count: usize,
    candidate: impl Fn(usize, Bound, usize) -> Candidate,
) -> Coreset {
    let mut left = elements.to_vec();
    let mut coreset = Coreset::with_capacity(count);
    let mut gains = Vec::with_capacity(left.len());
    for _ in 0..count {
        let best = best_of(objective, &left, &mut gains, &candidate);
        left.retain(|&element| element != best.element);
        objective.add(best.element);
        coreset.push(best.element, best.gain);
    }
    coreset
}

fn lazy<O: SubmodularObjective + ?Sized>(
    objective: &mut O,
    elements: &[usize],
    count: usize,
    candidate: impl Fn(usize, Bound, usize) -> Candidate,
) -> Coreset {
    let mut coreset = Coreset::with_capacity(count);
    let mut bounds = Vec::with_capacity(elements.len());
    if count > 0 {
        objective.bounds(elements, &mut bounds);
    }
    let first = elements.iter().zip(bounds).map(|(&element, bound)| candidate(element, bound, 0));
    let mut heap: BinaryHeap<Candidate> = first.collect();
    let mut gains = Vec::new();
    for pick in 0..count {
        let renew = |element, bound| candidate(element, bound, pick);
        if let Some(best) = renew_until_fresh(objective, &mut heap, pick, &mut gains, renew) {
            objective.add(best.element);
            coreset.push(best.element, best.gain);
        }
    }
    coreset
}

/// Takes the best from the heap, renewing at its top what is stale, and computing the gain where there is but a bound; a
/// few first and then more at a time: renewing more than needed changes nothing.
pub(super) fn renew_until_fresh<O: SubmodularObjective + ?Sized>(
    objective: &mut O,
    heap: &mut BinaryHeap<Candidate>,
    pick: usize,
    gains: &mut Vec<f64>,
    mut renew: impl FnMut(usize, Bound) -> Candidate,
) -> Option<Candidate> {
    let (mut taken, mut bounds) = (Vec::new(), Vec::new());
    let (mut n_stale, mut n_bounded) = (1, 1);
    loop {
        let is_stale = |top: &Candidate| top.renewed < pick;
        take(heap, n_stale, is_stale, &mut taken);
        if !taken.is_empty() {
            bounds.clear();
            objective.bounds(&taken, &mut bounds);
            heap.extend(taken.iter().zip(&bounds).map(|(&element, &bound)| renew(element, bound)));
            n_stale = (2 * n_stale).min(MAX_BATCH);
            continue;
        }
        take(heap, n_bounded, |top| !is_stale(top) && !top.is_gain, &mut taken);
        if taken.is_empty() {
            return heap.pop();
        }
        gains.clear();
        objective.gains(&taken, gains);
        heap.extend(taken.iter().zip(gains.iter()).map(|(&element, &value)| renew(element, gain(value))));
        n_bounded = (2 * n_bounded).min(MAX_BATCH);
    }
}

/// The elements at the top, at most so many, as long as it is such a one.
fn take(
    heap: &mut BinaryHeap<Candidate>,
    at_most: usize,
    is_such: impl Fn(&Candidate) -> bool,
    taken: &mut Vec<usize>,
) {
    taken.clear();
    while taken.len() < at_most && heap.peek().is_some_and(&is_such) {
        taken.extend(heap.pop().map(|top| top.element));
    }
}
