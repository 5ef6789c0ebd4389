//! A run of neighbouring examples with all their accumulators: what one thread works on.

use std::collections::BTreeMap;
use std::iter::once;

use cl_data::instructions;
use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::accumulate::Presented;
use super::accumulators::{Accumulator, State};
use super::block::{Block, LANES, Positions};
use super::input::Wanted;
use super::metric::Range;
use super::observations::AnyObservations;
use crate::error::DifficultyError;

/// Examples per shard: their accumulators stay in a core's own cache.
pub(crate) const SHARD: usize = 4096;

/// The label of an example that was never observed.
const UNKNOWN: u32 = u32::MAX;

/// Which observations belong to a shard.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// `n` neighbours: position `position + k` is the shard's example `example + k`.
    Run { position: usize, example: usize, n: usize },
    /// Positions in any order.
    Scattered(&'a [usize]),
}

impl Part<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        match self {
            Self::Run { n, .. } => *n,
            Self::Scattered(positions) => positions.len(),
        }
    }

    /// The position and the shard's example of the `k`-th; the shard starts at example `first`.
    #[inline(always)]
    fn at(&self, k: usize, indices: &[usize], first: usize) -> (usize, usize) {
        match self {
            Self::Run { position, example, .. } => (position + k, example + k),
            Self::Scattered(positions) => (positions[k], indices[positions[k]] - first),
        }
    }
}

/// Which examples of a shard an epoch had; the bits go once it had all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    all: bool,
    bits: Vec<u64>,
}

impl Seen {
    fn contains(&self, i: usize) -> bool {
        self.all || self.bits.get(i / 64).is_some_and(|bits| bits >> (i % 64) & 1 == 1)
    }

    /// Whether this, read from a file, is of `n` examples.
    fn fits(&self, n: usize) -> bool {
        let beyond = self.bits.last().is_some_and(|bits| !n.is_multiple_of(64) && bits >> (n % 64) > 0);
        match self.all {
            true => self.bits.is_empty(),
            false => self.bits.len() == n.div_ceil(64) && !beyond && self.bits.iter().any(|&bits| bits > 0),
        }
    }

    fn overlap(&self, other: &Self, n: usize) -> Option<usize> {
        (0..n).find(|&i| self.contains(i) && other.contains(i))
    }

    fn insert(&mut self, i: usize, n: usize) {
        if !self.all {
            self.bits.resize(n.div_ceil(64), 0);
            self.bits[i / 64] |= 1 << (i % 64);
        }
    }

    fn shrink(&mut self, n: usize) {
        if self.bits.iter().map(|bits| bits.count_ones() as usize).sum::<usize>() == n {
            *self = Self { all: true, bits: Vec::new() };
        }
    }
}

/// What [`Shard::check`] found: which examples the epoch then had, and whether labels are new.
pub(crate) struct Checked {
    seen: Seen,
    new_labels: bool,
}

/// Examples `first..first + labels.len()`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shard {
    first: usize,
    n_classes: usize,
    labels: Vec<u32>,
    seen: BTreeMap<u64, Seen>,
    pub(crate) states: Vec<State>,
}

impl Shard {
    pub(crate) fn new(first: usize, n: usize, n_classes: usize, accumulators: &[(Accumulator, Range)]) -> Self {
        let states = accumulators.iter().map(|(accumulator, _)| accumulator.start(n, n_classes)).collect();
        Self { first, n_classes, labels: vec![UNKNOWN; n], seen: BTreeMap::new(), states }
    }

