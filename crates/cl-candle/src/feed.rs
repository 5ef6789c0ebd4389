use candle_core::{DType, Device, Tensor};
use cl_data::{Batch, Epoch, Sampler};
use cl_pacing::Cursor;

use crate::error::CandleError;

/// The batches of any of our samplers in a loop of candle's, which has no loaders: indices and weights on the device,
/// and the way back for losses.
///
/// Losses that are [told](Self::tell) stay on the device until the sampler cannot go on without them, and are read then
/// all at once. A sampler that wants losses of examples that no batch has shown, as self-paced learning and RHO-LOSS do,
/// is told by [`tell_wanted`](Self::tell_wanted) before the batch is drawn. Steps at which the sampler shows nothing are
/// passed over.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use cl_candle::Feed;
/// use cl_pacing::ShuffleSampler;
///
/// let rows = Tensor::arange(0f32, 10.0, &Device::Cpu)?.reshape((5, 2))?;
/// let mut feed = Feed::new(ShuffleSampler::new(5, 2, 7)?, &Device::Cpu);
/// let mut sizes = Vec::new();
/// while let Some(drawn) = feed.next_of_epoch()? {
///     sizes.push(drawn.select(&rows)?.dims()[0]);
/// }
/// assert_eq!((sizes, feed.position()), (vec![2, 2, 1], 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Feed {
    cursor: Cursor<Box<dyn Sampler>>,
    /// The epoch in which the loop stands.
    begun: Option<u64>,
    told: Vec<Told>,
    device: Device,
}

/// Losses that were told and are still on the device.
struct Told {
    step: u64,
    indices: Vec<usize>,
    losses: Tensor,
}

/// A batch as a sampler drew it.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The examples with their weights, which are empty where each is 1: to the bit what the sampler gives.
    pub batch: Batch,
    /// The examples as `u32`, on the device.
    pub indices: Tensor,
    /// The step, an update counted from 0. After its update `step + 1` steps are consumed.
    pub step: u64,
    /// The epoch.
    pub epoch: u64,
}

impl Drawn {
    /// The rows of the examples, of a tensor with one row for each: O(the rows).
    ///
    /// # Errors
    /// Where there are fewer rows than examples, or they are on another device.
    pub fn select(&self, rows: &Tensor) -> Result<Tensor, CandleError> {
        Ok(rows.index_select(&self.indices, 0)?)
    }

    /// The weight of each example, on the device.
    ///
    /// # Errors
    /// Where the device has no memory for them.
    pub fn weights(&self) -> Result<Tensor, CandleError> {
        let (n, device) = (self.batch.indices.len(), self.indices.device());
        if self.batch.weights.is_empty() {
            return Ok(Tensor::ones(n, DType::F32, device)?);
        }
        let weights: Vec<f32> = self.batch.weights.iter().map(|&weight| weight as f32).collect();
        Ok(Tensor::from_vec(weights, n, device)?)
    }

    /// What an update descends: the batch mean of the weighted losses.
    ///
    /// ```text
    /// L = (1 / b) sum_i w_i l_i
    /// ```
    ///
    /// # Errors
    /// Unless there is one loss per example.
    pub fn weighted_mean(&self, losses: &Tensor) -> Result<Tensor, CandleError> {
        check_losses(losses, self.batch.indices.len())?;
        if self.batch.weights.is_empty() {
            return Ok(losses.mean_all()?);
        }
        Ok((losses * self.weights()?.to_dtype(losses.dtype())?)?.mean_all()?)
    }
}

impl Feed {
    /// At step 0.
    pub fn new(sampler: impl Sampler + 'static, device: &Device) -> Self {
        let cursor = Cursor::new(Box::new(sampler) as Box<dyn Sampler>);
        Self { cursor, begun: None, told: Vec::new(), device: device.clone() }
    }

    /// The next batch, or nothing where the one before was the last of its epoch: once, and then the next epoch begins.
    ///
    /// # Errors
    /// Where the sampler must be told something first, or cannot use what it was told.
    pub fn next_of_epoch(&mut self) -> Result<Option<Drawn>, CandleError> {
        loop {
            let Epoch { index: epoch, .. } = self.epoch()?;
            if self.begun.is_some_and(|begun| begun != epoch) {
                self.begun = None;
                return Ok(None);
            }
            let wanted = self.wanted()?;
            if !wanted.is_empty() {
                return Err(CandleError::Wanted { step: self.position(), n_wanted: wanted.len() });
            }
            let (step, batch) = self.cursor.next_batch()?;
            self.begun = Some(epoch);
            if !batch.indices.is_empty() {
                let indices = on_device(&batch.indices, &self.device)?;
                return Ok(Some(Drawn { batch, indices, step, epoch }));
            }
        }
    }

    /// Tells the sampler the losses of a batch, as they were before the update. That it cannot learn from them, such as
    /// from NaN, shows when they are read: at a later batch, state or score. One that does not learn needs none.
    ///
    /// # Errors
    /// Unless there is one loss per example.
    pub fn tell(&mut self, drawn: &Drawn, losses: &Tensor) -> Result<(), CandleError> {
        check_losses(losses, drawn.batch.indices.len())?;
        if self.cursor.ready_until() < u64::MAX {
            let (indices, losses) = (drawn.batch.indices.clone(), losses.detach());
            self.told.push(Told { step: drawn.step, indices, losses });
        }
        Ok(())
    }

