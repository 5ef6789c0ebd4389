//! Where a sampler stands: in which epoch, at which step, and what it has given out of which it waits to be told.

use std::collections::{HashMap, VecDeque};

use cl_data::{Batch, Epoch, Sampler, SamplerError};

/// A batch that was given out, by all ranks together.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) step: u64,
    pub(super) batch: Batch,
    /// Of which of its examples losses were told; empty before any were.
    told: Vec<bool>,
}

impl Drawn {
    pub(super) fn new(step: u64, batch: Batch) -> Self {
        Self { step, batch, told: Vec::new() }
    }

    /// The weights of these examples, one for each; none where one is not of the batch.
    pub(super) fn weights_of(&self, indices: &[usize]) -> Option<Vec<f64>> {
        let weights = &self.batch.weights;
        let places = self.places(indices)?;
        Some(places.into_iter().map(|place| weights.get(place).copied().unwrap_or(1.0)).collect())
    }

    /// Where these examples stand in the batch; none where one is not of it.
    fn places(&self, indices: &[usize]) -> Option<Vec<usize>> {
        let all = &self.batch.indices;
        if all == indices {
            return Some((0..all.len()).collect());
        }
        if !indices.first().is_none_or(|first| all.contains(first)) {
            return None;
        }
        let places: HashMap<usize, usize> = all.iter().enumerate().map(|(place, &index)| (index, place)).collect();
        indices.iter().map(|index| places.get(index).copied()).collect()
    }

    fn tell(&mut self, indices: &[usize]) {
        let places = self.places(indices).unwrap_or_default();
        self.told.resize(self.batch.indices.len(), false);
        places.into_iter().for_each(|place| self.told[place] = true);
    }

    /// Whether losses were told of all its examples.
    fn is_told(&self) -> bool {
        !self.told.is_empty() && self.told.iter().all(|&told| told)
    }
}

/// How many batches of `len` examples are kept for who asks for their weights late, or never.
fn most_kept(len: usize) -> usize {
    ((1 << 20) / len.max(1 << 10)).max(16)
}

/// A sampler and its position.
///
/// An epoch counts as started at its first batch, or where a state within it is loaded. An iteration of a started epoch is
/// the next one, else the same again; what is loaded arms one resumption, which lasts until a batch is drawn. A sampler that
/// learns goes on within an epoch that was left, since the next one depends on the rest of it.
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
    /// The first step of an epoch and the step after its last, which samplers that learn forget once the next begins.
    known: Option<(u64, u64)>,
    /// Whether it waits to be told losses.
    learns: bool,
    /// Where iterations begin until a batch is drawn.
    pub(super) resume: Option<(u64, usize)>,
    /// What was given out and may still be asked for or told of, the earliest first.
    pub(super) ahead: VecDeque<Drawn>,
}

impl State {
    pub(super) fn new(sampler: Box<dyn Sampler>) -> Self {
        let learns = sampler.ready_until() != u64::MAX;
        Self {
            sampler,
            first: 0,
            cursor: 0,
            offset: 0,
            started: false,
            ended: false,
            known: None,
            learns,
            resume: None,
            ahead: VecDeque::new(),
        }
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.sampler.epoch(self.first)
    }