    /// Whether this, read from a file, is a shard of that many examples with these accumulators.
    pub(crate) fn fits(
        &self,
        first: usize,
        n: usize,
        n_classes: usize,
        accumulators: &[(Accumulator, Range)],
    ) -> bool {
        if (self.first, self.n_classes, self.labels.len()) != (first, n_classes, n)
            || !self.seen.values().all(|seen| seen.fits(n))
        {
            return false;
        }
        let observed = self.presented(Range { from: 0, until: None });
        // Labels are known of the examples observed, and of no others.
        let labelled = |(&label, &count): (&u32, &u32)| match count {
            0 => label == UNKNOWN,
            _ => (label as usize) < n_classes,
        };
        if !self.labels.iter().zip(&observed.counts).all(labelled) || self.states.len() != accumulators.len() {
            return false;
        }
        let mut known = vec![(Range { from: 0, until: None }, observed)];
        self.states.iter().zip(accumulators).all(|(state, (accumulator, range))| {
            let at = known.iter().position(|(other, _)| other == range).unwrap_or_else(|| {
                known.push((*range, self.presented(*range)));
                known.len() - 1
            });
            state.fits(&accumulator.start(n, n_classes), &known[at].1)
        })
    }

    /// What the examples were presented in the epochs of a range. O(n epochs).
    fn presented(&self, range: Range) -> Presented {
        let n = self.labels.len();
        let (mut counts, mut last) = (vec![0u32; n], vec![0; n]);
        for (&epoch, seen) in self.seen.iter().filter(|(epoch, _)| range.contains(**epoch)) {
            for i in (0..n).filter(|&i| seen.contains(i)) {
                (counts[i], last[i]) = (counts[i].saturating_add(1), epoch);
            }
        }
        Presented { counts, last }
    }

    pub(crate) fn labels(&self) -> &[u32] {
        &self.labels
    }

