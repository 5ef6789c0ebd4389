use cl_data::{Batch, Epoch, Sampler, SamplerError};

/// A sampler and a position in it: what a training loop draws from, stops at any step and resumes.
///
/// The position is the step drawn next. A state is that of a step *consumed*, and independent of the cursor: a loader
/// that draws ahead asks for the state of fewer steps than were drawn. Where the sampler
/// [wants](Sampler::wanted) losses, they are told before its batch is drawn; [`next_batch`](Self::next_batch) gives the
/// step of the batch, for the losses of the batch to be told of.
///
/// ```
/// use cl_pacing::{Cursor, ShuffleSampler};
///
/// let mut cursor = Cursor::new(ShuffleSampler::new(10, 4, 1)?);
/// let shown: Vec<_> = cursor.batches().take(7).collect::<Result<_, _>>()?;
/// let state = cursor.state(5)?; // two of the seven were drawn ahead
/// let mut resumed = Cursor::new(ShuffleSampler::new(10, 4, 1)?);
/// resumed.restore(&state)?;
/// assert_eq!(resumed.position(), 5);
/// assert_eq!(resumed.next_batch()?.1, shown[5]);
/// resumed.seek(resumed.first_step(2)?);
/// assert_eq!((resumed.position(), resumed.epoch().index), (6, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cursor<S> {
    sampler: S,
    position: u64,
}

impl<S: Sampler> Cursor<S> {
    /// At step 0.
    pub fn new(sampler: S) -> Self {
        Self { sampler, position: 0 }
    }

    /// The step drawn next.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Where that stands in its epoch.
    pub fn epoch(&self) -> Epoch {
        self.sampler.epoch(self.position)
    }

    /// Draws `step` next. Whether there is such a batch shows when it is drawn.
    pub fn seek(&mut self, step: u64) {
        self.position = step;
    }

    /// The first step of an epoch. O(log steps) looks at [`Sampler::epoch`].
    ///
    /// # Errors
    /// [`SamplerError::OutOfTurn`] where a sampler that learns does not know it, yet or any more.
    pub fn first_step(&self, epoch: u64) -> Result<u64, SamplerError> {
        if epoch == 0 {
            return Ok(0);
        }
        let at = |step| self.sampler.epoch(step);
        let known = self.sampler.ready_until();
        let (mut low, mut high) = (0, known.min(1));
        // Doubled first: a sampler walks from epoch to epoch.
        while high < known && at(high).index < epoch {
            (low, high) = (high, high.saturating_mul(2).min(known));
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if at(middle).index < epoch { low = middle + 1 } else { high = middle }
        }
        let found = at(low);
        // Of an epoch gone by no length is known, nor of one to come.
        if (found.index, found.step) == (epoch, 0) && (found.n_steps > 0 || low == known) {
            return Ok(low);
        }
        Err(SamplerError::out_of_turn(low, self.position.saturating_sub(self.epoch().step)..known))
    }

    /// The batch of the position, which moves on, with its step.
    ///
    /// # Errors
    /// As [`Sampler::batch`]; the position stays then.
    pub fn next_batch(&mut self) -> Result<(u64, Batch), SamplerError> {
        let mut batch = Batch::default();
        Ok((self.next_into(&mut batch)?, batch))
    }

    /// The same into a batch whose memory is used again.
    ///
    /// # Errors
    /// As [`next_batch`](Self::next_batch).
    pub fn next_into(&mut self, batch: &mut Batch) -> Result<u64, SamplerError> {
        let step = self.position;
        let next = step.checked_add(1).ok_or_else(|| SamplerError::out_of_turn(step, 0..step))?;
        self.sampler.batch(step, batch)?;
        self.position = next;
        Ok(step)
    }

    /// The batches from the position on, which moves on with each, until the steps end. Not the cursor itself is an
    /// iterator, whose `position` would hide this one's.
    pub fn batches(&mut self) -> impl Iterator<Item = Result<Batch, SamplerError>> {
        let next = || (self.position < u64::MAX).then(|| self.next_batch().map(|(_, batch)| batch));
        std::iter::from_fn(next)
    }

    /// The first step whose batch cannot be drawn yet: [`Sampler::ready_until`].
    pub fn ready_until(&self) -> u64 {
        self.sampler.ready_until()
    }

    /// Tells a score on held-out data: [`Sampler::validated`].
    ///
    /// # Errors
    /// As there.
    pub fn validated(&mut self, score: f64) -> Result<(), SamplerError> {
        self.sampler.validated(score)
    }

    /// The sampler, for what it alone can be told; the position stays.
    pub fn sampler_mut(&mut self) -> &mut S {
        &mut self.sampler
    }

    /// What must be told before the batch of the position can be drawn: [`Sampler::wanted`].
    pub fn wanted(&self, wanted: &mut Vec<usize>) {
        self.sampler.wanted(self.position, wanted);
    }

    /// Tells losses of `step`: [`Sampler::feedback`].
    ///
    /// # Errors
    /// As there.
    pub fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        self.sampler.feedback(step, indices, losses)
    }

    /// The state of a run that has consumed `n_steps` steps, at most as many as were drawn: [`Sampler::save`].
    ///
    /// # Errors
    /// As there, and where it is more.
    pub fn state(&self, n_steps: u64) -> Result<String, SamplerError> {
        if n_steps > self.position {
            return Err(SamplerError::out_of_turn(n_steps, 0..self.position.saturating_add(1)));
        }
        self.sampler.save(n_steps)
    }

    /// Goes on where a state was taken, of a sampler made alike: [`Sampler::restore`].
    ///
    /// # Errors
    /// As there; the cursor stays as it was.
    pub fn restore(&mut self, state: &str) -> Result<(), SamplerError> {
        self.position = self.sampler.restore(state)?;
        Ok(())
    }

    /// The sampler.
    pub fn sampler(&self) -> &S {
        &self.sampler
    }

    /// The sampler alone.
    pub fn into_inner(self) -> S {
        self.sampler
    }
}