    /// The step after the last of the epoch that begins at `first`; none where that is not known yet.
    pub(super) fn end_of(&self, first: u64) -> Option<u64> {
        if let Some((_, end)) = self.known.filter(|known| known.0 == first) {
            return Some(end);
        }
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
    fn next_first(&self) -> Option<u64> {
        if self.started && self.place_within().is_none() { self.end_of(self.first) } else { Some(self.first) }
    }

    /// Where an iteration goes on within the epoch under way; none where it begins one.
    fn place_within(&self) -> Option<(u64, usize)> {
        let goes_on = self.learns && self.started && !self.ended && !self.is_over();
        self.resume.or_else(|| goes_on.then_some((self.cursor, self.offset)))
    }

    /// Goes on within the epoch under way, if any is.
    pub(super) fn go_on(&mut self) {
        self.resume = (self.started && !self.is_over()).then_some((self.cursor, self.offset));
    }

    /// Begins an iteration: its epoch's first step, and where it begins.
    pub(super) fn begin(&mut self) -> Option<(u64, u64, usize)> {
        let (step, offset) = match self.place_within() {
            Some(place) => place,
            None => {
                if self.started {
                    self.first = self.end_of(self.first)?;
                    self.started = false;
                }
                (self.first, 0)
            }
        };
        self.ended = false;
        (self.cursor, self.offset) = (step, offset);
        Some((self.first, step, offset))
    }

    /// Stands within the epoch that begins at `first`.
    pub(super) fn stand(&mut self, first: u64, step: u64, offset: usize) {
        (self.first, self.cursor, self.offset) = (first, step, offset);
        self.started = (step, offset) > (first, 0);
        self.ended = false;
        self.resume = None;
    }

    /// Goes to a step, from which the next iteration goes on.
    pub(super) fn seek(&mut self, step: u64) {
        self.known = None;
        let within = self.sampler.epoch(step).step;
        self.stand(step.saturating_sub(within), step, 0);
        self.resume = self.started.then_some((step, 0));
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
        self.known = None;
        let first = if self.end_of(first) == Some(step) { step } else { first };
        self.stand(first, step, offset);
        self.resume = self.started.then_some((step, offset));
        self.ahead.clear();
    }

    /// Draws the batch of `step`, which is kept for who tells of it or asks for its weights.
    pub(super) fn draw(&mut self, step: u64) -> Result<Batch, SamplerError> {
        let mut batch = Batch::default();
        self.sampler.batch(step, &mut batch)?;
        let epoch = self.sampler.epoch(step);
        if epoch.n_steps > 0 {
            let first = step.saturating_sub(epoch.step);
            self.known = Some((first, first.saturating_add(epoch.n_steps)));
        }
        let n = batch.indices.len();
        if n > 0
            && let Err(place) = self.ahead.binary_search_by_key(&step, |drawn| drawn.step)
        {
            self.ahead.insert(place, Drawn::new(step, batch.clone()));
            // All of an epoch, which can be told of in any order.
            let most = if self.learns { usize::try_from(epoch.n_steps).unwrap_or(usize::MAX) } else { 0 };
            while self.ahead.len() > most_kept(n).max(most) {
                self.ahead.pop_front();
            }
        }
        Ok(batch)
    }

    /// The batch that these examples are of: the one they are the share of, else the earliest that has all of them; one of
    /// which not all was told before those of which all was.
    pub(super) fn find(
        &self,
        indices: &[usize],
        share: impl Fn(&Batch) -> std::ops::Range<usize>,
    ) -> Option<&Drawn> {
        let is_share = |drawn: &&Drawn| drawn.batch.indices[share(&drawn.batch)] == *indices;
        let holds = |drawn: &&Drawn| drawn.places(indices).is_some();
        let untold = || self.ahead.iter().filter(|drawn| !drawn.is_told());
        let told = || self.ahead.iter().filter(|drawn| drawn.is_told());
        let of = |found: Option<&'_ Drawn>| found.map(|drawn| drawn.step);
        let step = of(untold().find(is_share))
            .or_else(|| of(untold().find(holds)))
            .or_else(|| of(told().find(is_share)))
            .or_else(|| of(told().find(holds)))?;
        self.ahead.iter().find(|drawn| drawn.step == step)
    }

    /// Forgets what was given out before `step`, of which nothing more is asked.
    pub(super) fn asked_until(&mut self, step: u64) {
        while self.ahead.front().is_some_and(|drawn| drawn.step < step) {
            self.ahead.pop_front();
        }
    }

    /// Notes that losses were told of these examples of the batch of `step`. Earlier ones of which all was told are
    /// forgotten, and those of earlier epochs.
    pub(super) fn told(&mut self, step: u64, indices: &[usize]) {
        if let Ok(place) = self.ahead.binary_search_by_key(&step, |drawn| drawn.step) {
            self.ahead[place].tell(indices);
        }
        let first = step.saturating_sub(self.sampler.epoch(step).step);
        self.ahead.retain(|drawn| drawn.step >= step || (!drawn.is_told() && drawn.step >= first));
    }
}