    pub(crate) fn epochs(&self) -> impl Iterator<Item = u64> + '_ {
        self.seen.keys().copied()
    }

    /// The first example that `epoch` lacks.
    pub(crate) fn lacks(&self, epoch: u64) -> Option<usize> {
        let lacking = |seen: &Seen| (0..self.labels.len()).find(|&i| !seen.contains(i));
        self.seen.get(&epoch).map_or(Some(0), lacking).map(|i| self.first + i)
    }

    /// The first example whose label is unknown.
    pub(crate) fn unlabelled(&self) -> Option<usize> {
        self.labels.iter().position(|&label| label == UNKNOWN).map(|i| self.first + i)
    }

    /// What recording these observations will leave marked, if nothing is wrong with them.
    pub(crate) fn check(
        &self,
        observations: &AnyObservations<'_>,
        part: Part<'_>,
        order_bound: bool,
    ) -> Result<Checked, DifficultyError> {
        let new_labels = self.check_labels(observations, part)?;
        let seen = self.mark(observations, part, order_bound)?;
        self.check_outputs(observations, part)?;
        Ok(Checked { seen, new_labels })
    }

    /// Notes whose observations come, which were checked, and their labels.
    pub(crate) fn note(&mut self, observations: &AnyObservations<'_>, part: Part<'_>, checked: Checked) {
        if checked.new_labels {
            for k in 0..part.len() {
                let (position, i) = part.at(k, observations.indices, self.first);
                self.labels[i] = observations.labels[position] as u32;
            }
        }
        self.seen.insert(observations.epoch, checked.seen);
    }

    /// Takes in a block of its examples, into the accumulators that are live.
    #[inline(always)]
    pub(crate) fn update(&mut self, block: &Block, live: &[bool]) {
        for (state, _) in self.states.iter_mut().zip(live).filter(|(_, live)| **live) {
            state.update(block);
        }
    }

    /// Which of the shards it is.
    pub(crate) fn number(&self) -> usize {
        self.first / SHARD
    }

    pub(crate) fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Takes in observations of neighbours that were checked; soft labels are those of all examples.
    pub(crate) fn record(
        &mut self,
        observations: &AnyObservations<'_>,
        part: Part<'_>,
        checked: Checked,
        accumulators: &[(Accumulator, Range)],
        soft_labels: Option<&[f64]>,
    ) {
        self.note(observations, part, checked);
        let live: Vec<bool> = accumulators.iter().map(|(_, range)| range.contains(observations.epoch)).collect();
        // A loss that is told is told whatever the labels.
        let soft_labels = soft_labels.filter(|_| !observations.outputs.kind.is_scalar());
        let soft_labels = soft_labels.map(|soft| &soft[self.first * self.n_classes..]);
        let wanted = wanted(accumulators);
        let wanted = if soft_labels.is_some() { wanted.with_soft_labels() } else { wanted };
        instructions::arch().dispatch(Pass { shard: self, observations, part, wanted, live: &live, soft_labels });
    }

    /// Labels stay in range and the same in all epochs; whether there are new ones.
    fn check_labels(&self, observations: &AnyObservations<'_>, part: Part<'_>) -> Result<bool, DifficultyError> {
        if let Part::Run { position, example, n } = part {
            // As a rule all are known and the same: without a branch for each.
            let pairs = observations.labels[position..][..n].iter().zip(&self.labels[example..][..n]);
            if pairs.fold(true, |same, (&label, &known)| same & (label == known as usize) & (known != UNKNOWN)) {
                return Ok(false);
            }
        }
        for k in 0..part.len() {
            let (position, i) = part.at(k, observations.indices, self.first);
            let (label, known) = (observations.labels[position], self.labels[i]);
            let problem = if label >= self.n_classes {
                format!("label {label} is out of range, expected 0..{}", self.n_classes)
            } else if known != UNKNOWN && known != label as u32 {
                format!("label {label}, expected {known} as in the epochs before")
            } else {
                continue;
            };
            return Err(self.invalid(i, observations.epoch, problem));
        }
        Ok(true)
    }

    /// Each example once per epoch and, where an accumulator needs it, after its earlier epochs; which the epoch
    /// then had.
    fn mark(
        &self,
        observations: &AnyObservations<'_>,
        part: Part<'_>,
        order_bound: bool,
    ) -> Result<Seen, DifficultyError> {
        let (n, epoch) = (self.labels.len(), observations.epoch);
        let after: Vec<(&u64, &Seen)> = self.seen.range(epoch..).collect();
        if part.len() == n && matches!(part, Part::Run { .. }) && after.is_empty() {
            return Ok(Seen { all: true, bits: Vec::new() });
        }
        let mut seen = self.seen.get(&epoch).cloned().unwrap_or_default();
        for k in 0..part.len() {
            let i = part.at(k, observations.indices, self.first).1;
            if seen.contains(i) {
                return Err(self.invalid(i, epoch, "observed twice, expected once per epoch".into()));
            }
            let later = |(later, seen): &&(&u64, &Seen)| order_bound && **later > epoch && seen.contains(i);
            if let Some((later, _)) = after.iter().find(later) {
                let problem = format!(
                    "comes after its epoch {later}, expected epochs in increasing order, which a metric asked for needs"
                );
                return Err(self.invalid(i, epoch, problem));
            }
            seen.insert(i, n);
        }
        seen.shrink(n);
        Ok(seen)
    }

    fn check_outputs(&self, observations: &AnyObservations<'_>, part: Part<'_>) -> Result<(), DifficultyError> {
        let outputs = observations.outputs;
        let width = outputs.width(self.n_classes);
        let row = |position: usize| position * width..(position + 1) * width;
        let valid = match part {
            Part::Run { position, n, .. } => {
                outputs.are_valid(once(position * width..(position + n) * width), width)
            }
            Part::Scattered(positions) => {
                outputs.are_valid(positions.iter().map(|&position| row(position)), width)
            }
        };
        if valid {
            return Ok(());
        }
        let mut places = (0..part.len()).map(|k| part.at(k, observations.indices, self.first));
        let wrong = places.find(|&(position, _)| !outputs.are_valid(once(row(position)), width));
        let (position, i) = wrong.unwrap_or_default();
        Err(self.invalid(i, observations.epoch, outputs.problem(position, width)))
    }

    fn invalid(&self, i: usize, epoch: u64, problem: String) -> DifficultyError {
        DifficultyError::InvalidObservation { example: self.first + i, epoch, problem }
    }

    /// The same with `n` examples, the new ones unobserved.
    pub(crate) fn grown(&self, n: usize, accumulators: &[(Accumulator, Range)]) -> Self {
        let mut grown = Self::new(self.first, n, self.n_classes, accumulators);
        grown.merge(self);
        grown
    }

    /// Whether nothing was observed.
    pub(crate) fn is_fresh(&self) -> bool {
        self.seen.is_empty()
    }

    /// Whether `other`, of the same examples, can be merged: no example in the same epoch twice, and where
    /// epochs are bound to their order, no example in both.
    pub(crate) fn check_merge(&self, other: &Self, order_bound: bool) -> Result<(), DifficultyError> {
        let n = self.labels.len();
        for (i, (&label, &others)) in self.labels.iter().zip(&other.labels).enumerate() {
            if label != UNKNOWN && others != UNKNOWN && (label != others || order_bound) {
                return Err(DifficultyError::InvalidArgument {
                    argument: "the recorder to merge",
                    value: if label == others {
                        format!("one that saw example {}, as this one did", self.first + i)
                    } else {
                        format!("one that saw label {others} of example {}, not {label}", self.first + i)
                    },
                    expected: if label == others {
                        "one of other examples, because a metric is bound to the order of epochs"
                    } else {
                        "the same labels"
                    },
                });
            }
        }
        for (&epoch, seen) in &other.seen {
            if let Some(i) = self.seen.get(&epoch).and_then(|this| this.overlap(seen, n)) {
                let problem = "observed by both recorders, expected once per epoch".into();
                return Err(DifficultyError::InvalidObservation { example: self.first + i, epoch, problem });
            }
        }
        Ok(())
    }

    /// Takes in the label and the accumulators of example `j` of `other` as example `i`.
    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.labels[i] = other.labels[j];
        self.states.iter_mut().zip(&other.states).for_each(|(state, other)| state.absorb(i, other, j));
    }

    /// Makes example `i`, of which nothing was seen, example `j` of `other`.
    pub(crate) fn copy(&mut self, i: usize, other: &Self, j: usize) {
        if other.labels[j] == UNKNOWN {
            return;
        }
        self.absorb(i, other, j);
        let n = self.labels.len();
        for (&epoch, _) in other.seen.iter().filter(|(_, seen)| seen.contains(j)) {
            self.seen.entry(epoch).or_default().insert(i, n);
        }
    }

    /// Marks the epochs as whole that have all examples, once all are copied.
    pub(crate) fn shrink(&mut self) {
        let n = self.labels.len();
        self.seen.values_mut().for_each(|seen| seen.shrink(n));
    }

    /// Whether each example was observed.
    pub(crate) fn observed(&self) -> impl Iterator<Item = bool> + '_ {
        self.labels.iter().map(|&label| label != UNKNOWN)
    }

    /// Takes in what `other`, of no more examples, saw, which [`Self::check_merge`] allowed.
    pub(crate) fn merge(&mut self, other: &Self) {
        let (n, n_others) = (self.labels.len(), other.labels.len());
        for i in (0..n_others).filter(|&i| other.labels[i] != UNKNOWN) {
            self.absorb(i, other, i);
        }
        for (&epoch, others) in &other.seen {
            let seen = self.seen.entry(epoch).or_default();
            (0..n_others).filter(|&i| others.contains(i)).for_each(|i| seen.insert(i, n));
            seen.shrink(n);
        }
    }
}