    /// The examples whose losses must be told before the next batch can be drawn: [`Sampler::wanted`].
    ///
    /// # Errors
    /// Where the sampler cannot use what it was told.
    pub fn wanted(&mut self) -> Result<Vec<usize>, CandleError> {
        self.epoch()?;
        let mut wanted = Vec::new();
        self.cursor.wanted(&mut wanted);
        Ok(wanted)
    }

    /// Tells the sampler the losses that it [wants](Self::wanted), which `evaluate` gives for the indices (`u32`, on the
    /// device) of at most `batch_size` examples; returns how many there were. They are read from the device at once.
    ///
    /// # Errors
    /// Where `batch_size` is 0, `evaluate` fails or does not give one loss per example, or the sampler cannot use them.
    pub fn tell_wanted(
        &mut self,
        batch_size: usize,
        mut evaluate: impl FnMut(&Tensor) -> Result<Tensor, CandleError>,
    ) -> Result<usize, CandleError> {
        if batch_size == 0 {
            return Err(CandleError::argument("batch_size", batch_size, "at least 1"));
        }
        let wanted = self.wanted()?;
        let mut all = Vec::new();
        for part in wanted.chunks(batch_size) {
            let losses = evaluate(&on_device(part, &self.device)?)?;
            check_losses(&losses, part.len())?;
            all.push(losses.detach());
        }
        if !wanted.is_empty() {
            self.feedback(self.position(), &wanted, &read(&all)?)?;
        }
        Ok(wanted.len())
    }

    /// Tells losses that are on the host already: [`Sampler::feedback`].
    ///
    /// # Errors
    /// As there.
    pub fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), CandleError> {
        self.settle(u64::MAX)?;
        Ok(self.cursor.feedback(step, indices, losses)?)
    }

    /// Tells a score on held-out data, higher being better: [`Sampler::validated`].
    ///
    /// # Errors
    /// As there.
    pub fn validated(&mut self, score: f64) -> Result<(), CandleError> {
        self.settle(u64::MAX)?;
        Ok(self.cursor.validated(score)?)
    }

    /// The step drawn next: those before were drawn, though the last of them may not have been used.
    pub fn position(&self) -> u64 {
        self.cursor.position()
    }

    /// Where the step drawn next stands in its epoch.
    ///
    /// # Errors
    /// Where the sampler cannot use what it was told.
    pub fn epoch(&mut self) -> Result<Epoch, CandleError> {
        if self.cursor.position() >= self.cursor.ready_until() {
            self.settle(u64::MAX)?;
        }
        Ok(self.cursor.epoch())
    }

    /// Draws `step` next: what was drawn and not used is drawn again. Losses that were told of later steps, and are
    /// still on the device, are forgotten.
    pub fn seek(&mut self, step: u64) {
        self.told.retain(|told| told.step < step);
        self.begun = None;
        self.cursor.seek(step);
    }

    /// The sampler's state after `n_steps` steps were consumed, which may be fewer than were drawn: that of
    /// [`Drawn::step`] plus one.
    ///
    /// # Errors
    /// As [`Sampler::save`], and where as many were never drawn.
    pub fn state(&mut self, n_steps: u64) -> Result<String, CandleError> {
        self.settle(n_steps)?;
        Ok(self.cursor.state(n_steps)?)
    }

    /// Goes on where a state was taken: [`Sampler::restore`].
    ///
    /// # Errors
    /// As there; all stays as it was then.
    pub fn restore(&mut self, state: &str) -> Result<(), CandleError> {
        self.cursor.restore(state)?;
        self.told.clear();
        self.begun = None;
        Ok(())
    }

    /// Reads what was told of the steps before `until`, all at once, and tells the sampler.
    fn settle(&mut self, until: u64) -> Result<(), CandleError> {
        let (due, later) = std::mem::take(&mut self.told).into_iter().partition(|told| told.step < until);
        self.told = later;
        let due: Vec<Told> = due;
        let losses = read(&due.iter().map(|told| told.losses.clone()).collect::<Vec<_>>())?;
        let mut rest = &losses[..];
        for Told { step, indices, .. } in due {
            let (own, others) = rest.split_at(indices.len());
            self.cursor.feedback(step, &indices, own)?;
            rest = others;
        }
        Ok(())
    }
}

fn on_device(indices: &[usize], device: &Device) -> Result<Tensor, CandleError> {
    // A sampler has fewer than 2^32 examples.
    let indices: Vec<u32> = indices.iter().map(|&index| index as u32).collect();
    let n = indices.len();
    Ok(Tensor::from_vec(indices, n, device)?)
}

fn check_losses(losses: &Tensor, n: usize) -> Result<(), CandleError> {
    if losses.dims() == [n] {
        return Ok(());
    }
    let expected = format!("[{n}], one for each example of the batch");
    Err(CandleError::argument("losses", format!("of shape {:?}", losses.dims()), expected))
}

/// The numbers of some vectors of one device, in one transfer.
fn read(tensors: &[Tensor]) -> Result<Vec<f64>, CandleError> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let all = Tensor::cat(tensors, 0)?.to_device(&Device::Cpu)?;
    Ok(all.to_dtype(DType::F64)?.to_vec1()?)
}
