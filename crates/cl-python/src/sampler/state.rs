//! Where a sampler stands: in which epoch, at which step, and what it has given out of which it waits to be told.

use std::collections::{HashMap, VecDeque};

use cl_data::{Batch, Epoch, Sampler, SamplerError};

/// A batch that was given out, by all ranks together.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) step: u64,
    pub(super) batch: Batch,
}

impl Drawn {
    /// The weights of these examples, one for each; none where one is not of the batch.
    pub(super) fn weights_of(&self, indices: &[usize]) -> Option<Vec<f64>> {
        let Batch { indices: all, weights } = &self.batch;
        let weight = |place: usize| weights.get(place).copied().unwrap_or(1.0);
        if all == indices {
            return Some((0..all.len()).map(weight).collect());
        }
        if !indices.first().is_none_or(|first| all.contains(first)) {
            return None;
        }
        let places: HashMap<usize, usize> = all.iter().enumerate().map(|(place, &index)| (index, place)).collect();
        indices.iter().map(|index| places.get(index).map(|&place| weight(place))).collect()
    }
}

/// Batches whose weights are kept for who never asks for them.
const MOST_AHEAD: usize = 1024;

/// A sampler and its position.
///
/// An epoch counts as started at its first batch, or where a state within it is loaded. An iteration of a started epoch is
/// the next one, else the same again; what is loaded arms one resumption, which the next iteration consumes.
pub(super) struct State {
    pub(super) sampler: Box<dyn Sampler>,
    /// The first step of the epoch.
    pub(super) first: u64,
    /// The step drawn next, and how many of its examples were given out one by one.
    pub(super) cursor: u64,
    pub(super) offset: usize,
    pub(super) started: bool,
    /// Whether an iteration was told that the epoch has no more batches.
    pub(super) ended: bool,
    /// Where the next iteration begins, once.
    pub(super) resume: Option<(u64, usize)>,
    /// What was given out and not told of, the earliest first: of samplers that learn, and batches with weights.
    pub(super) ahead: VecDeque<Drawn>,
}

impl State {
    pub(super) fn new(sampler: Box<dyn Sampler>) -> Self {
        let ahead = VecDeque::new();
        Self { sampler, first: 0, cursor: 0, offset: 0, started: false, ended: false, resume: None, ahead }
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.sampler.epoch(self.first)
    }

    /// The step after the last of the epoch that begins at `first`; none where that is not known yet.
    pub(super) fn end_of(&self, first: u64) -> Option<u64> {
        let n_steps = self.sampler.epoch(first).n_steps;
        (n_steps > 0).then(|| first.saturating_add(n_steps))
    }

    /// Whether all batches of the epoch were drawn.
    pub(super) fn is_over(&self) -> bool {
        self.started && self.end_of(self.first).is_some_and(|end| self.cursor >= end)
    }

    /// Stands behind the last batch of the epoch that begins at `first`, as an iteration was told.
    pub(super) fn end(&mut self, first: u64) -> Option<u64> {
        let end = self.end_of(first);
        if let Some(end) = end {
            self.stand(first, end, 0);
        }
        (self.started, self.ended) = (true, true);
        end
    }

    /// The first step of the epoch whose length is asked for: of the one under way, else of the next.
    pub(super) fn counted_first(&self) -> Option<u64> {
        if self.ended { self.next_first() } else { Some(self.first) }
    }

    /// The first step of the epoch that the next iteration goes through.
    pub(super) fn next_first(&self) -> Option<u64> {
        if self.resume.is_none() && self.started { self.end_of(self.first) } else { Some(self.first) }
    }

    /// Begins an iteration: its epoch's first step, and where it begins.
    pub(super) fn begin(&mut self) -> Option<(u64, u64, usize)> {
        let (step, offset) = match self.resume.take() {
            Some(place) => place,
            None => {
                if self.started {
                    self.first = self.end_of(self.first)?;
                    self.started = false;
                }
                (self.first, 0)
            }
        };
        self.started = (step, offset) > (self.first, 0);
        self.ended = false;
        (self.cursor, self.offset) = (step, offset);
        Some((self.first, step, offset))
    }

    /// Stands within the epoch that begins at `first`.
    pub(super) fn stand(&mut self, first: u64, step: u64, offset: usize) {
        (self.first, self.cursor, self.offset) = (first, step, offset);
        self.started = (step, offset) > (first, 0);
        self.ended = false;
    }

    /// Goes to a step, from which the next iteration goes on.
    pub(super) fn seek(&mut self, step: u64, offset: usize) {
        let within = self.sampler.epoch(step).step;
        self.stand(step.saturating_sub(within), step, offset);
        self.resume = self.started.then_some((step, offset));
        self.ahead.clear();
    }

    /// Whether `step` lies in the epoch that begins at `first`, or behind its end.
    pub(super) fn is_place(&self, first: u64, step: u64, offset: usize) -> bool {
        let begins = self.sampler.epoch(first).step == 0;
        let end = self.end_of(first);
        begins && first <= step && end.is_none_or(|end| step < end || (step == end && offset == 0))
    }

    /// Goes to where a state was taken. Behind the end of an epoch that is the beginning of the next.
    pub(super) fn resume_at(&mut self, first: u64, step: u64, offset: usize) {
        let first = if self.end_of(first) == Some(step) { step } else { first };
        self.stand(first, step, offset);
        self.resume = self.started.then_some((step, offset));
        self.ahead.clear();
    }

    /// Draws the batch of `step`, which is kept where it `waits` to be told of, or has weights.
    pub(super) fn draw(&mut self, step: u64, waits: bool) -> Result<Batch, SamplerError> {
        let mut batch = Batch::default();
        self.sampler.batch(step, &mut batch)?;
        let is_new = self.ahead.back().is_none_or(|drawn| drawn.step < step);
        if is_new && !batch.indices.is_empty() && (waits || !batch.weights.is_empty()) {
            if !waits && self.ahead.len() >= MOST_AHEAD {
                self.ahead.pop_front();
            }
            self.ahead.push_back(Drawn { step, batch: batch.clone() });
        }
        Ok(batch)
    }

    /// The batch that these examples are of: the one they are, else the earliest that has all of them.
    pub(super) fn find(
        &self,
        indices: &[usize],
        share: impl Fn(&Batch) -> std::ops::Range<usize>,
    ) -> Option<&Drawn> {
        let is_share = |drawn: &&Drawn| drawn.batch.indices[share(&drawn.batch)] == *indices;
        let holds = |drawn: &&Drawn| drawn.weights_of(indices).is_some();
        self.ahead.iter().find(is_share).or_else(|| self.ahead.iter().find(holds))
    }

    /// Forgets what was given out before `step`, of which nothing more is told.
    pub(super) fn told_until(&mut self, step: u64) {
        while self.ahead.front().is_some_and(|drawn| drawn.step < step) {
            self.ahead.pop_front();
        }
    }
}