/// What these accumulators ask for.
pub(crate) fn wanted(accumulators: &[(Accumulator, Range)]) -> Wanted {
    Wanted::of(accumulators.iter().flat_map(|(accumulator, _)| accumulator.inputs()).copied())
}

struct Pass<'a, 'b> {
    shard: &'a mut Shard,
    observations: &'a AnyObservations<'b>,
    part: Part<'a>,
    wanted: Wanted,
    live: &'a [bool],
    /// From the shard's first example on.
    soft_labels: Option<&'a [f64]>,
}

impl WithSimd for Pass<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shard, observations, part, wanted, live, soft_labels } = self;
        let mut block = Block::new(observations.epoch, observations.outputs.width(shard.n_classes));
        let n = part.len();
        let mut each = [0; LANES];
        for start in (0..n).step_by(LANES) {
            block.n = LANES.min(n - start);
            let positions = match part {
                Part::Run { position, example, .. } if block.n == LANES => {
                    block.contiguous = true;
                    block.examples.iter_mut().enumerate().for_each(|(lane, i)| *i = example + start + lane);
                    block.labels.copy_from_slice(&observations.labels[position + start..][..LANES]);
                    Positions::Run(position + start)
                }
                _ => {
                    block.contiguous = false;
                    for (lane, slot) in each.iter_mut().enumerate() {
                        let k = start + lane.min(block.n - 1);
                        (*slot, block.examples[lane]) = part.at(k, observations.indices, shard.first);
                        block.labels[lane] = observations.labels[*slot];
                    }
                    Positions::Each(&each)
                }
            };
            if let Some(soft) = soft_labels {
                block.label_by(soft, shard.n_classes);
            }
            block.fill(simd, observations.outputs, positions, wanted);
            if let Some(soft) = soft_labels {
                block.soften(observations.outputs.kind, soft, wanted);
            }
            shard.update(&block, live);
        }
    }
}

#[cfg(test)]
mod tests {
    use cl_data::instructions::Instructions;

    use super::*;
    use crate::dynamics::{catalogue::MetricSettings, observations::AnyOutputs, output_kind::OutputKind};

    const N: usize = 150;
    const C: usize = 5;

    /// What is recorded of every kind of outputs, with labels that are classes or soft.
    #[test]
    fn all_instructions_give_the_same_bytes() {
        let mut rng = cl_data::random::stream(1, "test outputs", 0);
        let logits: Vec<f64> = (0..N * C).map(|_| 40.0 * cl_data::random::uniform(&mut rng)).collect();
        let softmax = |z: &[f64]| {
            let sum: f64 = z.iter().map(|z| z.exp()).sum();
            z.iter().map(|z| z.exp() / sum).collect::<Vec<_>>()
        };
        let probabilities: Vec<f64> = logits.chunks_exact(C).flat_map(softmax).collect();
        let logarithms: Vec<f64> = probabilities.iter().map(|p| p.ln()).collect();
        let correct: Vec<f64> = logits[..N].iter().map(|z| f64::from(u8::from(*z > 20.0))).collect();
        let labels: Vec<usize> = (0..N).map(|i| i % C).collect();
        for (kind, values) in [
            (OutputKind::Logits, &logits),
            (OutputKind::Probabilities, &probabilities),
            (OutputKind::LogProbabilities, &logarithms),
            (OutputKind::Losses, &logits[..N].to_vec()),
            (OutputKind::Correct, &correct),
        ] {
            for soft_labels in [None, Some(&probabilities[..])] {
                let metrics = MetricSettings::all(kind).into_iter();
                let metrics = metrics
                    .filter(|metric| soft_labels.is_none() || metric.unavailable_with_soft_labels().is_none());
                let mut accumulators: Vec<_> = metrics.map(|metric| metric.accumulator()).collect();
                accumulators.dedup();
                let wanted = wanted(&accumulators);
                let soft_labels = soft_labels.filter(|_| !kind.is_scalar());
                let wanted = if soft_labels.is_some() { wanted.with_soft_labels() } else { wanted };
                let outputs = AnyOutputs::new(kind.outputs(values), wanted);
                let observations = AnyObservations { epoch: 3, indices: &[], labels: &labels, outputs };
                let part = Part::Run { position: 0, example: 0, n: N };
                let live = vec![true; accumulators.len()];
                let shards = Instructions::available().into_iter().filter_map(Instructions::arch).map(|arch| {
                    let mut shard = Shard::new(0, N, C, &accumulators);
                    let observations = &observations;
                    arch.dispatch(Pass {
                        shard: &mut shard,
                        observations,
                        part,
                        wanted,
                        live: &live,
                        soft_labels,
                    });
                    postcard::to_stdvec(&shard).unwrap()
                });
                let shards: Vec<_> = shards.collect();
                assert!(shards.iter().all(|bytes| *bytes == shards[0]), "{kind}");
            }
        }
    }
}
